import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The built entry points, as a program that installed the package has them. */
export const dist: string = join(import.meta.dirname, "../../dist");

/** A program that is running. */
export interface Running {
  readonly process: ChildProcess;
  /** Its next line of standard output; rejects when there is none. */
  line(): Promise<string>;
  /** Ends it and resolves to its status and what it said on standard error. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** Resolves when it ends. */
  readonly ended: Promise<Ended>;
}

/** How a program ended. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program; `until` is a line of its standard error that says that it is ready. */
export async function start(argv: readonly string[], until?: RegExp): Promise<Running> {
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.once("close", () => reject(new Error(`${argv.join(" ")}: ended early: ${stderr}`)));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
      if (until?.test(stderr)) resolve();
    });
    if (until === undefined) child.once("spawn", resolve);
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  await ready;
  return {
    process: child,
    ended,
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${argv.join(" ")}: no more lines: ${stderr}`);
      return value as string;
    },
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      return await ended;
    },
  };
}

/** Starts a module that may use `live` and `main`, the entry points. */
export function startModule(source: string, prefix: readonly string[] = []): Promise<Running> {
  const text = `import * as live from ${JSON.stringify(join(dist, "live.js"))};
import * as main from ${JSON.stringify(join(dist, "index.js"))};
${source}`;
  return start([...prefix, process.execPath, "--input-type=module", "--eval", text]);
}
