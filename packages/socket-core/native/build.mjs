// Builds the addon for this machine into ../prebuilds. `--asan [--seeded-bug]` builds the sanitized one into ./build.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import headers from "node-api-headers";
import { findCompiler } from "./compiler.mjs";

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
const target = `${process.platform}-${process.arch}${musl ? "-musl" : ""}`;
const output = asan
  ? join(build, seeded ? "seeded-bug.node" : "asan.node")
  : join(here, "../prebuilds", target, "socket-core.node");
const compiler = findCompiler(musl);
const strict = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-fPIC"];
const flags = [
  ...(asan ? ["-O1", "-g", "-fsanitize=address", "-fno-omit-frame-pointer"] : ["-O2", "-DNDEBUG"]),
  ...(asan || process.platform === "darwin" ? [] : ["-s"]),
  ...(seeded ? ["-DSOCKEYE_SEEDED_BUG"] : []),
  ...strict,
  `-I${headers.include_dir}`,
];
const link = process.platform === "darwin" ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"];

function run(args) {
  const { status, error } = spawnSync(compiler.command, [...compiler.args, ...args], { stdio: "inherit", cwd: here });
  if (error || status !== 0) {
    console.error(`The addon did not compile with ${compiler.name}${error ? `: ${error.message}` : ""}.`);
    process.exit(1);
  }
}

// What went into a build decides whether it must be made again. Turborepo is told not to cache it: its hash knows
// neither the system nor the compiler.
const hash = createHash("sha256");
for (const name of [...sources, "addon.h", "uv_readiness.h", "build/constants.inc", "build.mjs"]) {
  hash.update(readFileSync(join(here, name)));
}
const key = hash.update([...flags, target, process.versions.modules, compiler.name].join(" ")).digest("hex");
const stamp = join(build, `${asan ? (seeded ? "seeded-bug" : "asan") : target}.key`);
if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === key) process.exit(0);

compiler.prepare?.();
const nodeHeaders = join(dirname(dirname(process.execPath)), "include", "node");
if (existsSync(join(nodeHeaders, "uv.h"))) {
  run([...strict, `-I${nodeHeaders}`, "-c", "-o", join(build, "uv_readiness_check.o"), "uv_readiness_check.c"]);
}
mkdirSync(dirname(output), { recursive: true });
const partial = `${output}.${process.pid}`;
run([...flags, ...link, "-o", partial, ...sources]);
renameSync(partial, output);
writeFileSync(stamp, key);
console.log(`Built ${target} with ${compiler.name}${asan ? " under AddressSanitizer" : ""}.`);
