import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";

/** The Python that Debian's packages are for. */
export const PYTHON = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

/** True when a program is there, or when Python can import a module. */
export function has(program: string): boolean {
  return ["/usr/sbin", "/usr/bin", "/usr/local/bin"].some((folder) => existsSync(`${folder}/${program}`));
}
export function hasPython(...modules: string[]): boolean {
  return spawnSync(PYTHON, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" }).status === 0;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A server of another maker, running. */
export interface Peer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server and waits until it accepts connections. */
export async function startPeer(
  command: string,
  args: (port: number) => readonly string[],
  options: { cwd?: string } = {},
): Promise<Peer> {
  const port = await freePort();
  const child: ChildProcess = spawn(command, args(port), { ...options, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-2000);
  });
  const exited = once(child, "exit");
  for (const deadline = Date.now() + 20_000; ; ) {
    if (await accepts(port)) break;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${command} did not start: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    port,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
