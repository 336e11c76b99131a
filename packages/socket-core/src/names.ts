/** Names and numbers: getaddrinfo(3), getnameinfo(3), and the tables of services, protocols and interfaces. */
import { hostname } from "node:os";
import { type Address, addressBuffer, decodeAddress, encodeAddress } from "./address.ts";
import {
  checkConstant,
  checkInteger,
  checkOptions,
  checkSignal,
  checkString,
  checkTimeout,
  rangeError,
  type WaitOptions,
} from "./check.ts";
import { AF_INET, AF_INET6, AF_UNSPEC, AI_CANONNAME, NI_NAMEREQD } from "./constants.ts";
import { AbortError, SocketError, systemError, TimeoutError } from "./errors.ts";
import { native } from "./native.ts";

/** What `getaddrinfo` takes besides host and service. */
export interface AddressInfoOptions extends WaitOptions {
  /** `AF_UNSPEC` (the default), `AF_INET` or `AF_INET6`. */
  family?: number;
  /** A SOCK_ constant; default 0: each type. */
  type?: number;
  /** An IPPROTO_ constant; default 0: each protocol. */
  protocol?: number;
  /** AI_ flags. Default 0. */
  flags?: number;
}

/** One way to reach a host. */
export interface AddressInfo {
  family: number;
  type: number;
  protocol: number;
  address: Address;
  /** With AI_CANONNAME: the official name of the host, on the first entry. */
  canonicalName?: string;
}

/** What went wrong in the resolver: our code, which for names is Node's, and what it means. */
const FAILURES: Readonly<Record<string, readonly [code: string, meaning: string]>> = {
  EAI_NONAME: ["ENOTFOUND", "the name does not resolve"],
  EAI_NODATA: ["ENOTFOUND", "the name has no address of this kind"],
  EAI_AGAIN: ["EAI_AGAIN", "the name server did not answer; try again"],
  EAI_FAIL: ["EAI_FAIL", "the name server failed"],
  EAI_FAMILY: ["EAI_FAMILY", "the family is not supported"],
  EAI_SERVICE: ["EAI_SERVICE", "no such service for this socket type"],
  EAI_SOCKTYPE: ["EAI_SOCKTYPE", "the socket type is not supported"],
  EAI_BADFLAGS: ["EAI_BADFLAGS", "the flags do not fit together"],
  EAI_MEMORY: ["EAI_MEMORY", "out of memory"],
};
/** Each entry of the native list takes so many elements: family, type, protocol, sockaddr, name. */
const ENTRY = 5;

function resolverError(syscall: string, failure: string | number, subject: string): SocketError {
  if (typeof failure === "number") return systemError(syscall, failure, { address: subject });
  const [code, meaning] = FAILURES[failure] ?? [failure, "the look-up failed"];
  return new SocketError(`${syscall} ${code} ${subject}: ${meaning}`, { code, syscall, address: subject });
}

/** A look-up cannot be stopped: the wait ends with the signal or the time, and a late answer is dropped. */
function bounded<T>(promise: Promise<T>, syscall: string, { signal, timeout }: WaitOptions): Promise<T> {
  const limit = timeout ?? null;
  if (signal === undefined && limit === null) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new AbortError(syscall, signal?.reason));
    const onTime = (): void => reject(new TimeoutError(syscall, limit ?? 0));
    const timer = limit === null ? undefined : setTimeout(onTime, limit);
    signal?.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    });
  });
}

function checkName(name: string, value: unknown): string {
  if (checkString(name, value).includes("\0")) throw rangeError(name, "without NUL", value);
  return value as string;
}

/**
 * getaddrinfo(3) on the thread pool: the ways to reach a host and service, in the order in which to try them.
 * `host` null is the loopback (with AI_PASSIVE the wildcard); `service` a name, a port, or null.
 * Rejects with SocketError (ENOTFOUND, EAI_AGAIN, EAI_SERVICE …), TimeoutError or AbortError; the look-up itself goes on.
 */
