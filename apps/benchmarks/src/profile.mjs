#!/usr/bin/env node
// Where a server's time and memory go, as text: what explains a ratio that misses its goal.
//
//   node src/profile.mjs processor SERVER [MESSAGES]    e.g. socket-core-echo; per function, and per system call
//   node src/profile.mjs heap SERVER [CONNECTIONS]      what each idle connection holds, by kind of object
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Child } from "./child.mjs";
import { compiled } from "./compiler.mjs";
import { environment, formatEnvironment } from "./environment.mjs";
import { heapTable, processorTable } from "./profile-table.mjs";

const folder = mkdtempSync(join(tmpdir(), "sockeye-profile-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Ends a server so that Node.js writes its profile. */
const orderly = "data:text/javascript,process.on('SIGTERM',()=>process.exit())";

/** @type {(ending: string) => string} */
const written = (ending) => {
  const name = readdirSync(folder).find((file) => file.endsWith(ending));
  if (!name) throw new Error(`The server wrote no ${ending} into ${folder}.`);
  return readFileSync(join(folder, name), "utf8");
};

/**
 * Runs a server under load.
 *
 * @param {readonly string[]} prefix the program that runs Node.js, if not Node.js itself
 * @param {readonly string[]} flags of Node.js
 * @param {"echo" | "idle"} mode
 * @param {number} count
 * @param {string} server
 * @param {(server: Child) => Promise<void>} [atTheEnd] while the connections are open
 */
async function underLoad(prefix, flags, mode, count, server, atTheEnd) {
  const program = join(import.meta.dirname, "..", "servers", `${server}.mjs`);
  const child = new Child([...prefix, process.execPath, "--import", orderly, ...flags, program]);
  const port = await child.line();
  const load = new Child([compiled("load"), mode, port, "50", "64", String(child.pid)]);
  for (const command of ["check 100", `run ${count}`]) {
    load.send(command);
    await load.line();
  }
  await atTheEnd?.(child);
  await load.stop();
  // strace(1) passes the signal on to what it runs only when it started it in its own group: ask for its child.
  const target = prefix.length === 0 ? child.pid : Number(childOf(child.pid));
  process.kill(target, "SIGTERM");
  await child.endsWithin(10_000);
}

/** @type {(pid: number) => string} */
const childOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0] ?? "";

const [what, server, amount] = process.argv.slice(2);
if (!["processor", "heap"].includes(what ?? "") || server === undefined) {
  console.error("Usage: node src/profile.mjs processor|heap SERVER [COUNT]   (a server is a file of servers/)");
  process.exit(2);
}
console.log(formatEnvironment(environment(null)));
if (what === "processor") {
  const count = Number(amount ?? 300_000);
  await underLoad([], ["--cpu-prof", "--cpu-prof-interval=200", `--cpu-prof-dir=${folder}`], "echo", count, server);
  console.log(`\n${server}, ${count} messages of 64 bytes over 50 connections: time by function\n`);
  console.log(processorTable(JSON.parse(written(".cpuprofile"))));
  if (spawnSync("strace", ["-V"]).status === 0) {
    const calls = join(folder, "calls.txt");
    await underLoad(["strace", "-f", "-c", "-o", calls], [], "echo", count / 10, server);
    console.log(`\nSystem calls for ${count / 10} messages (strace -c, which slows them down: only the counts tell)\n`);
    console.log(readFileSync(calls, "utf8").split("\n").slice(0, 9).join("\n"));
  }
} else {
  const count = Number(amount ?? 9_000);
  const flags = ["--heapsnapshot-signal=SIGUSR2", `--diagnostic-dir=${folder}`];
  await underLoad([], flags, "idle", count, server, async (child) => {
    process.kill(child.pid, "SIGUSR2");
    // The signal's answer is a file that grows until it is complete.
    for (let complete = false; !complete; await pause(200)) {
      complete = readdirSync(folder).some((file) => readFileSync(join(folder, file), "utf8").trimEnd().endsWith("]}"));
    }
  });
  console.log(`\n${server}, ${count} idle connections: heap by kind of object, after garbage collection\n`);
  console.log(heapTable(JSON.parse(written(".heapsnapshot")), count));
}
