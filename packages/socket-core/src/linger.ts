/**
 * Closing a stream that still has unread input makes the kernel send a reset, and the peer may lose what it had not
 * read yet (RFC 1122 section 4.2.2.13, RFC 2525 section 2.17). So such a stream says FIN first, discards what still
 * arrives, and closes when the peer has ended too, or after a while.
 */
import { SHUT_WR } from "./constants.ts";
import { native } from "./native.ts";
import { defineCall, READ } from "./operation.ts";
import type { Descriptor } from "./readiness.ts";
import { receiveSlab, SLAB_SIZE } from "./receive-buffer.ts";

/** How long a closed stream goes on discarding input, in milliseconds. */
export const LINGER_TIMEOUT = 2_000;
/** How much it discards before it gives the peer up, in bytes. */
const LINGER_LIMIT = 16 * 1024 * 1024;

const discardCall = defineCall<undefined, number>({
  syscall: "recv",
  direction: READ,
  attempt: (d) => native.recv(d.fd, receiveSlab(), SLAB_SIZE, 0),
  finish: (count) => count,
});

/** Ends the sending side, discards input until the peer's end, a deadline or a limit, and closes. Never rejects. */
export async function discardAndClose(descriptor: Descriptor, timeout: number = LINGER_TIMEOUT): Promise<void> {
  native.shutdown(descriptor.fd, SHUT_WR);
  const deadline = performance.now() + timeout;
  let discarded = 0;
  try {
    for (;;) {
      const left = deadline - performance.now();
      if (left <= 0 || discarded > LINGER_LIMIT) break;
      descriptor.timeout = Math.max(1, left);
      const length = await descriptor.run(descriptor, discardCall, undefined, undefined);
      if (length === 0) break;
      discarded += length;
    }
  } catch {
    // A reset or the deadline: there is nobody left to wait for.
  }
  descriptor.close();
}
