// Runs this package's tests on the addon built with AddressSanitizer and LeakSanitizer, and first proves on a seeded bug
// that the sanitizer would speak. Linux with gcc or clang; the package must be built.
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { findCompiler } from "./compiler.mjs";

const here = import.meta.dirname;
const packageFolder = join(here, "..");
const build = join(here, "build");
const dist = pathToFileURL(join(packageFolder, "dist", "index.js")).href;

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** The sanitizer's library must come before everything else that node loads, so it is preloaded. */
function sanitizerLibrary() {
  const { command, args, name } = findCompiler();
  for (const file of ["libasan.so", `libclang_rt.asan-${process.arch === "x64" ? "x86_64" : "aarch64"}.so`]) {
    const found = spawnSync(command, [...args, `-print-file-name=${file}`], { encoding: "utf8" }).stdout.trim();
    if (isAbsolute(found)) return found;
  }
  return fail(`${name} has no AddressSanitizer: install gcc or clang with its runtime, and build without CC=zig.`);
}

function node(args, options = {}) {
  return spawnSync(process.execPath, args, { cwd: packageFolder, encoding: "utf8", ...options });
}

const preload = sanitizerLibrary();
for (const flags of [["--asan"], ["--asan", "--seeded-bug"]]) {
  if (node([join(here, "build.mjs"), ...flags], { stdio: "inherit" }).status !== 0) process.exit(1);
}

// vitest's bundler, which the same process loads, never frees the references that it registers.
const suppressions = join(build, "lsan.supp");
writeFileSync(suppressions, "leak:rolldown-binding\n");
const environment = (addon) => ({
  ...process.env,
  LD_PRELOAD: preload,
  ASAN_OPTIONS: "detect_leaks=1",
  LSAN_OPTIONS: `suppressions=${suppressions}:print_suppressions=0`,
  SOCKEYE_SOCKET_CORE_ADDON: join(build, addon),
});

const seeded = node(["--eval", "require(process.env.SOCKEYE_SOCKET_CORE_ADDON).seededBug()"], {
  env: environment("seeded-bug.node"),
});
if (seeded.status === 0 || !/AddressSanitizer: heap-buffer-overflow[\s\S]*seeded_bug/.test(seeded.stderr)) {
  fail(`The sanitizer was silent about the seeded bug (exit ${seeded.status}):\n${seeded.stderr}`);
}
console.log("The seeded bug is found: AddressSanitizer speaks.");

// Beside the tests, since it takes one core.
const SECONDS = 60;
const seed = process.env.SOCKEYE_SEED ?? String(Math.floor(Math.random() * 2 ** 31));
console.log(`Closing at random moments from inside callbacks for ${SECONDS} s, seed ${seed} …`);
const chaos = promisify(execFile)(
  process.execPath,
  [join(packageFolder, "test", "chaos.child.mjs"), dist, seed, String(SECONDS)],
  { cwd: packageFolder, env: environment("asan.node"), timeout: (SECONDS + 120) * 1000, killSignal: "SIGKILL" },
).catch((error) => error);

const vitest = join(createRequire(import.meta.url).resolve("vitest/package.json"), "..", "vitest.mjs");
// Not under the sanitizer: tests that run npm and tsc, and those that run ip, nft and mount, because it is preloaded into
// those too and finds their leaks; nor what is tested without an addon.
const tests = spawn(
  process.execPath,
  [vitest, "run", "--exclude", "test/{absent,happy-eyeballs,link,pack,ping,platform,readme}.test.ts"],
  { cwd: packageFolder, stdio: "inherit", env: environment("asan.node") },
);
const [status, signal] = await once(tests, "exit");

const { stdout, stderr, code = 0, signal: killed } = await chaos;
console.log(stdout.trim());
if (code !== 0 || JSON.parse(stdout).left !== 0) {
  fail(`It failed (exit ${code}, signal ${killed}), seed ${seed}:\n${stderr}`);
}
if (signal) fail(`The tests were ended by ${signal}.`);
if (status !== 0) process.exit(status ?? 1);
