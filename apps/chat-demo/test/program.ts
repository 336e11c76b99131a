/** A program that a test runs: its lines as they come, its input, its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const running = new Set<ChildProcess>();

/** Ends what a test left behind. For `afterEach`. */
export async function endPrograms(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      const closed = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      return closed;
    }),
  );
}

export class Program {
  readonly child: ChildProcess;
  /** What came out, both of it. */
  readonly lines: string[] = [];
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #over = false;
  #changed: (() => void)[] = [];

  constructor(command: string, args: readonly string[], options: { ipc?: boolean; env?: NodeJS.ProcessEnv } = {}) {
    this.child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe", ...(options.ipc ? (["ipc"] as const) : [])],
      env: { ...process.env, NO_COLOR: "1", ...options.env },
    });
    running.add(this.child);
    for (const output of [this.child.stdout!, this.child.stderr!]) {
      createInterface({ input: output }).on("line", (line) => {
        this.lines.push(line);
        this.#wake();
      });
    }
    this.child.stdin!.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code, signal) => {
        running.delete(this.child);
        this.#over = true;
        this.#wake();
        resolve({ code, signal });
      });
    });
  }

  #wake(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
  }

  /** The first line that matches, now or later. Rejects when the program ends without one. */
  async line(pattern: string | RegExp): Promise<string> {
    for (let seen = 0; ; ) {
      for (; seen < this.lines.length; seen++) {
        const line = this.lines[seen]!;
        if (typeof pattern === "string" ? line === pattern : pattern.test(line)) return line;
      }
      if (this.#over) throw new Error(`It ended without ${pattern}:\n${this.lines.join("\n")}`);
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  type(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  kill(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal);
    return this.ended;
  }
}
