/** Collects packets for one message. */
import type { Packet } from "@sockeye/pcap-decode";

/** A message goes when it has so many packets or bytes, or when its first packet has waited so many milliseconds. */
const BATCH_PACKETS = 4096;
const BATCH_BYTES = 256 * 1024;
const BATCH_DELAY = 40;

export class Batcher {
  readonly #send: (packets: Packet[], bytes: number) => void;
  #packets: Packet[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `send` gets the packets of a message and the sum of their bytes. */
  constructor(send: (packets: Packet[], bytes: number) => void) {
    this.#send = send;
  }

  add(packets: readonly Packet[]): void {
    for (const packet of packets) {
      this.#packets.push(packet);
      this.#bytes += packet.capturedLength;
      if (this.#packets.length >= BATCH_PACKETS || this.#bytes >= BATCH_BYTES) this.flush();
    }
    if (this.#packets.length > 0) this.#timer ??= setTimeout(() => this.flush(), BATCH_DELAY);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#packets.length === 0) return;
    const packets = this.#packets;
    const bytes = this.#bytes;
    this.#packets = [];
    this.#bytes = 0;
    this.#send(packets, bytes);
  }
}
