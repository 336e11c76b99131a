/** A program that a test runs: an example, or a CPython one on the other end. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const running = new Set<ChildProcess>();

/** Ends what a test left behind, `except` the one that all tests of a file share. For `afterEach`. */
export async function endPrograms({ except }: { except?: Program } = {}): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      if (except?.isRunBy(child)) return undefined;
      const closed = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      return closed;
    }),
  );
}

export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What came out, both of it. */
  output: string;
}

export class Program {
  readonly #child: ChildProcess;
  #output = "";
  readonly ended: Promise<End>;
  #changed: () => void = () => {};

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: "pipe", env: { ...process.env, NO_COLOR: "1" } });
    running.add(this.#child);
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        this.#changed();
      });
    }
    this.#child.stdin!.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => {
        running.delete(this.#child);
        resolve({ code, signal, output: this.#output });
      });
    });
  }

  /** What the pattern finds in the output, now or later. Rejects when the program ends without it. */
  async find(pattern: RegExp): Promise<RegExpExecArray> {
    const over = this.ended.then(() => true);
    for (;;) {
      const changed = new Promise<boolean>((resolve) => {
        this.#changed = () => resolve(false);
      });
      const found = pattern.exec(this.#output);
      if (found !== null) return found;
      if (await Promise.race([changed, over])) {
        const last = pattern.exec(this.#output);
        if (last !== null) return last;
        throw new Error(`It ended without ${pattern}:\n${this.#output}`);
      }
    }
  }

  /** The port in the first line of a server. */
  async port(): Promise<string> {
    return (await this.find(/port: (\d+)/))[1]!;
  }

  type(text: string, { end = false }: { end?: boolean } = {}): void {
    this.#child.stdin!.write(text);
    if (end) this.#child.stdin!.end();
  }

  isRunBy(child: ChildProcess): boolean {
    return child === this.#child;
  }

  interrupt(): Promise<End> {
    this.#child.kill("SIGINT");
    return this.ended;
  }
}

/** Runs an example as `npm run example` does. */
export function example(...args: string[]): Program {
  return new Program(process.execPath, [join(import.meta.dirname, "..", "dist", "run.js"), ...args]);
}

/** Runs an example on a terminal of its own. */
export function onTerminal(...args: string[]): Program {
  return python("terminal.py", process.execPath, join(import.meta.dirname, "..", "dist", "run.js"), ...args);
}

/** Runs a CPython program of `peers/`. */
export function python(script: string, ...args: string[]): Program {
  return new Program("python3", ["-u", join(import.meta.dirname, "peers", script), ...args]);
}
