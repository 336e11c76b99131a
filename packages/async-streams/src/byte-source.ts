/** Where a reader gets its bytes. */
import type { Socket, WaitOptions } from "@sockeye/socket-core";
import type { ByteQueue } from "./byte-queue.ts";

/** What a `Reader` reads from. */
export interface ByteSource {
  /** Moves what is there now into the queue: how many bytes, 0 at the end, or `null` where nothing has arrived yet. */
  pull(queue: ByteQueue): number | null;
  /** The same into memory of the caller, without the detour; called only while the queue is empty. Optional. */
  pullInto?(target: Uint8Array): number | null;
  /** Resolves when `pull` would find something. Rejects with TimeoutError and AbortError as the options ask. */
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
/** Whoever borrowed last; it may own its bytes by now. */
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
    const { length } = queue;
    if (length > 0 && borrower === queue && queue.borrowed && length <= SLAB_SIZE - MIN_ROOM) {
      const room = slab.subarray(queue.compact());
      const count = this.#receive(room);
      if (count !== null) queue.extend(count);
      return count;
    }
    borrower?.own();
    borrower = null;
    const count = this.#receive(slab);
    if (count === null || count === 0) return count;
    if (length === 0) {
      queue.borrow(slab, count);
      borrower = queue;
    } else {
      queue.push(slab.subarray(0, count));
    }
    return count;
  }

  pullInto(target: Uint8Array): number | null {
    return this.#drained ? null : this.#receive(target);
  }

  #receive(room: Uint8Array): number | null {
    const count = this.#socket.tryRecv(room);
    if (count !== null && count > 0) this.#drained = count < room.length;
    return count;
  }

  wait(options: WaitOptions | undefined): Promise<void> {
    this.#drained = false;
    return this.#socket.readable(options);
  }
}
