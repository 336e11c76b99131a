/** SHA-256 of the beginning of a file, in constant memory. */
import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { BUFFER_SIZE } from "./limits.ts";

/** The hash so far; it can go on with what follows. Rejects when the file is shorter, or the signal fires. */
export async function hashFile(file: FileHandle, length: number, signal?: AbortSignal): Promise<Hash> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(Math.min(BUFFER_SIZE, Math.max(1, length)));
  for (let position = 0; position < length; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - position), position);
    if (bytesRead === 0) throw new Error(`The file has become shorter than ${length} bytes`);
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash;
}

/** The hash of everything so far, as text; the hash can go on. */
export function digestOf(hash: Hash): string {
  return hash.copy().digest("hex");
}
