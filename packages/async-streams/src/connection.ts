/** A stream over one socket. */
import { type Address, ClosedError, type Socket } from "@sockeye/socket-core";
import { type ByteStream, type CloseOptions, type StreamOptions, TransportStream } from "./byte-stream.ts";
import { ProtocolError, StreamBusyError, StreamClosedError, StreamError } from "./errors.ts";
import { PausedTransport } from "./paused-transport.ts";
import type { Reader } from "./reader.ts";
import { SocketTransport } from "./socket-transport.ts";
import { handshake, stateOf, type TlsRole } from "./tls.ts";
import { checkTlsOptions, type StartTlsOptions, type TlsState } from "./tls-options.ts";
import { TlsTransport } from "./tls-transport.ts";
import { startWait } from "./wait.ts";
import type { Writer } from "./writer.ts";

/** Which side of its connection this is. */
export interface ConnectionRole {
  readonly isServer?: boolean;
  /** The name or literal that a client has connected to. */
  readonly host?: string;
}

/** A connected stream. Take the halves apart as you like: `const { reader, writer } = connection`. */
export class Connection implements ByteStream {
  /** The peer's address. */
  readonly remoteAddress: Address;
  /** What the peer sends. */
  get reader(): Reader {
    return this.#stream.reader;
  }
  /** What the peer gets. */
  get writer(): Writer {
    return this.#stream.writer;
  }
  /**
   * The socket underneath, for its options: `socket.setsockopt`, `socket.getsockopt`. Reading, writing and closing are
   * this connection's.
   */
  get socket(): Socket {
    return this.#socket;
  }

  #socket: Socket;
  readonly #stream: TransportStream;
  readonly #role: ConnectionRole;
  #startedTls = false;
  #tls: TlsState | undefined;

  /** @internal */
  constructor(socket: Socket, remoteAddress: Address, options: StreamOptions, role: ConnectionRole = {}) {
    this.#socket = socket;
    this.#role = role;
    this.remoteAddress = remoteAddress;
    this.#stream = new TransportStream(new SocketTransport(socket), options);
  }

  /** Our address. Throws SocketError or ClosedError. */
  get localAddress(): Address {
    return this.#socket.getsockname();
  }

  /** What TLS has agreed on, with the peer's certificate; undefined without TLS. */
  get tls(): TlsState | undefined {
    return this.#tls;
  }

  /**
   * Goes on with TLS, as the client or server that this side is (STARTTLS): call it when the peer knows of it and
   * nothing was read beyond. Bytes that the peer has sent before the handshake are a ProtocolError, as anybody could
   * have put them there, and the connection is aborted. The same reader and writer go on; what is written during the
   * handshake is sent encrypted after it.
   * Rejects with TlsError, SocketError, TimeoutError, AbortError, ProtocolError; the connection is aborted then. Rejects
   * with StreamBusyError while a read waits, StreamClosedError after `end`, and TypeError, and then nothing was done.
   */
  async startTls(options: StartTlsOptions = {}): Promise<void> {
    checkTlsOptions("options", options, this.#role.isServer === true);
    const wait = startWait("startTls", options);
    const { reader, writer } = this;
    if (this.#startedTls) throw new StreamError("startTls: it is TLS already", "ERR_STREAM_TLS");
    if (this.#stream.isClosing || writer.closed) throw new StreamClosedError("startTls");
    if (reader.isReading) throw new StreamBusyError("startTls");
    this.#startedTls = true;
    const stopped = new AbortController();
    const paused = new PausedTransport(() => stopped.abort());
    try {
      if (reader.buffered > 0) {
        throw new ProtocolError(`startTls: the peer has sent ${reader.buffered} bytes before the handshake`);
      }
      // From this moment on nothing is read or written in the clear.
      reader.moveTo(paused);
      await writer.hold();
      this.#stream.moveTo(paused);
      const role: TlsRole = this.#role.isServer
        ? { isServer: true, options }
        : { isServer: false, host: this.#role.host ?? "localhost", options };
      // Node.js gets the descriptor; a second one keeps the options within reach, and the reset.
      const plainSocket = this.#socket;
      this.#socket = plainSocket.dup();
      const plain = plainSocket.toNodeSocket();
      const signal = wait.signal === undefined ? stopped.signal : AbortSignal.any([stopped.signal, wait.signal]);
      const socket = await handshake(plain, role, { ...options, signal });
      this.#tls = stateOf(socket);
      const transport = new TlsTransport(socket, this.#socket);
      this.#stream.moveTo(transport);
      paused.resume(transport);
    } catch (error) {
      const reason = stopped.signal.aborted ? new ClosedError("startTls") : error;
      paused.fail(reason);
      this.abort();
      this.#socket.close();
      throw reason;
    }
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
