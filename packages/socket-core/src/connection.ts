/** A connected stream socket in one call. */
import { isIPv6 } from "node:net";
import { type Address, type BindAddress, encodeAddress, type InetAddress } from "./address.ts";
import {
  checkInteger,
  checkOptions,
  checkSignal,
  checkTimeout,
  MAX_TIMEOUT,
  typeError,
  type WaitOptions,
} from "./check.ts";
import { AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, SOCK_STREAM } from "./constants.ts";
import { AbortError, SocketError, TimeoutError } from "./errors.ts";
import { ATTEMPT_DELAY, type FailedAttempt, interleave, race } from "./happy-eyeballs.ts";
import { type HostAddress, resolveAll } from "./resolve.ts";
import { Socket } from "./socket.ts";

/** What `createConnection` takes. `timeout` bounds the whole, resolving included. */
export interface ConnectionOptions extends WaitOptions {
  /** The local address to connect from; only addresses of its family are tried. Default: the kernel's choice. */
  source?: BindAddress;
  /** Milliseconds for each address. Default `null`: only `timeout` counts. */
  attemptTimeout?: number | null;
  /** Milliseconds before the next address is tried beside the last. Default 250, RFC 8305 section 5. */
  attemptDelay?: number;
}

/** RFC 8305 section 5 forbids a delay under 10 ms: it would be a flood. */
const MIN_ATTEMPT_DELAY = 10;

async function attempt(
  family: number,
  address: Address,
  { source, attemptTimeout = null }: ConnectionOptions,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  const socket = new Socket(family, SOCK_STREAM);
  try {
    if (source !== undefined) socket.bind(source);
    await socket.connect(address, { signal, timeout: attemptTimeout });
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function familyOf(address: string): number {
  return isIPv6(address.split("%")[0]!) ? AF_INET6 : AF_INET;
}

/** One error for all attempts: the only one's own, or one that lists them and has the code of the first. */
function combine(failures: readonly FailedAttempt<InetAddress>[]): unknown {
  const [first] = failures;
  if (failures.length === 1) return first!.error;
  const errors = failures.map(({ error }) => error);
  const list = errors.map((error) => (error instanceof Error ? error.message : String(error))).join("; ");
  const { code = "ERR_SOCKET_CONNECT", errno } = first!.error as Partial<SocketError>;
  return new SocketError(`connect: every address failed: ${list}`, {
    code,
    ...(errno !== undefined && { errno }),
    syscall: "connect",
    port: first!.candidate.port,
    cause: new AggregateError(errors, "the attempts, in the order of their failure"),
  });
}

/**
 * Connects to a name, a literal or a Unix path. The addresses of a name are raced with Happy Eyeballs version 2
 * (RFC 8305): families interleaved, one more attempt every `attemptDelay`, the losers are closed. Rejects with
 * SocketError (when several addresses failed, `cause.errors` has each), TimeoutError or AbortError, and leaves nothing
 * open.
 */
export async function createConnection(
  address: HostAddress | Address,
  options: ConnectionOptions = {},
): Promise<Socket> {
  checkOptions("options", options);
  const signal = checkSignal(options.signal);
  const timeout = checkTimeout("timeout", options.timeout);
  checkTimeout("attemptTimeout", options.attemptTimeout);
  const delay = checkInteger("attemptDelay", options.attemptDelay ?? ATTEMPT_DELAY, MIN_ATTEMPT_DELAY, MAX_TIMEOUT);
  if (typeof address !== "object" || address === null) {
    throw typeError("address", "{ host, port }, { address, port } or { path }", address);
  }
  const { source } = options;
  if (source !== undefined && (typeof source !== "object" || source === null)) {
    throw typeError("source", "{ address, port }", source);
  }
  if (!("path" in address || "host" in address)) {
    encodeAddress(typeof address.address === "string" ? familyOf(address.address) : AF_INET, address);
  }
  if (signal?.aborted) throw new AbortError("connect", signal.reason);
  // One controller ends everything that is under way, whether time or the caller wants it.
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = timeout === null ? undefined : setTimeout(() => stop.abort(), timeout);
  try {
    if ("path" in address) return await attempt(AF_UNIX, address, options, stop.signal);
    const candidates = await candidatesOf(address, options, stop.signal);
    return await race(
      candidates,
      (candidate, loser) => attempt(familyOf(candidate.address), candidate, options, loser),
      (socket) => socket.close(),
      combine,
      { delay, signal: stop.signal },
    );
  } catch (error) {
    if (signal?.aborted) throw new AbortError("connect", signal.reason);
    if (stop.signal.aborted) throw new TimeoutError("connect", timeout ?? 0);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

async function candidatesOf(
  address: HostAddress | InetAddress,
  { source }: ConnectionOptions,
  signal: AbortSignal,
): Promise<InetAddress[]> {
  if (!("host" in address)) return [address];
  const from = source === undefined || "path" in source ? undefined : source.address;
  const family = from === undefined || from === "localhost" ? AF_UNSPEC : familyOf(from);
  const found = await resolveAll(address, family, { signal });
  const first = familyOf(found[0]!.address);
  return interleave(found, (candidate) => familyOf(candidate.address) === first);
}
