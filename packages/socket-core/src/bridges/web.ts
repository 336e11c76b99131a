/** A socket as a pair of web streams, WHATWG Streams. */
import { ReadableStream, WritableStream } from "node:stream/web";
import { SHUT_WR } from "../constants.ts";
import type { Socket } from "../socket.ts";

/** The two directions of a socket. */
export interface WebStreams {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<string | Uint8Array>;
}

/** One read takes up to so many bytes where the consumer brings no buffer. */
const CHUNK_SIZE = 64 * 1024;

/**
 * Web streams over a connected stream socket, which they own from now on. Reading takes the consumer's buffer where it
 * brings one (BYOB) and stops while nobody reads. Closing the writable sends FIN; the socket closes when both
 * directions have ended, or at once on `cancel` and `abort`.
 */
export function toWeb(socket: Socket): WebStreams {
  let open = 2;
  const ended = (): void => {
    if (--open === 0) socket.close();
  };
  const readable = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: CHUNK_SIZE,
    async pull(controller): Promise<void> {
      const request = controller.byobRequest!;
      const view = request.view!;
      const count = await socket.recvInto(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      if (count === 0) {
        controller.close();
        ended();
      }
      request.respond(count);
    },
    cancel(): void {
      socket.close();
    },
  });
  const writable = new WritableStream<string | Uint8Array>({
    write: (chunk) => socket.sendAll(chunk),
    close(): void {
      if (!socket.closed) socket.shutdown(SHUT_WR);
      ended();
    },
    abort(): void {
      socket.close();
    },
  });
  return { readable: readable as ReadableStream<Uint8Array>, writable };
}
