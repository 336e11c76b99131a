/** The sending side of a transfer. */
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { type ByteStream, ProtocolError } from "@sockeye/async-streams";
import { digestOf, hashFile } from "./hash-file.ts";
import { ANSWER_TIMEOUT, BUFFER_SIZE, BUFFER_TIMEOUT, HASH_TIMEOUT, MESSAGE_TIMEOUT } from "./limits.ts";
import { expectMessage, messagesOf } from "./messages.ts";
import type { OnProgress } from "./receiver.ts";

/** What is sent. */
export interface SendOptions {
  /** The file under this name is for the receiver. */
  name: string;
  /** So many bytes of the file. */
  size: number;
  onProgress: OnProgress;
  /** Aborts the stream when it fires. */
  signal?: AbortSignal | undefined;
}

/** What was sent. */
export interface Sent {
  /** The receiver had so many bytes before. */
  from: number;
  /** Of the whole file. */
  sha256: string;
}

/**
 * Sends a file, or what the receiver does not have of it. Resolves when the receiver has checked the whole. Rejects with
 * RefusedError, or as reads, writes and files do.
 */
export async function sendFile(stream: ByteStream, file: FileHandle, options: SendOptions): Promise<Sent> {
  const { name, size, onProgress, signal } = options;
  const messages = messagesOf(stream);
  const onAbort = (): void => stream.abort();
  signal?.addEventListener("abort", onAbort);
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    await messages.send({ type: "offer", name, size });
    const { length } = await expectMessage(messages, "have", { timeout: MESSAGE_TIMEOUT });
    if (length > size) throw new ProtocolError(`The receiver has ${length} bytes of ${size}`);
    let hash = await hashFile(file, length, signal);
    await messages.send({ type: "prefix", sha256: digestOf(hash) });
    const { from } = await expectMessage(messages, "go", { timeout: HASH_TIMEOUT });
    if (from !== length && from !== 0)
      throw new ProtocolError(`The receiver asks for byte ${from}, not 0 or ${length}`);
    if (from === 0) hash = createHash("sha256");

    // The receiver may refuse at any moment, and then the rest need not be sent.
    const answer = expectMessage(messages, "received", { signal: over.signal });
    answer.catch((reason) => over.abort(reason));
    const onPosition = onProgress({ name, size }, from);
    const buffer = Buffer.allocUnsafe(BUFFER_SIZE);
    for (let position = from; position < size; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - position), position);
      if (bytesRead === 0) throw new Error(`The file has become shorter than the ${size} bytes that were promised`);
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      await stream.writer.write(chunk, { timeout: BUFFER_TIMEOUT, signal: over.signal });
      position += bytesRead;
      onPosition(position);
    }
    const sha256 = digestOf(hash);
    await messages.send({ type: "end", sha256 }, { timeout: MESSAGE_TIMEOUT, signal: over.signal });
    timer = setTimeout(() => over.abort(new Error("The receiver does not answer")), ANSWER_TIMEOUT);
    await answer;
    return { from, sha256 };
  } catch (error) {
    throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
