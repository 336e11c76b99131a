/** Sockets to test with, of every family that this package speaks. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Address,
  AF_INET,
  AF_INET6,
  AF_UNIX,
  type BindAddress,
  createServer,
  SOCK_DGRAM,
  SOCK_STREAM,
  Socket,
} from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "sockeye-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A path for a Unix socket that nobody has used. */
export function freshPath(): string {
  return join(folder, `${process.pid}-${count++}.sock`);
}

export interface Family {
  readonly name: string;
  readonly family: number;
  /** An address to bind to: port 0 or a fresh path. */
  fresh(): BindAddress & Partial<Address>;
}

export const families: readonly Family[] = [
  { name: "IPv4", family: AF_INET, fresh: () => ({ address: "127.0.0.1", port: 0 }) },
  { name: "IPv6", family: AF_INET6, fresh: () => ({ address: "::1", port: 0 }) },
  { name: "Unix", family: AF_UNIX, fresh: () => ({ path: freshPath() }) },
];
export const IPv4 = families[0]!;
export const Unix = families[2]!;

const open: Socket[] = [];

/** The socket is closed after the test. */
export function track<T extends Socket>(socket: T): T {
  open.push(socket);
  return socket;
}

/** For `afterEach`. */
export function closeAll(): void {
  for (const socket of open.splice(0)) socket.close();
}

export function listening(family: Family = IPv4): Socket {
  return track(createServer(family.fresh()));
}

/** Two ends of a stream connection: the one that connected first. */
export async function streamPair(family: Family = IPv4): Promise<[Socket, Socket]> {
  const server = listening(family);
  const client = track(new Socket(family.family, SOCK_STREAM));
  const [{ socket }] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
  server.close();
  return [client, track(socket)];
}

/** Two bound datagram sockets and their addresses. */
export function datagramPair(family: Family = IPv4): [Socket, Socket, Address, Address] {
  const a = track(new Socket(family.family, SOCK_DGRAM));
  const b = track(new Socket(family.family, SOCK_DGRAM));
  a.bind(family.fresh());
  b.bind(family.fresh());
  return [a, b, a.getsockname(), b.getsockname()];
}

/** Sends until the kernel takes no more. Returns how many bytes it took. */
export function fill(socket: Socket): number {
  const chunk = Buffer.alloc(64 * 1024, 1);
  for (let sent = 0; ; ) {
    const count = socket.trySend(chunk);
    if (count === null) return sent;
    sent += count;
  }
}

/** Receives exactly `length` bytes. */
export async function receiveExactly(socket: Socket, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let rest = length; rest > 0; ) {
    const part = await socket.recv(rest);
    if (part === null) throw new Error(`the stream ended ${rest} bytes early`);
    parts.push(part);
    rest -= part.length;
  }
  return Buffer.concat(parts);
}

/** Receives until the end of the stream. */
export async function receiveAll(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of socket.chunks()) parts.push(part);
  return Buffer.concat(parts);
}

/** Lets the event loop make a whole turn, polling included. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}