export async function getaddrinfo(
  host: string | null,
  service: string | number | null = null,
  options: AddressInfoOptions = {},
): Promise<AddressInfo[]> {
  checkOptions("options", options);
  const { family = AF_UNSPEC, type = 0, protocol = 0, flags = 0 } = options;
  const { signal } = options;
  checkSignal(signal);
  checkTimeout("timeout", options.timeout);
  if (host !== null) checkName("host", host);
  if (typeof service === "number") checkInteger("service", service, 0, 65535);
  else if (service !== null) checkName("service", service);
  checkConstant("family", family);
  checkConstant("type", type);
  checkInteger("protocol", protocol, 0, 65535);
  checkConstant("flags", flags);
  if (host === null && service === null) throw rangeError("host", "given where service is not", host);
  if (signal?.aborted) throw new AbortError("getaddrinfo", signal.reason);
  const port = service === null ? null : String(service);
  const found = await bounded(native.getaddrinfo(host, port, family, type, protocol, flags), "getaddrinfo", options);
  if (typeof found !== "object") throw resolverError("getaddrinfo", found, host ?? String(service));
  const entries: AddressInfo[] = [];
  for (let i = 0; i < found.length; i += ENTRY) {
    addressBuffer.set(found[i + 3] as Uint8Array);
    const canonicalName = found[i + 4] as string | null;
    entries.push({
      family: found[i] as number,
      type: found[i + 1] as number,
      protocol: found[i + 2] as number,
      address: decodeAddress(),
      ...(canonicalName !== null && { canonicalName }),
    });
  }
  return entries;
}

/**
 * getnameinfo(3) on the thread pool: the names of a literal address and its port. `flags` are NI_ constants.
 * Rejects with SocketError.
 */
export async function getnameinfo(
  address: { address: string; port: number; scopeId?: number },
  flags = 0,
): Promise<{ host: string; service: string }> {
  checkConstant("flags", flags);
  encodeAddress(String(address?.address).includes(":") ? AF_INET6 : AF_INET, address);
  const found = await native.getnameinfo(addressBuffer, flags);
  if (typeof found !== "object") throw resolverError("getnameinfo", found, address.address);
  return { host: found[0], service: found[1] };
}

/** The first IPv4 address of a name. Rejects with SocketError. */
export async function gethostbyname(name: string): Promise<string> {
  const [first] = await getaddrinfo(checkString("name", name), null, { family: AF_INET });
  return (first!.address as { address: string }).address;
}

/** gethostname(2). */
export function gethostname(): string {
  return hostname();
}

/** The full domain name of a host, by default this one, or the name itself where none is known. */
export async function getfqdn(name: string = hostname()): Promise<string> {
  checkString("name", name);
  try {
    const [first] = await getaddrinfo(name, null, { flags: AI_CANONNAME });
    if (first?.canonicalName?.includes(".")) return first.canonicalName;
    const { host } = await getnameinfo({ port: 0, ...(first!.address as { address: string }) }, NI_NAMEREQD);
    return host;
  } catch {
    return name;
  }
}

/** getservbyname(3): the port of a service, for `"tcp"`, `"udp"` or any protocol. Throws SocketError: ENOENT. */
export function getservbyname(name: string, protocol = ""): number {
  const port = native.serviceByName(checkName("name", name), checkName("protocol", protocol));
  if (port < 0) throw systemError("getservbyname", port, { address: name });
  return port;
}

/** getservbyport(3): the name of the service on a port. Throws SocketError: ENOENT. */
export function getservbyport(port: number, protocol = ""): string {
  checkInteger("port", port, 0, 65535);
  const name = native.serviceByPort(port, checkName("protocol", protocol));
  if (name === null) throw new SocketError(`getservbyport ENOENT ${port}: no such service`, { code: "ENOENT" });
  return name;
}

/** getprotobyname(3): the number of a protocol. Throws SocketError: ENOENT. */
export function getprotobyname(name: string): number {
  const found = native.protocolByName(checkName("name", name));
  if (found < 0) throw systemError("getprotobyname", found, { address: name });
  return found;
}

/** if_nameindex(3): the interfaces with their numbers. Throws SocketError. */
export function ifNameIndex(): { index: number; name: string }[] {
  const flat = native.ifNameIndex();
  if (typeof flat === "number") throw systemError("if_nameindex", flat);
  const interfaces: { index: number; name: string }[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    interfaces.push({ index: flat[i] as number, name: flat[i + 1] as string });
  }
  return interfaces;
}
