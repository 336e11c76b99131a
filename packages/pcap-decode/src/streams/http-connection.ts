import { latin1 } from "../layers/content.ts";
import {
  type HTTPMessage,
  type HTTPRequest,
  type HTTPResponse,
  parseRequest,
  parseResponse,
  requestFraming,
  responseFraming,
  simpleResponse,
} from "./http-message.ts";
import { HTTPParser } from "./http-parser.ts";
import { HTTPTransaction } from "./http-transaction.ts";
import type { SharedLimit } from "./shared-limit.ts";
import type { StreamChunk, StreamSide } from "./tcp-chunk.ts";
import type { TCPStream } from "./tcp-stream.ts";

/** Limits, resolved. */
interface HTTPLimits {
  readonly maxBody: number;
  readonly maxTotalBody: number;
  readonly maxHead: number;
  readonly maxPipelined: number;
}

/** What the connections of one tracker share. */
export interface HTTPShared {
  readonly limits: HTTPLimits;
  readonly heads: SharedLimit<HTTPConnection>;
  /** Bytes of bodies under way. */
  bodyBytes: number;
  onTransaction(transaction: HTTPTransaction): void;
  readonly onRequest: ((transaction: HTTPTransaction) => void) | undefined;
}

/** Memory of the objects of a message, and of a field of its head, as measured on V8. */
const MESSAGE_OVERHEAD = 1024;
const FIELD_OVERHEAD = 160;

/** The messages of one connection. */
export class HTTPConnection {
  readonly #stream: TCPStream;
  readonly #shared: HTTPShared;
  readonly #requests: HTTPParser<HTTPRequest>;
  readonly #responses: HTTPParser<HTTPResponse>;
  /** Transactions whose response has not ended, in order. */
  readonly #waiting: HTTPTransaction[] = [];
  /** Memory of the heads of each of them. */
  readonly #heads: number[] = [];
  #headBytes = 0;
  /** The same of the messages whose bodies are under way: they may be told before they end. */
  readonly #current = { request: 0, response: 0 };
  /** What the limit over all connections was told last. */
  #accounted = 0;
  #client: StreamSide | undefined;
  #serverWasLost = false;

  constructor(stream: TCPStream, shared: HTTPShared) {
    this.#stream = stream;
    this.#shared = shared;
    const { maxHead } = shared.limits;
    const body = (message: HTTPMessage, bytes: Uint8Array) => this.#keep(message, bytes);
    this.#requests = new HTTPParser<HTTPRequest>(
      {
        parse: parseRequest,
        begin: (request, headBytes) => {
          this.#current.request = headMemory(request, headBytes);
          this.#request(request, this.#current.request);
          return requestFraming(request);
        },
        end: () => {
          this.#current.request = 0;
        },
        body,
        simple: true,
      },
      maxHead,
    );
    this.#responses = new HTTPParser<HTTPResponse>(
      {
        parse: parseResponse,
        begin: (response, headBytes) => {
          this.#current.response = headMemory(response, headBytes);
          const framing = responseFraming(response, this.#answer(response, this.#current.response));
          if (framing.kind === "tunnel") this.#requests.leave();
          return framing;
        },
        end: (response) => {
          this.#current.response = 0;
          this.#responseEnd(response);
        },
        body,
        headless: (time) => (this.#waiting[0]?.request?.version === "HTTP/0.9" ? simpleResponse(time) : undefined),
        simple: false,
      },
      maxHead,
    );
  }

