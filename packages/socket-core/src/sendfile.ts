/** sendfile(2): from a file to a stream, in the kernel. */
import type { FileHandle } from "node:fs/promises";
import { constants as os } from "node:os";
import { checkInteger, checkWait, typeError } from "./check.ts";
import { BusyError, ClosedError, systemError } from "./errors.ts";
import { native } from "./native.ts";
import { type Descriptor, WRITE } from "./readiness.ts";
import type { SendOptions } from "./send.ts";

/** What `sendfile` takes. */
export interface SendfileOptions extends Omit<SendOptions, "flags"> {
  /** Where in the file to begin, in bytes. Default 0. */
  offset?: number;
  /** How many bytes; default: to the end of the file. */
  count?: number;
}

const EAGAIN = -os.errno.EAGAIN;
const EINTR = -os.errno.EINTR;
/** One call sends at most so much, so that closing the socket does not wait long for the disk. */
const CHUNK = 1024 * 1024;

function describe(file: unknown): file is FileHandle {
  return typeof file === "object" && file !== null && typeof (file as FileHandle).fd === "number";
}

export async function sendFile(
  owner: object,
  d: Descriptor,
  file: FileHandle,
  options: SendfileOptions = {},
): Promise<number> {
  checkWait(options);
  if (!describe(file)) throw typeError("file", "a FileHandle", file);
  const offset = checkInteger("offset", options.offset ?? 0, 0, Number.MAX_SAFE_INTEGER);
  const wanted =
    options.count === undefined
      ? Number.POSITIVE_INFINITY
      : checkInteger("count", options.count, 0, Number.MAX_SAFE_INTEGER);
  if (d.fd < 0) throw new ClosedError("sendfile");
  if (d.isWaiting(WRITE)) throw new BusyError("sendfile", "another call already waits on this socket");
  // The thread works on a copy: closing the socket meanwhile must not let it write to whoever gets the number next.
  const copy = native.dup(d.fd);
  if (copy < 0) throw systemError("sendfile", copy);
  let sent = 0;
  try {
    while (sent < wanted) {
      const count = await native.sendfile(copy, file.fd, offset + sent, Math.min(CHUNK, wanted - sent));
      if (count === 0) break;
      if (count > 0) sent += count;
      else if (count !== EAGAIN && count !== EINTR) throw systemError("sendfile", count, undefined, sent);
      else {
        const progress = (): number => sent;
        await d.run(
          owner,
          WRITE,
          "sendfile",
          () => 0,
          () => {},
          options,
          { waitFirst: true, progress },
        );
      }
      if (d.fd < 0) throw new ClosedError("sendfile", { bytesSent: sent });
    }
    return sent;
  } finally {
    native.close(copy);
  }
}
