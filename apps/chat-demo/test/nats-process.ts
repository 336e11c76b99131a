/** Debian's nats-server with JetStream, in a process of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program } from "./program.ts";

export class NatsProcess extends Program {
  readonly port: number;

  private constructor(folder: string, port: number) {
    // -1 lets it choose.
    super("nats-server", ["--jetstream", "--store_dir", folder, "--addr", "127.0.0.1", "--port", String(port)]);
    this.port = port;
  }

  /** With a folder that it had before, it has what was in it. */
  static async start(folder: string, port = -1): Promise<{ nats: NatsProcess; port: number; url: string }> {
    const nats = new NatsProcess(folder, port);
    const line = await nats.line(/Listening for client connections on /);
    await nats.line(/Server is ready/);
    const got = Number(/:(\d+)$/.exec(line)![1]);
    return { nats, port: got, url: `nats://127.0.0.1:${got}` };
  }
}

/** A folder for it, and how to remove it. */
export async function natsFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "chat-nats-"));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
