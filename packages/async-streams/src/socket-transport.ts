/** A socket as what carries a stream, and where its reader gets bytes. */
import { SO_LINGER, SOL_SOCKET, type Socket, type WaitOptions } from "@sockeye/socket-core";
import type { ByteQueue } from "./byte-queue.ts";
import type { ByteSource } from "./byte-source.ts";
import type { Transport } from "./byte-stream.ts";

/** struct linger { on, seconds }: on and 0 turns close into a reset, socket(7). */
const RESET = new Uint8Array(new Int32Array([1, 0]).buffer);

/** The peer of a connection that is aborted sees a reset, and so does not take what it has for the whole. */
export function resetOnClose(socket: Socket): void {
  try {
    socket.setsockopt(SOL_SOCKET, SO_LINGER, RESET);
  } catch {
    // Some systems refuse options on a connection that the peer has reset: then there is nothing to reset.
  }
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

/** The source, too, as every connection has one. */
export class SocketTransport implements Transport, ByteSource {
  readonly sink: Socket;
  /** After a short read the kernel has nothing more: the next `pull` waits for readiness. */
  #drained = false;

  constructor(socket: Socket) {
    this.sink = socket;
  }

  get source(): ByteSource {
    return this;
  }

  get endsAtOnce(): boolean {
    return true;
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
    const count = this.sink.tryRecv(room);
    if (count !== null && count > 0) this.#drained = count < room.length;
    return count;
  }

  wait(options: WaitOptions | undefined): Promise<void> {
    this.#drained = false;
    return this.sink.readable(options);
  }

  finish(timeout: number): Promise<void> {
    return this.sink.finish({ timeout });
  }

  abort(): void {
    if (this.sink.closed) return;
    resetOnClose(this.sink);
    this.sink.close();
  }
}
