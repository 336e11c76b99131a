/** sendfile(2): from a file to a stream, in the kernel. */
import type { FileHandle } from "node:fs/promises";
import { constants as os } from "node:os";
import { checkInteger, checkWait, rangeError, typeError } from "./check.ts";
import { AbortError, ClosedError, systemError, TimeoutError } from "./errors.ts";
import { native } from "./native.ts";
import { defineCall, WRITE } from "./operation.ts";
import type { Descriptor } from "./readiness.ts";
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

interface Progress {
  sent: number;
}

/** Waits for room. The call that writes is made on another thread, with the writing side reserved for it. */
const writableCall = defineCall<Progress, void>({
  syscall: "sendfile",
  direction: WRITE,
  attempt: () => 0,
  finish() {},
  waitFirst: true,
  progress: ({ sent }) => sent,
});

function describe(file: unknown): file is FileHandle {
  return typeof file === "object" && file !== null && typeof (file as FileHandle).fd === "number";
}

export async function sendFile(
  owner: { readonly type: number },
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
  if (!d.stream) throw rangeError("type", "SOCK_STREAM to send a file", owner.type);
  const { signal } = options;
  if (signal?.aborted) throw new AbortError("sendfile", signal.reason, { bytesSent: 0 });
  const limit = options.timeout === undefined ? d.timeout : options.timeout;
  const deadline = limit === null ? Number.POSITIVE_INFINITY : performance.now() + limit;
  const progress: Progress = { sent: 0 };
  d.reserve("sendfile", progress);
  // The thread works on a copy: closing the socket meanwhile must not let it write to whoever gets the number next.
  const copy = native.dup(d.fd);
  try {
    if (copy < 0) throw systemError("sendfile", copy);
    while (progress.sent < wanted) {
      const count = await native.sendfile(
        copy,
        file.fd,
        offset + progress.sent,
        Math.min(CHUNK, wanted - progress.sent),
      );
      if (count === 0) break;
      if (count > 0) progress.sent += count;
      else if (count !== EAGAIN && count !== EINTR) throw systemError("sendfile", count, undefined, progress.sent);
      if (d.fd < 0) throw new ClosedError("sendfile", { bytesSent: progress.sent });
      if (signal?.aborted) throw new AbortError("sendfile", signal.reason, { bytesSent: progress.sent });
      const left = deadline - performance.now();
      if (limit !== 0 && left <= 0) throw new TimeoutError("sendfile", limit!, { bytesSent: progress.sent });
      if (count !== EAGAIN) continue;
      const timeout = limit === null ? null : limit === 0 ? 0 : left;
      await d.run(owner, writableCall, progress, { signal, timeout });
    }
    return progress.sent;
  } catch (error) {
    // What is left of the time is no news to the caller; the time that was allowed is.
    if (error instanceof TimeoutError) throw new TimeoutError("sendfile", limit!, { bytesSent: progress.sent });
    throw error;
  } finally {
    d.release(progress);
    if (copy >= 0) native.close(copy);
  }
}
