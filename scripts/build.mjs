// Builds one workspace and what it depends on, and is quiet about it unless it fails: `npm start` and its like.
import { spawnSync } from "node:child_process";

const name = `@sockeye/${process.argv[2]}`;
console.error(`Building ${name} …`);
const { status, stdout, stderr, error } = spawnSync("turbo", ["run", "build", `--filter=${name}`], {
  encoding: "utf8",
  maxBuffer: 1 << 26,
  stdio: ["ignore", "pipe", "pipe"],
  shell: process.platform === "win32",
});
if (error || status !== 0) {
  console.error(`${stdout ?? ""}${stderr ?? ""}\nThe build failed${error ? `: ${error.message}` : "."}`);
  process.exit(status || 1);
}
