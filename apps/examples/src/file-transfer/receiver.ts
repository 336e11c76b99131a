/** The receiving side of a transfer. */
import { createHash, type Hash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { type ByteStream, IncompleteReadError, StreamError } from "@sockeye/async-streams";
import { SocketError } from "@sockeye/socket-core";
import { problemOfName } from "./file-name.ts";
import { digestOf, hashFile } from "./hash-file.ts";
import { BUFFER_SIZE, BUFFER_TIMEOUT, HASH_TIMEOUT, MESSAGE_TIMEOUT } from "./limits.ts";
import { expectMessage, type Message, type Messages, messagesOf, RefusedError } from "./messages.ts";
import { PartFile } from "./part-file.ts";

/** What a receiver takes. */
export interface ReceiverOptions {
  /** Where files go. */
  folder: string;
  /** The largest file, in bytes. */
  maxSize: number;
}

/** A file that is there. */
export interface Received {
  name: string;
  size: number;
  /** So many bytes were there before. */
  from: number;
  sha256: string;
}

/** What hears how a transfer goes on. */
export type OnProgress = (offer: { name: string; size: number }, from: number) => (position: number) => void;

type Offer = Extract<Message, { type: "offer" }>;

/** Receives files into one folder, each name, however it is spelled, from one sender at a time. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #underWay = new Set<string>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /**
   * Receives one file. What has arrived before a cut stays for the next try. Rejects with RefusedError when it does not
   * want the file, and the sender knows; else as reads, files and codecs do, or when the signal fires.
   */
  async receive(stream: ByteStream, onProgress: OnProgress, signal?: AbortSignal): Promise<Received> {
    const messages = messagesOf(stream);
    try {
      const offer = await expectMessage(messages, "offer", { timeout: MESSAGE_TIMEOUT });
      const problem = problemOfName(offer.name);
      if (problem !== undefined) throw new RefusedError(`the name is not good: ${problem}`);
      const place = placeOf(offer.name);
      if (this.#underWay.has(place)) throw new RefusedError(`somebody is sending "${offer.name}" already`);
      this.#underWay.add(place);
      try {
        await this.#check(offer);
        const part = await PartFile.open(this.#options.folder, offer.name);
        try {
          return await receiveInto(part, offer, stream, messages, onProgress, signal);
        } finally {
          await part.close();
        }
      } finally {
        this.#underWay.delete(place);
      }
    } catch (error) {
      const reason = signal?.aborted ? undefined : reasonOf(error);
      if (reason === undefined) throw error;
      await messages.send({ type: "refused", reason }, { timeout: MESSAGE_TIMEOUT });
      throw new RefusedError(reason, { cause: error });
    }
  }

  async #check({ name, size }: Offer): Promise<void> {
    const { folder, maxSize } = this.#options;
    if (size > maxSize) throw new RefusedError(`${size} bytes are more than the ${maxSize} that are allowed`);
    if (await PartFile.isTaken(folder, name)) throw new RefusedError(`there is a file "${name}" already`);
    const { bavail, bsize } = await statfs(folder);
    // What came before a cut takes its room already.
    const missing = size - (await PartFile.lengthOf(folder, name));
    if (missing > bavail * bsize) throw new RefusedError("there is no room for it");
  }
}

/** Names of one place are the same here: macOS tells neither capitals nor forms of Unicode apart. */
function placeOf(name: string): string {
  return name.normalize("NFC").toUpperCase().normalize("NFC");
}

async function receiveInto(
  part: PartFile,
  { name, size }: Offer,
  stream: ByteStream,
  messages: Messages,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<Received> {
  // More than the whole cannot be a part of it.
  if (part.length > size) await part.clear();
  await messages.send({ type: "have", length: part.length });
  let hash = await hashFile(part.file, part.length, signal);
  const prefix = await expectMessage(messages, "prefix", { timeout: HASH_TIMEOUT });
  if (prefix.sha256 !== digestOf(hash)) {
    // It is a part of something else.
    await part.clear();
    hash = createHash("sha256");
  }
  const from = part.length;
  await messages.send({ type: "go", from });
  await takeContent(part, size, hash, stream, onProgress({ name, size }, from));
  const { sha256 } = await expectMessage(messages, "end", { timeout: MESSAGE_TIMEOUT });
  if (sha256 !== digestOf(hash)) {
    await part.remove();
    throw new RefusedError("what has arrived has another hash than what was sent");
  }
  await part.finish();
  await messages.send({ type: "received" });
  return { name, size, from, sha256 };
}

async function takeContent(
  part: PartFile,
  size: number,
  hash: Hash,
  { reader }: ByteStream,
  onPosition: (position: number) => void,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(BUFFER_SIZE);
  while (part.length < size) {
    const wanted = Math.min(buffer.length, size - part.length);
    const deadline = performance.now() + BUFFER_TIMEOUT;
    let filled = 0;
    try {
      while (filled < wanted) {
        const count = await reader.readInto(buffer.subarray(filled, wanted), {
          timeout: Math.max(0, deadline - performance.now()),
        });
        if (count === null) throw new IncompleteReadError(Buffer.alloc(0), size - part.length);
        filled += count;
      }
    } finally {
      // Also what came before a cut: it need not be sent again.
      hash.update(buffer.subarray(0, filled));
      await part.append(buffer.subarray(0, filled));
    }
    onPosition(part.length);
  }
}

/** What the sender may know of an error; undefined where it is the sender's doing, or nobody is there to hear it. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof RefusedError) return error.message;
  if (error instanceof StreamError || error instanceof SocketError) return undefined;
  return Object(error).code === "EEXIST" ? "there is such a file by now" : "it cannot be written to the disk";
}
