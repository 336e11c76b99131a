/** accept(2): which failures are of one connection, and which ask for patience. */
import { constants as os } from "node:os";
import { addressBuffer } from "./address.ts";
import { backoff } from "./backoff.ts";
import { checkWait, type WaitOptions } from "./check.ts";
import { native } from "./native.ts";
import { type Descriptor, READ } from "./readiness.ts";

/** Errors of one connection that died in the queue; the next one may be well. */
const PASSING: ReadonlySet<number> = new Set(
  [os.errno.ECONNABORTED, os.errno.EPROTO, os.errno.ENETDOWN, os.errno.EHOSTUNREACH, os.errno.ENETUNREACH].map(
    (e) => -e,
  ),
);
const MAX_PASSING = 64;
/** Out of descriptors or memory: the queue waits in the kernel while we back off. */
const EXHAUSTED: ReadonlySet<number> = new Set(
  [os.errno.EMFILE, os.errno.ENFILE, os.errno.ENOBUFS, os.errno.ENOMEM].map((e) => -e),
);
/** The first pause, in milliseconds. */
const EXHAUSTED_BACKOFF = 10;

/** A new descriptor, whose peer is in `addressBuffer`, or -errno. */
export function acceptNow(fd: number): number {
  for (let i = 0; ; i++) {
    const accepted = native.accept(fd, addressBuffer);
    if (accepted >= 0 || i === MAX_PASSING || !PASSING.has(accepted)) return accepted;
  }
}

/** Waits for the next connection; `finish` makes of its descriptor what the caller gets. */
export function accept<T>(
  owner: object,
  d: Descriptor,
  finish: (fd: number) => T,
  options: WaitOptions | undefined,
): Promise<T> {
  try {
    checkWait(options);
  } catch (error) {
    return Promise.reject(error);
  }
  return d.run(owner, READ, "accept", () => acceptNow(d.fd), finish, options, {
    retryAfter: backoff(EXHAUSTED_BACKOFF, (errno) => EXHAUSTED.has(errno)),
  });
}
