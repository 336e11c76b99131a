/** A TLS socket of Node.js as what carries a stream. */
import type { TLSSocket } from "node:tls";
import type { Socket } from "@sockeye/socket-core";
import { DuplexTransport } from "./bridges/duplex-transport.ts";
import type { Transport } from "./byte-stream.ts";
import { resetOnClose } from "./socket-transport.ts";
import { translateTlsError } from "./tls.ts";

export class TlsTransport implements Transport {
  readonly source: DuplexTransport;
  readonly sink: DuplexTransport;
  readonly endsAtOnce = false;
  readonly #socket: Socket;

  /** `socket` is another descriptor of the same connection, and goes with this transport. */
  constructor(tls: TLSSocket, socket: Socket) {
    this.source = new DuplexTransport(tls, { translate: translateTlsError, checkEnd: () => resetOf(socket) });
    this.sink = this.source;
    this.#socket = socket;
  }

  async finish(timeout: number): Promise<void> {
    await this.sink.finish(timeout);
    this.#socket.close();
  }

  abort(): void {
    // An end of the connection that is none of TLS is easily taken for the end of the data.
    if (!this.#socket.closed) resetOnClose(this.#socket);
    this.sink.abort();
    this.#socket.close();
  }
}

/** libuv takes a reset that follows data for an end. The kernel knows better, and tells the next who reads. */
function resetOf(socket: Socket): unknown {
  if (socket.closed) return undefined;
  try {
    socket.tryRecv(Buffer.alloc(1));
    return undefined;
  } catch (error) {
    return error;
  }
}
