// Builds one workspace and what it depends on, and is quiet about it unless it fails: `npm start` and its like.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const app = process.argv[2];
const name = `@sockeye/${app}`;
const isFirst = !existsSync(join("apps", app, "dist"));
console.error(`Building ${name}${isFirst ? ", which takes a minute or two the first time" : ""} …`);
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
