/**
 * The only door to the addon: loads the binary of this platform and gives its functions types.
 * Each function is one system call and returns a number `>= 0` or `-errno`; see ../native.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { UnsupportedError } from "./errors.ts";

/** A `sockaddr` as it crosses the boundary: 4 bytes of length, then the bytes of the address. */
export type AddressBuffer = Uint8Array;

export interface Native {
  readonly constants: Readonly<Record<string, number>>;
  socket(family: number, type: number, protocol: number): number;
  adopt(fd: number): number;
  release(fd: number): number;
  close(fd: number): number;
  /** The same on the thread pool, for a close that may block. */
  closeLater(fd: number): number;
  bind(fd: number, address: AddressBuffer): number;
  connect(fd: number, address: AddressBuffer): number;
  getsockname(fd: number, address: AddressBuffer): number;
  getpeername(fd: number, address: AddressBuffer): number;
  listen(fd: number, backlog: number): number;
  shutdown(fd: number, how: number): number;
  accept(fd: number, address: AddressBuffer): number;
  recv(fd: number, buffer: Uint8Array, offset: number, length: number, flags: number): number;
  send(fd: number, buffer: Uint8Array, offset: number, length: number, flags: number): number;
  recvfrom(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    address: AddressBuffer,
  ): number;
  sendto(fd: number, buffer: Uint8Array, offset: number, length: number, flags: number, address: AddressBuffer): number;
  /** Sends `buffers[first]` from `offset` and up to 63 that follow, in one call. */
  sendv(fd: number, buffers: readonly Uint8Array[], first: number, offset: number): number;
  unread(fd: number): number;
  ifNameToIndex(name: string): number;
  setsockopt(fd: number, level: number, name: number, value: number | Uint8Array): number;
  getsockopt(fd: number, level: number, name: number, buffer: Uint8Array): number;
  /** Once: `wake(count)` is called with `count` pairs of slot and events in `shared` from index 2 on. */
  start(wake: (count: number) => void, shared: Int32Array): number;
  /** Keeps the loop alive until a turn ends with `shared[0]` at 0; `shared[1]` tells whether it does. */
  hold(): number;
  /** Ends that at once. */
  letGo(): number;
  pollOpen(fd: number): number;
  pollStart(slot: number, events: number): number;
  pollClose(slot: number): number;
}

/** musl and glibc need different binaries; only glibc reports its version. */
function libc(): string {
  if (process.platform !== "linux") return "";
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime === undefined ? "-musl" : "";
}

function locate(): string | null {
  const named = process.env.SOCKEYE_SOCKET_CORE_ADDON;
  if (named) return named;
  const at = (suffix: string): string =>
    fileURLToPath(
      new URL(`../prebuilds/${process.platform}-${process.arch}${suffix}/socket-core.node`, import.meta.url),
    );
  const plain = at("");
  if (process.platform !== "linux") return existsSync(plain) ? plain : null;
  // The report that tells the C library costs milliseconds, so it is asked for only where there is a choice.
  const musl = at("-musl");
  if (!existsSync(musl)) return existsSync(plain) ? plain : null;
  if (!existsSync(plain)) return musl;
  return at(libc());
}

function load(): Native | null {
  const path = locate();
  return path === null ? null : (createRequire(import.meta.url)(path) as Native);
}

const loaded = load();

/** Whether this platform has sockets here. Where it is false, every use is an `UnsupportedError`. */
export const supported: boolean = loaded !== null;

/** What every use is where there is no binary. */
export function absence(): UnsupportedError {
  return new UnsupportedError(
    `@sockeye/socket-core has no binary for ${process.platform}-${process.arch}. It runs on Linux and macOS, x64 and arm64.`,
  );
}

/** Stands in where there is no binary: the import succeeds, and the first use says what is missing. */
const absent = new Proxy({} as Native, {
  get(): never {
    throw absence();
  },
});

export const native: Native = loaded ?? absent;

/** The number of a name in the platform's headers, or -1 where the platform lacks it. */
export function constant(name: string): number {
  return loaded?.constants[name] ?? -1;
}