  data({ from, bytes, missing, time }: StreamChunk): void {
    // Without a SYN the roles are a guess that the first line corrects.
    if (this.#client === undefined && missing === 0) {
      const answers = startsWithHTTP(bytes);
      if (answers && !this.#stream.fromStart) this.#client = from === "client" ? "server" : "client";
      else this.#client = "client";
    }
    const isRequest = from === (this.#client ?? "client");
    const parser = isRequest ? this.#requests : this.#responses;
    const wasLost = parser.lost;
    if (missing > 0) parser.gap(missing, time);
    else {
      if (!isRequest) this.#serverWasLost = wasLost;
      parser.push(bytes, time);
    }
    this.#account();
  }

  /** A side has sent all it had; `orderly` by a FIN. */
  finish(from: StreamSide, orderly: boolean): void {
    (from === (this.#client ?? "client") ? this.#requests : this.#responses).finish(orderly);
  }

  close(): void {
    for (const side of ["client", "server"] as const) this.finish(side, false);
    this.#tellFirst(this.#waiting.length);
    this.#account();
  }

  /** Lets go of all that is held: what waits is told as it is. */
  giveUp(): void {
    this.#accounted = 0;
    this.#requests.giveUp();
    this.#responses.giveUp();
    this.#tellFirst(this.#waiting.length);
  }

  #request(request: HTTPRequest, memory: number): void {
    const transaction = this.#wait(memory);
    transaction.request = request;
    this.#shared.onRequest?.(transaction);
    if (this.#waiting.length > this.#shared.limits.maxPipelined) this.#tellFirst(1);
  }

  #wait(memory: number): HTTPTransaction {
    const transaction = new HTTPTransaction(this.#stream);
    this.#waiting.push(transaction);
    this.#heads.push(memory);
    this.#headBytes += memory;
    return transaction;
  }

  /** Pairs a response that begins; gives the request that it answers. */
  #answer(response: HTTPResponse, memory: number): HTTPRequest | undefined {
    // Responses are missing: without pipelining only the last request can still be without one.
    if (this.#serverWasLost) this.#tellFirst(this.#waiting.length - 1);
    this.#serverWasLost = false;
    const transaction = this.#waiting[0] ?? this.#wait(0);
    if (response.status >= 200 || response.status === 101) transaction.response = response;
    else if (transaction.interim.length < this.#shared.limits.maxPipelined) transaction.interim.push(response);
    else return transaction.request;
    this.#heads[0]! += memory;
    this.#headBytes += memory;
    return transaction.request;
  }

  #responseEnd(response: HTTPResponse): void {
    if (this.#waiting[0]?.response === response) this.#tellFirst(1);
  }

  #keep({ body }: HTTPMessage, bytes: Uint8Array): void {
    const { maxBody, maxTotalBody } = this.#shared.limits;
    const room = Math.min(maxBody - body.kept, maxTotalBody - this.#shared.bodyBytes, bytes.length);
    // A gap in what is kept would be taken for the content.
    if (room <= 0 || body.released || body.kept + bytes.length < body.length) return;
    body.keep(bytes.subarray(0, room));
    this.#shared.bodyBytes += room;
  }

  /** Tells the first `count` of the transactions that wait. */
  #tellFirst(count: number): void {
    for (let left = count; left > 0; left--) {
      this.#headBytes -= this.#heads.shift()!;
      const transaction = this.#waiting.shift()!;
      for (const message of [transaction.request, transaction.response]) {
        if (message === undefined) continue;
        this.#shared.bodyBytes -= message.body.kept;
        message.body.released = true;
      }
      this.#shared.onTransaction(transaction);
    }
  }

  #account(): void {
    const { request, response } = this.#current;
    const gathered = this.#requests.gathered + this.#responses.gathered;
    const memory = this.#headBytes + request + response + gathered;
    if (memory === this.#accounted) return;
    this.#accounted = memory;
    this.#shared.heads.set(this, memory);
  }
}

/** What a message takes besides its body: its text, and objects for it and each of its fields. */
function headMemory({ headers }: HTTPMessage, headBytes: number): number {
  return headBytes + MESSAGE_OVERHEAD + headers.length * FIELD_OVERHEAD;
}

function startsWithHTTP(bytes: Uint8Array): boolean {
  return /^http\//i.test(latin1(bytes, 0, Math.min(bytes.length, 5)));
}
