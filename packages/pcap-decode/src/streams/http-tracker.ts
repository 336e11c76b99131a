import { checkInteger, InvalidValueError } from "../errors.ts";
import type { Packet } from "../packet.ts";
import { Defragmenter } from "./defragment.ts";
import { HTTPConnection, type HTTPShared } from "./http-connection.ts";
import type { HTTPTransaction } from "./http-transaction.ts";
import { TCPReassembler, type TCPReassemblyOptions } from "./reassemble.ts";
import { SharedLimit } from "./shared-limit.ts";
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
  /**
   * Memory, in bytes, of the heads of all messages that are under way, with what objects take for them; past it the
   * connection that waits for longest is told as it is, without the answers. Default 64 MiB.
   */
  readonly maxTotalHeadBytes?: number;
  /**
   * Requests of one connection that wait for an answer; past it the oldest is told without one. Also the interim
   * responses that are kept of one request. Default 1,000.
   */
  readonly maxPipelined?: number;
}

/**
 * Finds the HTTP/1 requests and responses of a capture and pairs them, on any port. `add` takes packets one by one;
 * `onTransaction` is called when a response is there, or when none can come any more.
 *
 * Throws an `InvalidValueError` for an option that is out of range.
 */
export class HTTPTracker {
  readonly #shared: HTTPShared;
  readonly #fragments = new Defragmenter();
  readonly #reassembler: TCPReassembler;

  constructor(onTransaction: (transaction: HTTPTransaction) => void, options: HTTPTrackerOptions = {}) {
    if (typeof onTransaction !== "function") throw new InvalidValueError("onTransaction", onTransaction, "a function");
    const whole = (name: keyof HTTPTrackerOptions, usual: number, least: number) =>
      checkInteger(name, options[name] ?? usual, least, Number.MAX_SAFE_INTEGER);
    this.#shared = {
      limits: {
        maxBody: whole("maxBodyBytes", 16 * 2 ** 20, 0),
        maxTotalBody: whole("maxTotalBodyBytes", 256 * 2 ** 20, 0),
        maxHead: whole("maxHeadBytes", 64 * 1024, 64),
        maxPipelined: whole("maxPipelined", 1000, 1),
      },
      heads: new SharedLimit(whole("maxTotalHeadBytes", 64 * 2 ** 20, 1), (connection) => connection.giveUp()),
      bodyBytes: 0,
      onTransaction,
      onRequest: options.onRequest,
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
    const connection = new HTTPConnection(stream, this.#shared);
    return {
      data: (chunk) => connection.data(chunk),
      fin: (from) => connection.finish(from, true),
      close: () => connection.close(),
    };
  }
}
