// What `npm start` and `npm test` do first: check Node, then install with the pnpm that package.json pins.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";

const { engines, packageManager } = JSON.parse(readFileSync("package.json", "utf8"));
const wanted = engines.node.replace(">=", "").split(".").map(Number);
const actual = process.versions.node.split(".").map(Number);
if (actual[0] < wanted[0] || (actual[0] === wanted[0] && actual[1] < wanted[1])) {
  console.error(`Sockeye needs Node.js ${engines.node}; this is ${process.versions.node}.`);
  process.exit(1);
}

// pnpm writes this file last, so a newer one than the lockfile means there is nothing to install.
const marker = "node_modules/.modules.yaml";
const fresh = existsSync(marker) && statSync(marker).mtimeMs > statSync("pnpm-lock.yaml").mtimeMs;
if (!fresh) {
  console.error(`Installing with ${packageManager}, which takes up to a minute …`);
  const { status, error } = spawnSync(
    "npm",
    // Errors only: its warnings are about tools of tests and benchmarks, for whoever adds one, who runs pnpm itself.
    ["exec", "--yes", `--package=${packageManager}`, "--", "pnpm", "install", "--frozen-lockfile", "--loglevel=error"],
    { stdio: ["ignore", "inherit", "inherit"], shell: process.platform === "win32" },
  );
  if (error || status !== 0) {
    console.error(`The installation failed${error ? `: ${error.message}` : ""}. It needs npm and its registry.`);
    process.exit(status || 1);
  }
}
