/** accept(2): which failures are of one connection, and which ask for patience. */
import { constants as os } from "node:os";
import { addressBuffer } from "./address.ts";
import { nextDelay } from "./backoff.ts";
import type { WaitOptions } from "./check.ts";
import { native } from "./native.ts";
import { defineCall, READ } from "./operation.ts";
import type { Descriptor } from "./readiness.ts";

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

interface Accepting<T> {
  readonly accepted: (fd: number) => T;
  /** The last pause; 0: there was none. */
  delay: number;
}

const acceptCall = defineCall<Accepting<unknown>, unknown>({
  syscall: "accept",
  direction: READ,
  attempt: (d) => acceptNow(d.fd),
  finish: (fd, { accepted }) => accepted(fd),
  retryAfter(errno, args) {
    if (!EXHAUSTED.has(errno)) return undefined;
    args.delay = nextDelay(args.delay, EXHAUSTED_BACKOFF);
    return args.delay;
  },
});

/** Waits for the next connection; `accepted` makes of its descriptor what the caller gets. */
export function accept<T>(
  owner: object,
  d: Descriptor,
  accepted: (fd: number) => T,
  options: WaitOptions | undefined,
): Promise<T> {
  return d.run(owner, acceptCall, { accepted, delay: 0 }, options) as Promise<T>;
}

/** The next connection where there is one without waiting; `null`: `accept` waits for it, or tells what failed. */
export function acceptIfAny<T>(d: Descriptor, accepted: (fd: number) => T): T | null {
  return d.runNow(acceptCall, { accepted, delay: 0 }) as T | null;
}
