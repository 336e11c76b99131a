// Builds the addon for this machine into ../prebuilds; with `--release` for every platform of a release. `--asan [--seeded-bug]` builds the sanitized one into ./build.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import headers from "node-api-headers";
import { findCompiler, releaseTargets, zigCompiler } from "./compiler.mjs";

if (process.platform === "win32") {
  console.error("socket-core has no driver for Windows: the package imports there, and every use is an error.");
  process.exit(0);
}

const here = import.meta.dirname;
const build = join(here, "build");
const asan = process.argv.includes("--asan");
const seeded = process.argv.includes("--seeded-bug");
mkdirSync(build, { recursive: true });

// The names in ../src/constants.ts, as guarded C.
const names = [...readFileSync(join(here, "../src/constants.ts"), "utf8").matchAll(/constant\("(\w+)"\)/g)].map(
  (m) => m[1],
);
writeFileSync(join(build, "constants.inc"), names.map((n) => `#ifdef ${n}\nCONSTANT(${n})\n#endif\n`).join(""));

const sources = readdirSync(here)
  .filter((name) => name.endsWith(".c") && name !== "uv_readiness_check.c")
  .sort();
// Only glibc reports its version; src/native.ts looks in the same place.
const musl = process.platform === "linux" && process.report.getReport().header.glibcVersionRuntime === undefined;
const thisMachine = `${process.platform}-${process.arch}${musl ? "-musl" : ""}`;
const strict = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-fPIC"];

function run(compiler, args) {
  const { status, error } = spawnSync(compiler.command, [...compiler.args, ...args], { stdio: "inherit", cwd: here });
  if (error || status !== 0) {
    console.error(`The addon did not compile with ${compiler.name}${error ? `: ${error.message}` : ""}.`);
    process.exit(1);
  }
}

/** Fails when uv_readiness.h has drifted from the uv.h that this installation of Node.js ships. */
function checkDeclarations(compiler) {
  const nodeHeaders = join(dirname(dirname(process.execPath)), "include", "node");
  if (!existsSync(join(nodeHeaders, "uv.h"))) return;
  const object = join(build, "uv_readiness_check.o");
  run(compiler, [...strict, `-I${nodeHeaders}`, "-c", "-o", object, "uv_readiness_check.c"]);
}

/** Builds for one platform, unless the same sources were built with the same compiler before. */
function buildFor(target, compiler) {
  const darwin = target.startsWith("darwin");
  const name = asan ? (seeded ? "seeded-bug" : "asan") : target;
  const output = asan ? join(build, `${name}.node`) : join(here, "../prebuilds", target, "socket-core.node");
  const flags = [
    ...(asan ? ["-O1", "-g", "-fsanitize=address", "-fno-omit-frame-pointer"] : ["-O2", "-DNDEBUG"]),
    ...(asan || darwin ? [] : ["-s"]),
    ...(seeded ? ["-DSOCKEYE_SEEDED_BUG"] : []),
    ...strict,
    `-I${headers.include_dir}`,
  ];
  const link = darwin ? ["-shared", "-undefined", "dynamic_lookup"] : ["-shared"];
  // Turborepo is told not to cache the build: its hash knows neither the system nor the compiler.
  const hash = createHash("sha256");
  for (const file of [...sources, "addon.h", "uv_readiness.h", "build/constants.inc", "build.mjs", "compiler.mjs"]) {
    hash.update(readFileSync(join(here, file)));
  }
  const made = [...flags, ...compiler.args, target, process.versions.modules, compiler.name].join(" ");
  const key = hash.update(made).digest("hex");
  const stamp = join(build, `${name}.key`);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === key) return;

  compiler.prepare?.();
  if (target === thisMachine) checkDeclarations(compiler);
  mkdirSync(dirname(output), { recursive: true });
  const partial = join(build, `${name}.${process.pid}.partial`);
  run(compiler, [...flags, ...link, "-o", partial, ...sources]);
  renameSync(partial, output);
  writeFileSync(stamp, key);
  console.log(`Built ${target} with ${compiler.name}${asan ? " under AddressSanitizer" : ""}.`);
}

if (process.argv.includes("--release")) {
  for (const target of releaseTargets) buildFor(target, zigCompiler(target));
} else {
  buildFor(thisMachine, findCompiler(thisMachine));
}
