import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";

const cli = join(import.meta.dirname, "..", "src", "cli.mjs");

function start(...args: string[]): ChildProcess & { text: () => string } {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  }
  return Object.assign(child, { text: () => text });
}

describe("bench", () => {
  it.each([
    [["--help"], 0, "Usage: bench [options] [subject...]"],
    [["--list"], 0, "idle-connections: memory of connections"],
    [["--list", "lines"], 0, "lines: a server that reads line by line"],
    [["--list", "import"], 0, "processor, @sockeye/http-client / undici ≤ + 15,000"],
    [["nothing"], 2, "Expected one of: tcp-echo, "],
    [["--json", "/no/such/folder/rows.json"], 2, "It cannot be written"],
  ])("%j ends with %d", async (args, status, text) => {
    const bench = start(...args);
    expect(await once(bench, "close")).toEqual([status, null]);
    expect(bench.text()).toContain(text);
  });

  // Only Linux has /proc, and only there do the benchmarks start programs.
  it.skipIf(process.platform !== "linux")("ends its programs on Ctrl-C", async () => {
    const bench = start("tcp-echo", "--quick");
    // The load is started after the server it works on, so both are there.
    const programs = await vi.waitFor(
      () => {
        const found = childrenOf(bench.pid!);
        expect(found.map(commandLine)).toContainEqual(expect.stringContaining("load/bin/load"));
        expect(found).toHaveLength(2);
        return found;
      },
      { timeout: 40_000, interval: 20 },
    );
    bench.kill("SIGINT");
    expect(await once(bench, "close")).toEqual([130, null]);
    await expect.poll(() => programs.filter(alive)).toEqual([]);
  });
});

/** State and parent of a process: proc(5), /proc/PID/stat after the name in parentheses. */
function stat(pid: number): { state: string; parent: number } | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return { state: state!, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function childrenOf(parent: number): number[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => stat(pid)?.parent === parent);
}

function alive(pid: number): boolean {
  const state = stat(pid)?.state;
  return state !== undefined && state !== "Z" && state !== "X";
}
