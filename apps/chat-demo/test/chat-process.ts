/** The real server in a process of its own, and its clients. */
import { once } from "node:events";
import { join } from "node:path";
import { Program } from "./program.ts";

export const cli: string = join(import.meta.dirname, "..", "dist", "cli.js");
const peers = join(import.meta.dirname, "peers");

/** A server on a free port. */
export class ChatProcess extends Program {
  port = 0;
  /** Of the page and its WebSocket. */
  webPort = 0;

  static start(...flags: string[]): Promise<ChatProcess> {
    return ChatProcess.startWith([], ...flags);
  }

  /** Through a program that starts another one, such as `setpriv`. */
  static async startWith(prefix: readonly string[], ...flags: string[]): Promise<ChatProcess> {
    const probe = new URL("./peers/memory-probe.mjs", import.meta.url).href;
    const [command, ...args] = [...prefix, process.execPath];
    const server = new ChatProcess(
      command!,
      [...args, "--expose-gc", "--import", probe, cli, "serve", "--port", "0", "--web-port", "0", ...flags],
      { ipc: true },
    );
    server.port = Number(/:(\d+)\./.exec(await server.line(/^The chat is on /))![1]);
    server.webPort = Number(/:(\d+)\/$/.exec(await server.line(/^ {2}https?:/))![1]);
    return server;
  }

  /** What it uses, after garbage collection. */
  async memory(): Promise<NodeJS.MemoryUsage> {
    this.child.send("memory");
    const [usage] = await once(this.child, "message");
    return usage as NodeJS.MemoryUsage;
  }

  nc(): Program {
    return new Program("nc", ["127.0.0.1", String(this.port)]);
  }

  python(script = "client.py"): Program {
    return new Program("python3", [join(peers, script), String(this.port)]);
  }

  join(...flags: string[]): Program {
    return new Program(process.execPath, [cli, "join", "--port", String(this.port), ...flags]);
  }
}
