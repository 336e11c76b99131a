/** The monitor as people start it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface MonitorProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Presses Ctrl-C, and waits for the end. */
  interrupt(): Promise<{ code: number | null; output: string }>;
}

/** Starts it with `args`, after the words of `prefix`; resolves when it has told its address. */
export async function startProcess(
  args: readonly string[] = [],
  prefix: readonly string[] = [],
): Promise<MonitorProcess> {
  const [program, ...rest] = [...prefix, process.execPath, "dist/cli.js", "--port", "0", ...args];
  const child = spawn(program!, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      output += String(chunk);
      const found = /http:\/\/\S+\//.exec(output);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The monitor ended with ${code}: ${output}`)));
  });
  return {
    url,
    child,
    async interrupt() {
      if (child.exitCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGINT");
        await ended;
      }
      return { code: child.exitCode, output };
    },
  };
}
