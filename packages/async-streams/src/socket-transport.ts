/** A socket as what carries a stream. */
import { SO_LINGER, SOL_SOCKET, type Socket } from "@sockeye/socket-core";
import { SocketSource } from "./byte-source.ts";
import type { Transport } from "./byte-stream.ts";

/** struct linger { on, seconds }: on and 0 turns close into a reset, socket(7). */
const RESET = new Uint8Array(new Int32Array([1, 0]).buffer);

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
    try {
      this.sink.setsockopt(SOL_SOCKET, SO_LINGER, RESET);
    } catch {
      // Some systems refuse options on a connection that the peer has reset: then there is nothing to reset.
    }
    this.sink.close();
  }
}
