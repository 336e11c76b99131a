/** Sending: in order, one or many in a system call, and again when the kernel has room. */
import {
  type Address,
  AF_INET6,
  AF_UNIX,
  MAX_BATCH,
  SendBatch,
  type Socket,
  type WaitLimit,
  type WaitOptions,
  waitLimit,
} from "@sockeye/socket-core";
import { checkAddress, checkData, checkInteger, checkIterable, typeError } from "./check.ts";
import type { Outgoing } from "./datagram.ts";
import type { Failures } from "./failures.ts";
import {
  bytesPerCall,
  exceedsPath,
  MAX_PAYLOAD_IPV4,
  MAX_PAYLOAD_IPV6,
  refusesSegmentation,
  segmentCount,
} from "./segmentation.ts";
import { SendQueue, type Steps, turn } from "./send-queue.ts";
import { type EndpointSettings, isAnothers } from "./settings.ts";
import { explainSize } from "./size.ts";
import type { Counters } from "./statistics.ts";

/** Room for the datagrams of one sendmmsg(2): 64 of an Ethernet frame and more. */
const OUTGOING_BYTES = 128 * 1024;
/** After so many sends without a pause the next one waits for the event loop to have a turn. */
const SENDS_A_TURN = 256;
/** The same for system calls that send many. */
const CALLS_A_TURN = 16;
/** The first and the longest pause before another try to reach a Unix receiver whose queue is full, in milliseconds. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 32;

const nothing = (): void => {};
const done: Promise<void> = Promise.resolve();
const forEver: WaitOptions = { timeout: null };

export class Sender {
  readonly #socket: Socket;
  readonly #settings: EndpointSettings;
  readonly #counters: Counters;
  readonly #queue: SendQueue;
  #outgoing: SendBatch | undefined;
  #share = SENDS_A_TURN;
  #turn: Promise<void> | undefined;
  #pause = FIRST_PAUSE;
  /** Room that was waited for: a send that gives up leaves it to the next one. */
  #writable: Promise<void> | undefined;
  /** False after the kernel or the driver refused to segment. */
  segmentation: boolean;

  constructor(socket: Socket, settings: EndpointSettings, counters: Counters, failures: Failures) {
    this.#socket = socket;
    this.#settings = settings;
    this.#counters = counters;
    this.#queue = new SendQueue(failures, settings.maxQueuedSends);
    this.segmentation = settings.segmentation;
  }

  /** Whether nothing waits for room. */
  get idle(): boolean {
    return this.#queue.idle;
  }

  /** Resolves when nothing waits for room any more. */
  drained(limit?: WaitLimit): Promise<void> {
    return this.#queue.drained(limit);
  }

  #count(datagrams: number, bytes: number): void {
    this.#counters.sendCalls++;
    this.#counters.sent += datagrams;
    this.#counters.bytesSent += bytes;
    this.#pause = FIRST_PAUSE;
  }

  send(data: string | Uint8Array, to: Address | undefined, options?: WaitOptions): Promise<void> {
    const bytes = checkData("data", data);
    if (to !== undefined) checkAddress("to", to);
    const limit = options === undefined ? undefined : waitLimit("send", options);
    if (!this.#queue.idle || !this.#trySend(bytes, to)) {
      return this.#queue.add("send", this.#one(bytes, to), limit);
    }
    // Sends that always succeed at once must not keep the loop from its other work.
    if (--this.#share > 0) return done;
    this.#turn ??= turn().then(() => {
      this.#share = SENDS_A_TURN;
      this.#turn = undefined;
    });
    return this.#turn;
  }

  sendMany(datagrams: Iterable<Outgoing>, options?: WaitOptions): Promise<number> {
    checkIterable("datagrams", datagrams);
    const limit = options === undefined ? undefined : waitLimit("sendMany", options);
    return this.#queue.add("sendMany", this.#many(datagrams, 0), limit);
  }

  sendSegments(data: Uint8Array, segmentSize: number, to: Address | undefined, options?: WaitOptions): Promise<number> {
    const bytes = checkData("data", data);
    checkInteger("segmentSize", segmentSize, 1, this.#socket.family === AF_INET6 ? MAX_PAYLOAD_IPV6 : MAX_PAYLOAD_IPV4);
    if (to !== undefined) checkAddress("to", to);
    const limit = options === undefined ? undefined : waitLimit("sendSegments", options);
    return this.#queue.add("sendSegments", this.#segmented(bytes, segmentSize, to), limit);
  }

  /** False where the kernel has no room. */
  #trySend(bytes: Uint8Array, to: Address | undefined): boolean {
    for (let again = true; ; again = false) {
      try {
        const count = to === undefined ? this.#socket.trySend(bytes) : this.#socket.trySendto(bytes, to);
        if (count === null) return false;
        this.#count(1, bytes.length);
        return true;
      } catch (error) {
        if (!again || !isAnothers(error, this.#settings)) throw explainSize(error, this.#socket.family, bytes.length);
      }
    }
  }

  /** Resolves when another try is worth it. */
  #room(): Promise<void> {
    if (this.#socket.family !== AF_UNIX) {
      if (this.#writable === undefined) {
        this.#writable = this.#socket.writable(forEver).finally(() => {
          this.#writable = undefined;
        });
        this.#writable.catch(nothing);
      }
      return this.#writable;
    }
    // poll(2) calls a Unix sender writable although the receiver's queue is full: to wait for that would spin.
    const pause = this.#pause;
    this.#pause = Math.min(pause * 2, LONGEST_PAUSE);
    return new Promise((resolve) => {
      setTimeout(resolve, pause);
    });
  }

  *#one(bytes: Uint8Array, to: Address | undefined): Steps<void> {
    while (!this.#trySend(bytes, to)) yield this.#room();
  }

  /** Sends all; an error has the position of its datagram, counted from `before`. */
  *#many(datagrams: Iterable<Outgoing>, before: number): Steps<number> {
    this.#outgoing ??= new SendBatch(this.#socket.family, MAX_BATCH, OUTGOING_BYTES);
    const batch = this.#outgoing;
    batch.clear();
    let total = 0;
    let share = CALLS_A_TURN;
    try {
      for (const datagram of datagrams) {
        if (typeof datagram !== "object" || datagram === null) throw typeError("datagram", "{ data, to }", datagram);
        const { data, to } = datagram;
        const bytes = checkData("data", data);
        if (to !== undefined) checkAddress("to", to);
        if (batch.add(bytes, to)) continue;
        total += yield* this.#flush(batch, before + total);
        if (--share === 0) {
          share = CALLS_A_TURN;
          yield turn();
        }
        if (batch.add(bytes, to)) continue;
        // Larger than the room of a batch: over UDP the kernel says so.
        yield* this.#one(bytes, to);
        total++;
      }
    } catch (error) {
      // What came before it is sent.
      total += yield* this.#flush(batch, before + total);
      throw located(error, before + total);
    }
    return total + (yield* this.#flush(batch, before + total));
  }

  *#flush(batch: SendBatch, before: number): Steps<number> {
    let sent = 0;
    let again = true;
    while (sent < batch.length) {
      let count: number | null;
      try {
        count = this.#socket.trySendMany(batch, sent);
      } catch (error) {
        if (again && isAnothers(error, this.#settings)) {
          again = false;
          continue;
        }
        const length = batch.bytes(sent, sent + 1);
        batch.clear();
        throw located(explainSize(error, this.#socket.family, length), before + sent);
      }
      if (count === null) {
        try {
          yield this.#room();
        } catch (error) {
          // The caller gave up, or the endpoint is closed: what is left is not sent.
          batch.clear();
          throw located(error, before + sent);
        }
        continue;
      }
      this.#count(count, batch.bytes(sent, sent + count));
      sent += count;
      again = true;
    }
    batch.clear();
    return sent;
  }

  *#segmented(data: Uint8Array, size: number, to: Address | undefined): Steps<number> {
    let start = 0;
    let share = CALLS_A_TURN;
    // A single segment needs no offload.
    while (this.segmentation && data.length - start > size) {
      const part = data.subarray(start, start + bytesPerCall(size));
      let count: number | null;
      try {
        count = this.#socket.trySendSegments(part, size, to);
      } catch (error) {
        if (refusesSegmentation(error)) this.segmentation = false;
        else if (!exceedsPath(error) && !isAnothers(error, this.#settings)) throw located(error, start / size);
        // If it was not about segments, it shows again without them.
        break;
      }
      if (count === null) {
        try {
          yield this.#room();
        } catch (error) {
          throw located(error, start / size);
        }
        continue;
      }
      const segments = segmentCount(part.length, size);
      this.#count(segments, part.length);
      this.#counters.segmentsSent += segments;
      start += part.length;
      if (--share === 0) {
        share = CALLS_A_TURN;
        yield turn();
      }
    }
    if (start < data.length) yield* this.#many(segmentsOf(data.subarray(start), size, to), start / size);
    return segmentCount(data.length, size);
  }
}

function* segmentsOf(data: Uint8Array, size: number, to: Address | undefined): Generator<Outgoing> {
  for (let at = 0; at < data.length; at += size) {
    yield { data: data.subarray(at, at + size), ...(to !== undefined && { to }) };
  }
}

/** The error with the position of its datagram, unless it has one. */
function located(error: unknown, index: number): unknown {
  return error instanceof Error && Object.isExtensible(error) && !("index" in error)
    ? Object.assign(error, { index })
    : error;
}
