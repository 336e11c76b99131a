/** Where a reader gets its bytes. */
import type { Socket, WaitOptions } from "@sockeye/socket-core";
import type { ByteQueue } from "./byte-queue.ts";

export interface ByteSource {
  /** Moves what is there now into the queue: how many bytes, 0 at the end, or `null` where nothing has arrived yet. */
  pull(queue: ByteQueue): number | null;
  /** Resolves when `pull` would find something. */
  wait(options: WaitOptions | undefined): Promise<void>;
}

/** One read from the kernel takes up to so many bytes. */
const SLAB_SIZE = 64 * 1024;
/** With less room than this behind what is left over, the rest is copied out first. */
const MIN_ROOM = 16 * 1024;

/**
 * All sockets receive into one slab. The reader that received last borrows it and usually has read everything before
 * the next one receives; what it has not read is copied then. So reading costs no copy, and waiting no memory.
 */
const slab = Buffer.allocUnsafeSlow(SLAB_SIZE);
let borrower: ByteQueue | null = null;

export class SocketSource implements ByteSource {
  readonly #socket: Socket;
  /** After a short read the kernel has nothing more: the next `pull` waits for readiness. */
  #drained = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  pull(queue: ByteQueue): number | null {
    if (this.#drained) return null;
    if (queue.length === 0) {
      if (borrower !== queue) borrower?.own();
      borrower = null;
      const count = this.#socket.tryRecv(slab);
      if (count !== null && count > 0) {
        queue.borrow(slab, count);
        borrower = queue;
        this.#drained = count < SLAB_SIZE;
      }
      return count;
    }
    if (borrower === queue && queue.length <= SLAB_SIZE - MIN_ROOM) {
      const left = queue.compact();
      const count = this.#socket.tryRecv(slab.subarray(left));
      if (count !== null && count > 0) {
        queue.extend(count);
        this.#drained = count < SLAB_SIZE - left;
      }
      return count;
    }
    borrower?.own();
    borrower = null;
    const count = this.#socket.tryRecv(slab);
    if (count !== null && count > 0) {
      queue.push(slab.subarray(0, count));
      this.#drained = count < SLAB_SIZE;
    }
    return count;
  }

  wait(options: WaitOptions | undefined): Promise<void> {
    this.#drained = false;
    return this.#socket.readable(options);
  }
}
