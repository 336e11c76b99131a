import { checkInteger, InvalidValueError } from "../errors.ts";
import { latin1 } from "../layers/content.ts";
import type { Packet } from "../packet.ts";
import type { Timestamp } from "../timestamp.ts";
import { Defragmenter } from "./defragment.ts";
import { endpointText } from "./endpoint.ts";
import {
  type HTTPMessage,
  type HTTPRequest,
  type HTTPResponse,
  headerOf,
  parseRequest,
  parseResponse,
  requestFraming,
  responseFraming,
  simpleResponse,
} from "./http-message.ts";
import { HTTPParser } from "./http-parser.ts";
import { TCPReassembler, type TCPReassemblyOptions } from "./reassemble.ts";
import type { StreamChunk, StreamSide } from "./tcp-chunk.ts";
import type { TCPStream, TCPStreamHandler } from "./tcp-stream.ts";

/** What an `HTTPTracker` keeps, and tells. */
export interface HTTPTrackerOptions extends TCPReassemblyOptions {
  /** Called when the head of a request was seen: for showing requests while they wait. */
  onRequest?(transaction: HTTPTransaction): void;
  /** Bytes of one body that are kept; the others are counted. 0 keeps none. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** The same over all messages that are under way. Default 256 MiB. */
  readonly maxTotalBodyBytes?: number;
  /** Bytes of a head; a longer one is none. Default 64 KiB. */
  readonly maxHeadBytes?: number;
  /** Requests of one connection that wait for an answer; past it the oldest is told without one. Default 1,000. */
  readonly maxPipelined?: number;
}

/** A request and its response. One of them is missing where the capture lacks it. */
export class HTTPTransaction {
  readonly stream: TCPStream;
  request: HTTPRequest | undefined;
  response: HTTPResponse | undefined;
  /** Responses with a status below 200 that came before. */
  readonly interim: HTTPResponse[] = [];

  /** @internal */
  constructor(stream: TCPStream) {
    this.stream = stream;
  }

  /** The whole URL, from the Host header or else the server's address; `undefined` without a request. */
  get url(): string | undefined {
    const { request } = this;
    if (request === undefined) return undefined;
    const { target, method } = request;
    if (method === "CONNECT" || /^[a-z][a-z0-9+.-]*:\/\//i.test(target)) return target;
    const host = headerOf(request, "host") || endpointText(this.stream.server);
    return `http://${host}${target.startsWith("/") ? "" : "/"}${target}`;
  }

  /** Seconds from the first byte of the request to the last of the response; `undefined` unless both are there. */
  get duration(): number | undefined {
    return this.request && this.response && seconds(this.request.time, this.response.endTime);
  }

  /** Seconds from the last byte of the request to the first of the response; negative when that came early. */
  get waiting(): number | undefined {
    return this.request && this.response && seconds(this.request.endTime, this.response.time);
  }
}

function seconds(from: Timestamp, to: Timestamp): number {
  return to.seconds - from.seconds + (to.nanoseconds - from.nanoseconds) / 1e9;
}

/** Limits, resolved. */
interface Limits {
  readonly maxBody: number;
  readonly maxTotal: number;
  readonly maxHead: number;
  readonly maxPipelined: number;
}

/** Bytes of bodies under way, over all connections. */
interface Held {
  bytes: number;
}

/**
 * Finds the HTTP/1 requests and responses of a capture and pairs them, on any port. `add` takes packets one by one;
 * `onTransaction` is called when a response is there, or when none can come any more.
 *
 * Throws an `InvalidValueError` for an option that is out of range.
 */
export class HTTPTracker {
  readonly #onTransaction: (transaction: HTTPTransaction) => void;
  readonly #onRequest: ((transaction: HTTPTransaction) => void) | undefined;
  readonly #limits: Limits;
  readonly #held: Held = { bytes: 0 };
  readonly #fragments = new Defragmenter();
  readonly #reassembler: TCPReassembler;

  constructor(onTransaction: (transaction: HTTPTransaction) => void, options: HTTPTrackerOptions = {}) {
    if (typeof onTransaction !== "function") throw new InvalidValueError("onTransaction", onTransaction, "a function");
    const whole = (name: keyof HTTPTrackerOptions, usual: number, least: number) =>
      checkInteger(name, options[name] ?? usual, least, Number.MAX_SAFE_INTEGER);
    this.#onTransaction = onTransaction;
    this.#onRequest = options.onRequest;
    this.#limits = {
      maxBody: whole("maxBodyBytes", 16 * 2 ** 20, 0),
      maxTotal: whole("maxTotalBodyBytes", 256 * 2 ** 20, 0),
      maxHead: whole("maxHeadBytes", 64 * 1024, 64),
      maxPipelined: whole("maxPipelined", 1000, 1),
    };
    this.#reassembler = new TCPReassembler((stream) => this.handler(stream), options);
  }

  /** Takes the next packet of the capture. */
  add(packet: Packet): void {
    const whole = this.#fragments.add(packet);
    if (whole !== undefined) this.#reassembler.add(whole);
  }

