/** Other processes: Node.js with the built package, and programs such as CPython. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const dist: string = new URL("../dist/index.js", import.meta.url).href;

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Command in front of Node.js, such as `prlimit`. */
  prefix?: string[];
  args?: string[];
  timeout?: number;
}

/** Runs a program to its end. One that does not end is killed: `signal` says so. */
export async function run(
  command: string,
  args: string[],
  { timeout = 60_000, cwd }: { timeout?: number; cwd?: string } = {},
): Promise<Outcome> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], cwd, timeout, killSignal: "SIGKILL" });
  const outcome = { code: null, signal: null, stdout: "", stderr: "" } as Outcome;
  child.stdout.setEncoding("utf8").on("data", (text) => {
    outcome.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    outcome.stderr += text;
  });
  [outcome.code, outcome.signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return outcome;
}

/** Runs a module in a Node.js of its own. It finds the built package as `core`, its namespace. */
export function runModule(
  source: string,
  { prefix = [], args = [], timeout = 60_000 }: RunOptions = {},
): Promise<Outcome> {
  const module = `import * as core from ${JSON.stringify(dist)};\n${source}`;
  const all = [...prefix, process.execPath, ...args, "--input-type=module", "--eval", module];
  return run(all[0]!, all.slice(1), { timeout });
}

/** Starts CPython with a script; its lines on stdout are read one by one. */
export function python(script: string, ...args: string[]): { child: ChildProcess; line(): Promise<string> } {
  // The sanitizer is for the addon.
  const { LD_PRELOAD, ...env } = process.env;
  const child = spawn("python3", ["-u", "-c", script, ...args], { stdio: ["pipe", "pipe", "inherit"], env });
  const iterator = lines(child)[Symbol.asyncIterator]();
  return {
    child,
    async line() {
      const { value, done } = await iterator.next();
      if (done) throw new Error("python3 ended early");
      return value;
    },
  };
}

async function* lines(child: ChildProcess): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const text of child.stdout!.setEncoding("utf8")) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

export const packageFolder: string = fileURLToPath(new URL("..", import.meta.url));
