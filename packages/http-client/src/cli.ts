#!/usr/bin/env node
import { fstatSync, readFileSync } from "node:fs";
import { run } from "./cli/run.ts";

/** A terminal, /dev/null or a closed stdin has nothing to send; a pipe, a file or a socket has. */
function pipedStdin(): NodeJS.ReadStream | null {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isFile() || stat.isSocket() ? process.stdin : null;
  } catch {
    return null;
  }
}

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
const terminal = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: pipedStdin(),
  env: process.env,
  signal: interrupt.signal,
  version,
};
run(process.argv.slice(2), terminal).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = 1;
    console.error(error);
  },
);