  /** The capture ends: tells what is under way. */
  finish(): void {
    this.#reassembler.finish();
  }

  /** The handler of one stream, for a `TCPReassembler` of your own that others use too. */
  handler(stream: TCPStream): TCPStreamHandler {
    const connection = new HTTPConnection(stream, this.#limits, this.#held, this.#onTransaction, this.#onRequest);
    return {
      data: (chunk) => connection.data(chunk),
      fin: (from) => connection.finish(from, true),
      close: () => connection.close(),
    };
  }
}

/** The messages of one connection. */
class HTTPConnection {
  readonly #stream: TCPStream;
  readonly #limits: Limits;
  readonly #held: Held;
  readonly #onTransaction: (transaction: HTTPTransaction) => void;
  readonly #onRequest: ((transaction: HTTPTransaction) => void) | undefined;
  readonly #requests: HTTPParser<HTTPRequest>;
  readonly #responses: HTTPParser<HTTPResponse>;
  /** Transactions whose response has not ended, in order. */
  readonly #waiting: HTTPTransaction[] = [];
  #client: StreamSide | undefined;
  #serverWasLost = false;

  constructor(
    stream: TCPStream,
    limits: Limits,
    held: Held,
    onTransaction: (transaction: HTTPTransaction) => void,
    onRequest: ((transaction: HTTPTransaction) => void) | undefined,
  ) {
    this.#stream = stream;
    this.#limits = limits;
    this.#held = held;
    this.#onTransaction = onTransaction;
    this.#onRequest = onRequest;
    const body = (message: HTTPMessage, bytes: Uint8Array) => this.#keep(message, bytes);
    this.#requests = new HTTPParser<HTTPRequest>(
      {
        parse: parseRequest,
        begin: (request) => {
          this.#request(request);
          return requestFraming(request);
        },
        end: () => {},
        body,
        simple: true,
      },
      limits.maxHead,
    );
    this.#responses = new HTTPParser<HTTPResponse>(
      {
        parse: parseResponse,
        begin: (response) => {
          const framing = responseFraming(response, this.#answer(response));
          if (framing.kind === "tunnel") this.#requests.leave();
          return framing;
        },
        end: (response) => this.#responseEnd(response),
        body,
        headless: (time) => (this.#waiting[0]?.request?.version === "HTTP/0.9" ? simpleResponse(time) : undefined),
        simple: false,
      },
      limits.maxHead,
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
  }

  finish(from: StreamSide, orderly: boolean): void {
    (from === (this.#client ?? "client") ? this.#requests : this.#responses).finish(orderly);
  }

  close(): void {
    for (const side of ["client", "server"] as const) this.finish(side, false);
    for (const transaction of this.#waiting.splice(0)) this.#tell(transaction);
  }

  #request(request: HTTPRequest): void {
    const transaction = new HTTPTransaction(this.#stream);
    transaction.request = request;
    this.#waiting.push(transaction);
    this.#onRequest?.(transaction);
    if (this.#waiting.length > this.#limits.maxPipelined) this.#tell(this.#waiting.shift()!);
  }

  /** Pairs a response that begins; gives the request that it answers. */
  #answer(response: HTTPResponse): HTTPRequest | undefined {
    // Responses are missing: without pipelining only the last request can still be without one.
    if (this.#serverWasLost)
      for (const skipped of this.#waiting.splice(0, this.#waiting.length - 1)) this.#tell(skipped);
    this.#serverWasLost = false;
    let transaction = this.#waiting[0];
    if (transaction === undefined) {
      transaction = new HTTPTransaction(this.#stream);
      this.#waiting.push(transaction);
    }
    if (response.status < 200 && response.status !== 101) {
      if (transaction.interim.length < this.#limits.maxPipelined) transaction.interim.push(response);
    } else transaction.response = response;
    return transaction.request;
  }

  #responseEnd(response: HTTPResponse): void {
    const [transaction] = this.#waiting;
    if (transaction === undefined || transaction.response !== response) return;
    this.#waiting.shift();
    this.#tell(transaction);
  }

  #keep({ body }: HTTPMessage, bytes: Uint8Array): void {
    const { maxBody, maxTotal } = this.#limits;
    const room = Math.min(maxBody - body.kept, maxTotal - this.#held.bytes, bytes.length);
    // A gap in what is kept would be taken for the content.
    if (room <= 0 || body.released || body.kept + bytes.length < body.length) return;
    body.keep(bytes.subarray(0, room));
    this.#held.bytes += room;
  }

  #tell(transaction: HTTPTransaction): void {
    for (const message of [transaction.request, transaction.response]) {
      if (message === undefined) continue;
      this.#held.bytes -= message.body.kept;
      message.body.released = true;
    }
    this.#onTransaction(transaction);
  }
}

function startsWithHTTP(bytes: Uint8Array): boolean {
  return /^http\//i.test(latin1(bytes, 0, Math.min(bytes.length, 5)));
}
