/** A source whose chunks arrive when a test says so: where a kernel cuts a stream cannot be provoked. */
import { AbortError, TimeoutError, type WaitOptions } from "@sockeye/socket-core";
import type { ByteQueue } from "../src/byte-queue.ts";
import type { ByteSource } from "../src/byte-source.ts";

export class FakeSource implements ByteSource {
  readonly #chunks: Uint8Array[] = [];
  #outcome: { error?: unknown } | undefined;
  #wake: (() => void) | undefined;
  pulls = 0;
  waits = 0;

  /** Each is what one read from the kernel finds. */
  feed(...chunks: (string | Uint8Array)[]): this {
    for (const chunk of chunks) if (chunk.length > 0) this.#chunks.push(Buffer.from(chunk as Uint8Array));
    this.#wake?.();
    return this;
  }

  end(): this {
    this.#outcome = {};
    this.#wake?.();
    return this;
  }

  fail(error: unknown): this {
    this.#outcome = { error };
    this.#wake?.();
    return this;
  }

  pull(queue: ByteQueue): number | null {
    this.pulls++;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      queue.push(chunk);
      return chunk.length;
    }
    if (this.#outcome === undefined) return null;
    if ("error" in this.#outcome) throw this.#outcome.error;
    return 0;
  }

  async wait({ signal, timeout }: WaitOptions = {}): Promise<void> {
    this.waits++;
    if (this.#chunks.length > 0 || this.#outcome !== undefined) return;
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        onAbort = () => reject(new AbortError("wait", signal?.reason));
        signal?.addEventListener("abort", onAbort);
        if (typeof timeout === "number") timer = setTimeout(() => reject(new TimeoutError("wait", timeout)), timeout);
      });
    } finally {
      clearTimeout(timer);
      if (onAbort) signal?.removeEventListener("abort", onAbort);
    }
  }
}
