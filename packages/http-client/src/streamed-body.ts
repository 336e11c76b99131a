import type { BodySource } from "./adapter.ts";
import type { BodyStream } from "./body-stream.ts";
import { decodeStream, type parseContentEncoding, tooLarge } from "./decode.ts";
import { ClosedError } from "./errors.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import { translate } from "./translate.ts";

/** A streamed body with its codings undone, its size bounded and its errors translated. */
export class StreamedBody implements BodySource {
  readonly #wire: BodyStream;
  readonly #request: PreparedRequest;
  readonly #limit: number;
  readonly #decoded: AsyncGenerator<Buffer, void> | null;
  #size = 0;
  #done = false;

  constructor(
    wire: BodyStream,
    codings: ReturnType<typeof parseContentEncoding>,
    limit: number,
    request: PreparedRequest,
  ) {
    this.#wire = wire;
    this.#request = request;
    this.#limit = limit;
    this.#decoded = codings.length === 0 ? null : decodeStream(wire, codings);
  }

  get isDone(): boolean {
    return this.#done;
  }

  async read(): Promise<Buffer | null> {
    let chunk: Buffer | null;
    try {
      chunk = this.#decoded === null ? await this.#wire.read() : ((await this.#decoded.next()).value ?? null);
    } catch (cause) {
      this.#done = true;
      const error = translate(cause, this.#request, "body");
      this.#wire.destroy(error);
      throw error;
    }
    if (chunk === null) {
      this.#done = true;
      return null;
    }
    this.#size += chunk.length;
    if (this.#size > this.#limit) {
      const error = tooLarge(this.#limit);
      this.#done = true;
      this.#wire.destroy(error);
      throw translate(error, this.#request, "body");
    }
    return chunk;
  }

  destroy(): void {
    if (this.#done) return;
    this.#done = true;
    this.#wire.destroy(new ClosedError("the response was closed before its body was read"));
    // The generator may wait inside zlib; returning lets it clean up, and nobody needs its answer.
    this.#decoded?.return().catch(() => {});
  }
}
