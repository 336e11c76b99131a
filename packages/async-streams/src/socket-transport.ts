/** A socket as what carries a stream. */
import { SO_LINGER, SOL_SOCKET, type Socket } from "@sockeye/socket-core";
import { SocketSource } from "./byte-source.ts";
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

export class SocketTransport implements Transport {
  readonly source: SocketSource;
  readonly sink: Socket;
  readonly endsAtOnce = true;

  constructor(socket: Socket) {
    this.source = new SocketSource(socket);
    this.sink = socket;
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
