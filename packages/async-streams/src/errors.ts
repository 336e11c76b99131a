/** The errors that streams add to those of sockets. */

/** The base of this package's errors; what the network itself reports is socket-core's SocketError. */
export class StreamError extends Error {
  readonly code: string;

  constructor(message: string, code: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** The stream ended in the middle of what was asked for. Code `ERR_STREAM_INCOMPLETE`. */
export class IncompleteReadError extends StreamError {
  /** What had arrived; it is no longer in the reader. */
  readonly partial: Buffer;
  /** How many bytes were wanted, or `null` when a separator or an item of a codec was. */
  readonly expected: number | null;

  constructor(partial: Buffer, expected: number | null) {
    const wanted = expected === null ? "what was to be read was complete" : `${expected} had arrived`;
    super(`The stream ended after ${partial.length} bytes, before ${wanted}`, "ERR_STREAM_INCOMPLETE");
    this.partial = partial;
    this.expected = expected;
  }
}

/** What was to be read does not end within the limit. The data is kept, so reading may go on another way. Code `ERR_STREAM_LIMIT`. */
export class LimitError extends StreamError {
  /** How many bytes in the reader belong to what is too long. */
  readonly consumed: number;
  /** The limit that was passed, in bytes. */
  readonly limit: number;

  constructor(consumed: number, limit: number) {
    super(`No end within ${limit} bytes`, "ERR_STREAM_LIMIT");
    this.consumed = consumed;
    this.limit = limit;
  }
}

/** This side is closed or was ended. Code `ERR_STREAM_CLOSED`. */
export class StreamClosedError extends StreamError {
  constructor(what: string) {
    super(`${what}: the stream is closed`, "ERR_STREAM_CLOSED");
  }
}

/** A read already waits on this reader. Code `ERR_STREAM_BUSY`. */
export class StreamBusyError extends StreamError {
  constructor(what: string) {
    super(`${what}: another read already waits on this reader`, "ERR_STREAM_BUSY");
  }
}

/** A peer broke the rules of a codec. Code `ERR_STREAM_PROTOCOL`. */
export class ProtocolError extends StreamError {
  constructor(message: string, cause?: unknown) {
    super(message, "ERR_STREAM_PROTOCOL", cause);
  }
}

/** A handshake failed, a certificate was refused, or the records of TLS are broken. The code is that of OpenSSL or Node.js. */
export class TlsError extends StreamError {}
