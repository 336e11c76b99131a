/** Ours as web streams. */
import { ReadableStream, WritableStream } from "node:stream/web";
import type { ByteStream } from "../byte-stream.ts";
import { checkStream } from "../check.ts";
import type { WebStreams } from "./web-streams.ts";

/** One read takes up to so many bytes where the consumer brings no buffer. */
const CHUNK_SIZE = 64 * 1024;

/**
 * Web streams over a connection, which they own from now on, with the bytes that were not read yet. Reading takes the
 * consumer's buffer where it brings one (BYOB) and stops while nobody reads. Closing the writable is a half-close; when
 * both directions have ended it closes, and `cancel` and `abort` abort it.
 */
export function toWeb(stream: ByteStream): WebStreams {
  checkStream("stream", stream);
  const { reader, writer } = stream;
  let open = 2;
  const ended = async (): Promise<void> => {
    if (--open === 0) await stream.close();
  };
  const readable = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: CHUNK_SIZE,
    async pull(controller): Promise<void> {
      const request = controller.byobRequest!;
      const view = request.view!;
      const count = await reader.readInto(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      if (count === null) {
        controller.close();
        void ended();
      }
      request.respond(count ?? 0);
    },
    cancel: () => stream.abort(),
  });
  const writable = new WritableStream<Uint8Array>({
    write: (chunk) => writer.write(chunk),
    async close(): Promise<void> {
      await writer.end();
      void ended();
    },
    abort: () => stream.abort(),
  });
  return { readable: readable as ReadableStream<Uint8Array>, writable };
}
