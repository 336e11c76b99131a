import type { Socket } from "node:net";
import { ProxyError } from "./errors.ts";

/** Reads the few bytes that a proxy says before the connection is handed on. */
export class Handshake {
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** Exactly `length` bytes. */
  async exactly(length: number): Promise<Buffer> {
    while (this.#buffer.length < length) await this.#more();
    return this.#take(length);
  }

  /** Everything up to and with `delimiter`; a ProxyError when it is not within `limit` bytes. */
  async until(delimiter: string, limit: number): Promise<Buffer> {
    for (;;) {
      const at = this.#buffer.indexOf(delimiter);
      if (at >= 0) return this.#take(at + delimiter.length);
      if (this.#buffer.length > limit) throw new ProxyError(`the proxy's answer is longer than ${limit} bytes`);
      await this.#more();
    }
  }

  /** Gives back what was read too far, so that the next reader gets it. */
  end(): void {
    if (this.#buffer.length > 0) this.#socket.unshift(this.#buffer);
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  async #more(): Promise<void> {
    const chunk = (this.#socket.read() as Buffer | null) ?? (await nextChunk(this.#socket));
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
  }
}

function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      socket.off("readable", onReadable).off("end", onEnd).off("close", onEnd).off("error", onError);
      action();
    };
    const onReadable = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) settle(() => resolve(chunk));
    };
    const onEnd = (): void =>
      settle(() => reject(new ProxyError("the proxy closed the connection during its handshake")));
    const onError = (cause: Error): void =>
      settle(() => reject(new ProxyError(`the connection to the proxy broke: ${cause.message}`, { cause })));
    socket.on("readable", onReadable).on("end", onEnd).on("close", onEnd).on("error", onError);
    if (socket.destroyed) onEnd();
  });
}
