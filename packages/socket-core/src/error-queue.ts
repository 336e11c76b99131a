/**
 * The error queue of ip(7), MSG_ERRQUEUE. While it holds something poll(2) reports an error, so it must be emptied
 * before the next wait; what was in it is kept here for whoever asks.
 */
import { addressBuffer } from "./address.ts";
import { MSG_ERRQUEUE } from "./constants.ts";
import { layout, META, native } from "./native.ts";

/** One entry: the datagram that caused it, as far as the kernel kept it, and what is known of the error. */
export interface QueuedError {
  data: Buffer;
  control: Buffer;
  flags: number;
  address: Uint8Array;
}

/** So many entries are kept for a socket; older ones are dropped first. */
const MAX_ERRORS = 64;
const MAX_DATA = 2048;
const MAX_CONTROL = 512;

const meta = new Int32Array(META.size);
const metaBytes = new Uint8Array(meta.buffer);

/** Appends what the kernel has. The list is made when there is something to keep. */
export function takeErrors(fd: number, kept: QueuedError[] | null): QueuedError[] | null {
  if (MSG_ERRQUEUE === -1) return kept;
  let errors = kept;
  for (let i = 0; i < MAX_ERRORS; i++) {
    const data = Buffer.alloc(MAX_DATA);
    const control = Buffer.alloc(MAX_CONTROL);
    const length = native.recvmsg(fd, [data], MSG_ERRQUEUE, control, metaBytes, addressBuffer);
    if (length < 0) break;
    errors ??= [];
    errors.push({
      data: data.subarray(0, Math.min(length, MAX_DATA)),
      control: control.subarray(0, meta[META.control]),
      flags: meta[META.flags]!,
      address: addressBuffer.slice(0, 4 + layout.batchAddress),
    });
    if (errors.length > MAX_ERRORS) errors.shift();
  }
  return errors;
}
