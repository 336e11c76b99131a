/** CPython at the other end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

export interface Python {
  readonly child: ChildProcess;
  /** The next line that it prints. Rejects when it ends before. */
  line(): Promise<string>;
  /** Resolves to its exit status. */
  ended(): Promise<number | null>;
}

/** Runs a script, behind a command such as `ip netns exec` when given. It ends with the test. */
export function python(
  script: string,
  args: readonly (string | number)[] = [],
  prefix: readonly string[] = [],
): Python {
  const command = [...prefix, "python3", "-u", "-c", `import socket, struct, sys\n${script}`, ...args.map(String)];
  const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close") as Promise<[number | null]>;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  return {
    child,
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error("python3 ended early");
      return value;
    },
    async ended() {
      return (await closed)[0];
    },
  };
}
