/** CPython as the other end. */
import { spawn, spawnSync } from "node:child_process";
import { onTestFinished } from "vitest";

/** Whether there is a CPython that these tests can use. */
export const hasPython: boolean = spawnSync("python3", ["-c", "import asyncio"]).status === 0;

/** A program of CPython that runs until the test ends. */
export interface Python {
  /** The next line that it prints. */
  line(): Promise<string>;
  /** All that it prints until it exits; rejects with its traceback when it fails. */
  finished(): Promise<string>;
}

/** Runs a program, given as text, with arguments. */
export function python(program: string, ...args: (string | number)[]): Python {
  const child = spawn("python3", ["-u", "-c", program, ...args.map(String)], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  let errors = "";
  let notify = (): void => {};
  let status: number | null | undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    notify();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.on("close", (code) => {
    status = code;
    notify();
  });
  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (status !== undefined) throw new Error(`python3 ended with ${status}: ${errors}`);
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  }
  return {
    async line() {
      await until(() => output.includes("\n"));
      const end = output.indexOf("\n");
      const line = output.slice(0, end);
      output = output.slice(end + 1);
      return line;
    },
    async finished() {
      await until(() => status === 0);
      return output;
    },
  };
}
