import type { Adapter, AdapterResponse, BodySource, SendOptions } from "./adapter.ts";
import { HeaderMap } from "./headers.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import { translate } from "./translate.ts";

/** Answers a request without a network: returns a fetch `Response`. */
export type FetchLike = (
  request: PreparedRequest,
  options: SendOptions,
) => globalThis.Response | Promise<globalThis.Response>;

/** An adapter made of a function: for tests, for `fetch`, or for an application called in process. */
export class FunctionAdapter implements Adapter {
  readonly #answer: FetchLike;

  constructor(answer: FetchLike) {
    this.#answer = answer;
  }

  async send(request: PreparedRequest, options: SendOptions): Promise<AdapterResponse> {
    const startedAt = performance.now();
    let answer: globalThis.Response;
    try {
      answer = await this.#answer(request, options);
    } catch (error) {
      throw translate(error, request, "headers");
    }
    const body = answer.body;
    return {
      status: answer.status,
      reason: answer.statusText,
      headers: HeaderMap.fromWire([...answer.headers].flat()),
      body:
        body === null ? Buffer.alloc(0) : options.stream ? webSource(body) : Buffer.from(await answer.arrayBuffer()),
      elapsed: performance.now() - startedAt,
      truncated: false,
    };
  }

  async close(): Promise<void> {}
}

function webSource(body: ReadableStream<Uint8Array>): BodySource {
  const reader = body.getReader();
  let isDone = false;
  return {
    async read() {
      const { done, value } = await reader.read();
      isDone = done;
      return done ? null : Buffer.from(value);
    },
    destroy() {
      isDone = true;
      reader.cancel().catch(() => {});
    },
    get isDone() {
      return isDone;
    },
  };
}
