/** Ours as streams of `node:stream`. */
import { Duplex } from "node:stream";
import type { ByteStream } from "../byte-stream.ts";
import { checkStream } from "../check.ts";

/**
 * A Duplex of `node:stream` over a connection, which it owns from now on, with the bytes that were not read yet. `end`
 * is a half-close; when both directions have ended it closes, and `destroy` before that aborts. Reading stops while
 * nobody reads. Errors of the connection are its `error` events.
 */
export function toDuplex(stream: ByteStream): Duplex {
  checkStream("stream", stream);
  const { reader, writer } = stream;
  let isReading = false;

  async function pump(duplex: Duplex): Promise<void> {
    try {
      for (;;) {
        const chunk = await reader.read();
        isReading = chunk !== null;
        if (!duplex.push(chunk)) break;
      }
      isReading = false;
    } catch (error) {
      duplex.destroy(error as Error);
    }
  }

  return new Duplex({
    read(): void {
      if (isReading) return;
      isReading = true;
      void pump(this as Duplex);
    },
    write(chunk: Buffer, _encoding, callback): void {
      writer.write(chunk).then(() => callback(), callback);
    },
    writev(chunks, callback): void {
      writer.write(chunks.map(({ chunk }) => chunk as Buffer)).then(() => callback(), callback);
    },
    final(callback): void {
      writer.end().then(() => callback(), callback);
    },
    destroy(error, callback): void {
      const duplex = this as Duplex;
      if (error === null && duplex.readableEnded && duplex.writableFinished) {
        stream.close().then(() => callback(null), callback);
        return;
      }
      stream.abort();
      callback(error);
    },
  });
}
