/** Two ends of one stream, over each kind of socket that we offer. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BindAddress, createServer } from "@sockeye/socket-core";
import { onTestFinished } from "vitest";
import type { ByteStream, StreamOptions } from "../src/byte-stream.ts";
import { openConnection } from "../src/connect.ts";
import { Connection } from "../src/connection.ts";

export interface Pair {
  client: Connection;
  server: Connection;
}

/** A path for a Unix socket that goes with the test. */
export function temporaryPath(): string {
  const directory = mkdtempSync(join(tmpdir(), "streams-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "socket");
}

async function pairOver(address: BindAddress, options: StreamOptions = {}): Promise<Pair> {
  const listener = createServer(address);
  const [client, accepted] = await Promise.all([openConnection(listener.getsockname(), options), listener.accept()]);
  listener.close();
  const server = new Connection(accepted.socket, accepted.address, options, { isServer: true });
  onTestFinished(() => {
    client.abort();
    server.abort();
  });
  return { client, server };
}

export function tcpPair(options?: StreamOptions): Promise<Pair> {
  return pairOver({ address: "127.0.0.1", port: 0 }, options);
}

export function unixPair(options?: StreamOptions): Promise<Pair> {
  return pairOver({ path: temporaryPath() }, options);
}

/** For `describe.each`. */
export const kinds: [string, (options?: StreamOptions) => Promise<Pair>][] = [
  ["TCP", tcpPair],
  ["Unix", unixPair],
];

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Writes without waiting until the peer's buffers and ours are full, and tells how much was written. */
export async function fill({ writer }: Connection): Promise<number> {
  const chunk = Buffer.alloc(256 * 1024, "f");
  let written = 0;
  while (writer.buffered === 0) {
    void writer.write(chunk);
    written += chunk.length;
    await turn();
  }
  return written;
}

/** How a promise stands now. */
export async function stateOf(promise: Promise<unknown>): Promise<"pending" | "resolved" | "rejected"> {
  return Promise.race([
    promise.then(
      () => "resolved" as const,
      () => "rejected" as const,
    ),
    turn().then(() => "pending" as const),
  ]);
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not reject");
}

/** Everything until the end. */
export async function readToEnd({ reader }: Pick<ByteStream, "reader">): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
