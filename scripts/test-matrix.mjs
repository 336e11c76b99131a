// Runs the tests of packages/* on every supported major version of Node.js, against the packages as they are built now.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { readResults } from "./test-results.mjs";
import { root, workspaces } from "./workspaces.mjs";

const majors = ["20", "22", "24", "26"];
// Far above the slowest suite: whatever takes longer hangs.
const suiteTimeout = 10 * 60_000;
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const results = process.env.SOCKEYE_RESULTS ?? join(root, ".test-results", "matrix");

const help = `Usage: npm run test:matrix -- [VERSION ...] [PACKAGE ...]

Runs the tests of packages/* on Node.js ${majors.join(", ")}, which npm fetches.
  VERSION   only this major version, for example 24
  others    only the versions that this Node.js is not, as after npm test
  PACKAGE   only this package, for example udp
Build first: npm run build`;

function fail(message) {
  console.error(message);
  process.exit(1);
}

function hasTests(folder) {
  return ["src", "test"].some((directory) => {
    const path = join(root, folder, directory);
    return existsSync(path) && readdirSync(path, { recursive: true }).some((file) => file.endsWith(".test.ts"));
  });
}

/** Fetches a Node.js through npm, and returns where it is and its exact version. */
function fetchNode(major) {
  const { status, stdout, stderr, error } = spawnSync(
    "npm",
    // One word for the shell of Windows, hence no spaces in the program.
    ["exec", "--yes", `--package=node@${major}`, "--", "node", "-p", "process.execPath+'\\n'+process.versions.node"],
    { cwd: root, encoding: "utf8", shell: process.platform === "win32" },
  );
  const [path, version] = (stdout ?? "").trim().split(/\r?\n/);
  if (status !== 0 || !version?.startsWith(`${major}.`)) {
    throw new Error(`npm could not fetch node@${major}: ${error?.message ?? stderr.trim() ?? stdout}`);
  }
  return { path, version };
}

/** Runs one package's tests: `{ ok, output }`. */
function runSuite(node, folder, resultsFolder) {
  const { status, signal, stdout, stderr, error } = spawnSync(node.path, [vitest, "run"], {
    cwd: join(root, folder),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    // Tests that start `node` must get this one.
    env: { ...process.env, PATH: dirname(node.path) + delimiter + process.env.PATH, SOCKEYE_RESULTS: resultsFolder },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: suiteTimeout,
    killSignal: "SIGKILL",
  });
  const killed = signal === "SIGKILL" ? `Killed after ${suiteTimeout / 60_000} minutes.\n` : "";
  return { ok: status === 0, output: `${stdout ?? ""}${stderr ?? ""}${killed || (error?.message ?? "")}` };
}

const wanted = process.argv.slice(2);
if (wanted.includes("--help") || wanted.includes("-h")) {
  console.log(help);
  process.exit(0);
}
const packages = workspaces("packages");
const names = packages.map(({ folder }) => basename(folder));
const shortName = (argument) => argument.replace(/^@sockeye\/|^packages\//, "");
for (const argument of wanted) {
  if (![...majors, "others"].includes(argument) && !names.includes(shortName(argument))) {
    fail(`test:matrix: unknown argument "${argument}": expected one of ${[...majors, "others", ...names].join(", ")}`);
  }
}
const [own] = process.versions.node.split(".");
const wantedMajors = majors.filter((major) => wanted.includes(major) || (wanted.includes("others") && major !== own));
const wantedNames = names.filter((name) => wanted.some((argument) => shortName(argument) === name));
const chosenMajors = wantedMajors.length > 0 ? wantedMajors : majors;
const chosen = packages.filter(({ folder }) => wantedNames.length === 0 || wantedNames.includes(basename(folder)));

for (const { folder } of chosen) {
  if (!existsSync(join(root, folder, "dist"))) fail(`test:matrix: ${folder} is not built: npm run build`);
}

let failures = 0;
const summary = [];
for (const major of chosenMajors) {
  const resultsFolder = join(results, `node-${major}`);
  rmSync(resultsFolder, { recursive: true, force: true });
  let node;
  try {
    node = fetchNode(major);
  } catch (error) {
    console.error(error.message);
    summary.push(`Node ${major}: not run`);
    failures += 1;
    continue;
  }
  console.log(`Node ${node.version}`);
  for (const { folder, manifest } of chosen) {
    if (!hasTests(folder)) {
      console.log(`  ${manifest.name}: no tests`);
      continue;
    }
    const started = Date.now();
    const suiteResults = join(resultsFolder, basename(folder));
    const { ok, output } = runSuite(node, folder, suiteResults);
    const { reports, passed, failed, skipped } = readResults(suiteResults);
    const counts = reports === 0 ? "no report" : `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
    console.log(`  ${manifest.name}: ${counts} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    if (!ok || reports === 0) {
      failures += 1;
      console.error(output);
    }
  }
  const { passed, failed, skipped } = readResults(resultsFolder);
  summary.push(`Node ${node.version}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
}

console.log(`\n${summary.join("\n")}`);
process.exitCode = failures === 0 ? 0 : 1;
