/** A socket as a stream of `node:stream`: Python's makefile, and the way into everything that takes a Duplex. */
import { Duplex } from "node:stream";
import { checkOptions } from "../check.ts";
import { SHUT_WR } from "../constants.ts";
import { ClosedError } from "../errors.ts";
import type { Socket } from "../socket.ts";

/** What `toDuplex` takes. */
export interface DuplexOptions {
  /** Whether our side stays open when the peer has ended. Default true: a socket has two directions. */
  allowHalfOpen?: boolean;
  /** Bytes that are read ahead, and written before `write` returns false. Default: that of Node.js. */
  highWaterMark?: number;
}

/**
 * A Duplex over a connected stream socket, which it owns from now on: `end` sends FIN, `destroy` closes, reading stops
 * while nobody reads. Socket errors are its `error` events.
 */
export function toDuplex(socket: Socket, options: DuplexOptions = {}): Duplex {
  checkOptions("options", options);
  let reading = false;
  const duplex: Duplex = new Duplex({
    allowHalfOpen: options.allowHalfOpen ?? true,
    ...(options.highWaterMark !== undefined && { highWaterMark: options.highWaterMark }),
    read(): void {
      if (reading) return;
      reading = true;
      void pump();
    },
    write(chunk: Buffer, _encoding, callback): void {
      socket.sendAll(chunk).then(() => callback(), callback);
    },
    writev(chunks, callback): void {
      socket.sendAll(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))).then(() => callback(), callback);
    },
    final(callback): void {
      try {
        if (!socket.closed) socket.shutdown(SHUT_WR);
        callback();
      } catch (error) {
        callback(error as Error);
      }
    },
    destroy(error, callback): void {
      socket.close();
      callback(error);
    },
  });

  async function pump(): Promise<void> {
    try {
      for (;;) {
        const data = await socket.recv();
        if (!duplex.push(data)) break;
        if (data === null) break;
      }
      reading = false;
    } catch (error) {
      if (!(error instanceof ClosedError && duplex.destroyed)) duplex.destroy(error as Error);
    }
  }
  return duplex;
}
