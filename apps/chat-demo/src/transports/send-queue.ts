/** What waits to be sent to one client, within limits. */
import type { Writer } from "@sockeye/async-streams";
import type { Limits } from "../hub/limits.ts";

/** The writer copies what it is given, so most of what waits stays here, where all clients share the same bytes. */
const FEED = 16 * 1024;

interface WriterLike extends Pick<Writer, "flush" | "buffered"> {
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

export class SendQueue {
  readonly #writer: WriterLike;
  readonly #maxBytes: number;
  readonly #maxMessages: number;
  readonly #queue: Uint8Array[] = [];
  #bytes = 0;
  #draining: Promise<void> | undefined;
  #ended: Promise<void> | undefined;

  constructor(writer: WriterLike, limits: Pick<Limits, "maxQueueBytes" | "maxQueueMessages">) {
    this.#writer = writer;
    this.#maxBytes = limits.maxQueueBytes;
    this.#maxMessages = limits.maxQueueMessages;
  }

  /** Bytes that wait, those in the writer not counted. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Queues a message, whose bytes must not change any more; false when there is no room for it. */
  push(message: Uint8Array): boolean {
    if (this.#ended !== undefined) return true;
    if (this.#draining === undefined && this.#writer.buffered + message.length <= FEED) {
      void this.#writer.write(message);
      return true;
    }
    if (this.#bytes + message.length > this.#maxBytes || this.#queue.length >= this.#maxMessages) return false;
    this.#add(message);
    return true;
  }

  #add(message: Uint8Array): void {
    this.#queue.push(message);
    this.#bytes += message.length;
    this.#draining ??= this.#drain();
  }

  /**
   * Sends a last message and then the end of the stream. With `discard`, what waits is given up first.
   * Never rejects; calling it again gives the same promise.
   */
  end(last: Uint8Array, { discard = false }: { discard?: boolean } = {}): Promise<void> {
    if (this.#ended === undefined) {
      if (discard) this.#clear();
      this.#add(last);
      this.#ended = (this.#draining ?? Promise.resolve()).then(() => this.#writer.end()).catch(() => {});
    }
    return this.#ended;
  }

  #clear(): void {
    // Emptied and not replaced: a drain that waits for the kernel may still hold the array.
    this.#queue.length = 0;
    this.#bytes = 0;
  }

  async #drain(): Promise<void> {
    try {
      do {
        await this.#writer.flush();
        const queue = this.#queue;
        let sent = 0;
        while (sent < queue.length && this.#writer.buffered < FEED) {
          const message = queue[sent++]!;
          this.#bytes -= message.length;
          void this.#writer.write(message);
        }
        queue.splice(0, sent);
      } while (this.#queue.length > 0);
    } catch {
      // The connection broke; whoever reads from it hears why.
      this.#clear();
    }
    this.#draining = undefined;
  }
}
