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

/** Sizes of C structures here, and of the memory of a batch. */
export interface Layout {
  /** cmsg(3): bytes before the data of an item, bytes of its length field, and what items are aligned to. */
  readonly cmsgHeader: number;
  readonly cmsgLengthSize: number;
  readonly cmsgAlign: number;
  /** A record of a batch: a sockaddr of `batchAddress` bytes, then ancillary data. */
  readonly batchRecord: number;
  readonly batchAddress: number;
  readonly maxBatch: number;
  readonly maxVectors: number;
}

/** What is told of a received message, as positions in an Int32Array. */
export const META = { length: 0, flags: 1, control: 2, address: 3, size: 4 } as const;

export interface Native {
  readonly layout: Layout;
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
  /** Receives up to `length` bytes at the start of `buffer`. */
  recv(fd: number, buffer: Uint8Array, length: number, flags: number): number;
  recvfrom(fd: number, buffer: Uint8Array, length: number, flags: number, address: AddressBuffer): number;
  /** Sends `buffer` from `offset` on; without it, all of it. */
  send(fd: number, buffer: Uint8Array, flags: number, offset?: number): number;
  sendto(fd: number, buffer: Uint8Array, flags: number, address: AddressBuffer): number;
  /** Sends `buffers[first]` from `offset` and up to 63 that follow, in one call. */
  sendv(fd: number, buffers: readonly Uint8Array[], first: number, offset: number): number;
  unread(fd: number): number;
  dup(fd: number): number;
  setInheritable(fd: number, on: number): number;
  getInheritable(fd: number): number;
  /** Leaves two descriptors in `out`. */
  socketpair(family: number, type: number, protocol: number, out: Int32Array): number;
  recvmsg(
    fd: number,
    buffers: readonly Uint8Array[],
    flags: number,
    control: Uint8Array,
    meta: Uint8Array,
    address: AddressBuffer,
  ): number;
  sendmsg(
    fd: number,
    buffers: readonly Uint8Array[],
    flags: number,
    control: Uint8Array | null,
    address: AddressBuffer | null,
  ): number;
  /** How many datagrams; number i is at `slab[i * slotSize]`, its record and META at the same index. */
  recvmmsg(
    fd: number,
    slab: Uint8Array,
    slotSize: number,
    count: number,
    records: Uint8Array,
    meta: Uint8Array,
  ): number;
  /** `meta` holds start, length and number of the address (-1: none) of each; the addresses are AddressBuffers. */
  sendmmsg(fd: number, slab: Uint8Array, meta: Uint8Array, count: number, addresses: Uint8Array): number;
  sendSegments(fd: number, buffer: Uint8Array, segmentSize: number, address: AddressBuffer | null): number;
  /* On the thread pool. */
  sendfile(fd: number, file: number, offset: number, count: number): Promise<number>;
  /** The name of an EAI_ constant, -errno, or five elements an entry: family, type, protocol, AddressBuffer, name or null. */
  getaddrinfo(
    host: string | null,
    service: string | null,
    family: number,
    type: number,
    protocol: number,
    flags: number,
  ): Promise<string | number | (number | Uint8Array | string | null)[]>;
  getnameinfo(address: AddressBuffer, flags: number): Promise<string | number | [host: string, service: string]>;
  ifNameToIndex(name: string): number;
  /** Number, name, number, name … */
  ifNameIndex(): number | (number | string)[];
  serviceByName(name: string, protocol: string): number;
  serviceByPort(port: number, protocol: string): string | null;
  protocolByName(name: string): number;
  attachFilter(fd: number, program: Uint8Array): number;
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

/** Why there is no addon, for whoever uses it all the same. */
let absence = `@sockeye/socket-core has no binary for ${process.platform}-${process.arch}. It runs on Linux and macOS, x64 and arm64.`;
let absenceCause: unknown;

function load(): Native | null {
  try {
    const path = locate();
    return path === null ? null : (createRequire(import.meta.url)(path) as Native);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    absenceCause = error;
    absence =
      code === "ERR_DLOPEN_DISABLED" || code === "ERR_ACCESS_DENIED"
        ? "@sockeye/socket-core is a native addon, which Node's permission model forbids. Run node with --allow-addons and --allow-fs-read for the package."
        : `@sockeye/socket-core could not load its binary: ${(error as Error).message}`;
    return null;
  }
}

const loaded = load();

/** Whether this platform has sockets here. Where it is false, every use is an `UnsupportedError`. */
export const supported: boolean = loaded !== null;

/** Throws an UnsupportedError that says why there is no addon, where there is none. */
export function assertSupported(): void {
  if (loaded === null) throw new UnsupportedError(absence, absenceCause);
}

/** Stands in where there is no binary: the import succeeds, and the first use says what is missing. */
const absent = new Proxy({} as Native, { get: assertSupported });

export const native: Native = loaded ?? absent;

/** Where there is no binary nothing is laid out, and nothing gets that far. */
export const layout: Layout = loaded?.layout ?? {
  cmsgHeader: 16,
  cmsgLengthSize: 8,
  cmsgAlign: 8,
  batchRecord: 384,
  batchAddress: 128,
  maxBatch: 64,
  maxVectors: 64,
};

/** The number of a name in the platform's headers, or -1 where the platform lacks it. */
export function constant(name: string): number {
  return loaded?.constants[name] ?? -1;
}
