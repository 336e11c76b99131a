/** A stream over one socket. */
import type { Address, Socket } from "@sockeye/socket-core";
import { type ByteStream, type CloseOptions, type StreamOptions, TransportStream } from "./byte-stream.ts";
import type { Reader } from "./reader.ts";
import { SocketTransport } from "./socket-transport.ts";
import type { Writer } from "./writer.ts";

/** A connected stream. Take the halves apart as you like: `const { reader, writer } = connection`. */
export class Connection implements ByteStream {
  /** What the peer sends. */
  readonly reader: Reader;
  /** What the peer gets. */
  readonly writer: Writer;
  /** The peer's address. */
  readonly remoteAddress: Address;
  /**
   * The socket underneath, for its options: `socket.setsockopt`, `socket.getsockopt`. Reading, writing and closing are
   * this connection's.
   */
  readonly socket: Socket;
  readonly #stream: TransportStream;

  /** @internal */
  constructor(socket: Socket, remoteAddress: Address, options: StreamOptions) {
    this.socket = socket;
    this.remoteAddress = remoteAddress;
    this.#stream = new TransportStream(new SocketTransport(socket), options);
    this.reader = this.#stream.reader;
    this.writer = this.#stream.writer;
  }

  /** Our address. Throws SocketError or ClosedError. */
  get localAddress(): Address {
    return this.socket.getsockname();
  }

  /** Resolves when the connection is closed on this side, by whatever call. Never rejects. */
  get closed(): Promise<void> {
    return this.#stream.closed;
  }

  /**
   * Ends in order: sends what is buffered, says that nothing follows, discards what still arrives until the peer's end,
   * and closes. After `timeout` it closes anyway; if not everything was sent by then, the peer sees a reset instead of
   * an end. Rejects with what kept buffered data from being sent; the connection is closed all the same. Calling it
   * again gives the same promise. The promise may be dropped.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#stream.close(options);
  }

  /** Closes at once: what is buffered is dropped, waiting calls get a ClosedError, and the peer sees a reset. */
  abort(): void {
    this.#stream.abort();
  }

  /** `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
