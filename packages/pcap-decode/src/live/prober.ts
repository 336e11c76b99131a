import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import type { Packet } from "../packet.ts";
import { answers } from "./answers.ts";
import type { Sniffer } from "./sniffer.ts";

/** What became of a packet that was sent. */
export interface Exchange {
  /** The packet as it passed the interface, if it was seen there. */
  readonly sent: Packet | undefined;
  /** The first packet that answers it; undefined when none came in time. */
  readonly answer: Packet | undefined;
  /** Milliseconds between the two, by the kernel's clock. */
  readonly rtt: number | undefined;
}

interface Waiting {
  readonly request: Packet;
  sent: Packet | undefined;
  settle(answer: Packet | undefined): void;
  fail(error: unknown): void;
}

/** Most packets that may wait for their answers at a time. */
const MAX_WAITING = 1024;

/** Sends packets and sees on a capture what comes back. */
export class Prober {
  readonly #sniffer: Sniffer;
  readonly #waiting = new Set<Waiting>();
  readonly #loop: Promise<void>;
  #failure: unknown;

  /** The sniffer is closed with it. */
  constructor(sniffer: Sniffer) {
    this.#sniffer = sniffer;
    this.#loop = this.#run();
  }

  /** Sends with `transmit` and waits up to `timeout` milliseconds for an answer to `request`. */
  async exchange(
    request: Packet,
    transmit: () => Promise<unknown>,
    timeout: number,
    signal?: AbortSignal,
  ): Promise<Exchange> {
    if (this.#failure !== undefined) throw this.#failure;
    signal?.throwIfAborted();
    if (this.#waiting.size >= MAX_WAITING) throw new RangeError(`at most ${MAX_WAITING} packets may wait for answers`);
    let timer: NodeJS.Timeout | undefined;
    let stop = (): void => {};
    let waiting: Waiting | undefined;
    try {
      const settled = new Promise<Packet | undefined>((resolve, reject) => {
        waiting = { request, sent: undefined, settle: resolve, fail: reject };
        this.#waiting.add(waiting);
        stop = () => reject(signal?.reason);
        signal?.addEventListener("abort", stop, { once: true });
      });
      settled.catch(() => {});
      await transmit();
      timer = setTimeout(() => waiting!.settle(undefined), timeout);
      const answer = await settled;
      const { sent } = waiting!;
      const rtt = answer === undefined || sent === undefined ? undefined : Number(answer.time.ns - sent.time.ns) / 1e6;
      return { sent, answer, rtt };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      if (waiting !== undefined) this.#waiting.delete(waiting);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sniffer.close();
    await this.#loop;
  }

  async #run(): Promise<void> {
    try {
      for await (const packets of this.#sniffer.batches()) for (const packet of packets) this.#look(packet);
    } catch (error) {
      this.#failure = error;
      for (const { fail } of this.#waiting) fail(error);
    }
  }

  #look(packet: Packet): void {
    for (const waiting of this.#waiting) {
      if (waiting.sent === undefined && isSame(packet, waiting.request)) waiting.sent = packet.copy();
      else if (answers(packet, waiting.request)) waiting.settle(packet.copy());
    }
  }
}

/** Whether a packet is the one that was sent: the kernel may have set the id and the checksum of the IPv4 header. */
function isSame(packet: Packet, request: Packet): boolean {
  const [a, b] = [packet.get(IPv4) ?? packet.get(IPv6), request.get(IPv4) ?? request.get(IPv6)];
  if (a === undefined || b === undefined) return a === b && sameBytes(packet.bytes, request.bytes);
  return a.src === b.src && a.dst === b.dst && sameBytes(a.payload, b.payload);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
