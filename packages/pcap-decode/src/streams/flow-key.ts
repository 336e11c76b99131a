/** Seed of the hash, drawn anew by each process: a capture cannot be made so that its flows collide. */
const [SEED_0, SEED_1] = [0, 0].map(() => Math.floor(Math.random() * 2 ** 32) | 0) as [number, number];

/** What tells one flow from another: both addresses and ports, in an order that both directions share. */
export interface FlowWords {
  readonly hash: number;
  /** Address family and protocol; keys of different kinds never equal. */
  readonly kind: number;
  /** Port of the lower endpoint in the high half. */
  readonly ports: number;
  readonly a0: number;
  readonly a1: number;
  readonly a2: number;
  readonly a3: number;
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly b3: number;
}

/** Kind of a key of Ethernet addresses; those of IP are `version << 8 | protocol`. */
const ETHERNET_KIND = 1 << 16;
/** Kind of a key of IP addresses alone is `version << 8 | ANY`: no protocol has the number. */
const ANY_PROTOCOL = 1 << 12;

/** A key that is filled for one packet after the other. */
export class FlowKey implements FlowWords {
  hash = 0;
  kind = 0;
  ports = 0;
  a0 = 0;
  a1 = 0;
  a2 = 0;
  a3 = 0;
  b0 = 0;
  b1 = 0;
  b2 = 0;
  b3 = 0;
  /** Whether the packet goes from endpoint b to endpoint a. */
  swapped = false;

  /** Addresses of the IP header at `ip` and a protocol's ports; `ordered` keeps source first. */
  setFlow(
    b: Uint8Array,
    ip: number,
    version: number,
    protocol: number,
    sport: number,
    dport: number,
    ordered = false,
  ): void {
    this.#addresses(b, ip, version);
    this.kind = (version << 8) | protocol;
    const order = this.#compare();
    this.swapped = !ordered && (order > 0 || (order === 0 && sport > dport));
    if (this.swapped) {
      this.#swap();
      this.ports = (dport << 16) | sport;
    } else this.ports = (sport << 16) | dport;
    this.#hash();
  }

  /** Addresses of the IP header at `ip`. */
  setAddresses(b: Uint8Array, ip: number, version: number): void {
    this.#addresses(b, ip, version);
    this.kind = (version << 8) | ANY_PROTOCOL;
    this.#order();
  }

  /** Addresses of the Ethernet header at `at`. */
  setEthernet(b: Uint8Array, at: number): void {
    this.b0 = word(b, at);
    this.b1 = (b[at + 4]! << 8) | b[at + 5]!;
    this.a0 = word(b, at + 6);
    this.a1 = (b[at + 10]! << 8) | b[at + 11]!;
    this.a2 = this.a3 = this.b2 = this.b3 = 0;
    this.kind = ETHERNET_KIND;
    this.#order();
  }

  #order(): void {
    this.swapped = this.#compare() > 0;
    if (this.swapped) this.#swap();
    this.ports = 0;
    this.#hash();
  }

  #addresses(b: Uint8Array, ip: number, version: number): void {
    if (version === 4) {
      this.a0 = word(b, ip + 12);
      this.b0 = word(b, ip + 16);
      this.a1 = this.a2 = this.a3 = this.b1 = this.b2 = this.b3 = 0;
      return;
    }
    this.a0 = word(b, ip + 8);
    this.a1 = word(b, ip + 12);
    this.a2 = word(b, ip + 16);
    this.a3 = word(b, ip + 20);
    this.b0 = word(b, ip + 24);
    this.b1 = word(b, ip + 28);
    this.b2 = word(b, ip + 32);
    this.b3 = word(b, ip + 36);
  }

  #compare(): number {
    return (
      (this.a0 >>> 0) - (this.b0 >>> 0) ||
      (this.a1 >>> 0) - (this.b1 >>> 0) ||
      (this.a2 >>> 0) - (this.b2 >>> 0) ||
      (this.a3 >>> 0) - (this.b3 >>> 0)
    );
  }

  #swap(): void {
    const { a0, a1, a2, a3 } = this;
    this.a0 = this.b0;
    this.a1 = this.b1;
    this.a2 = this.b2;
    this.a3 = this.b3;
    this.b0 = a0;
    this.b1 = a1;
    this.b2 = a2;
    this.b3 = a3;
  }

  /** HalfSipHash-1-3 over the words (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). */
  #hash(): void {
    state0 = SEED_0;
    state1 = SEED_1;
    state2 = 0x6c796765 ^ SEED_0;
    state3 = 0x74656462 ^ SEED_1;
    absorb(this.kind);
    absorb(this.ports);
    absorb(this.a0);
    absorb(this.b0);
    if ((this.kind >> 8) % 16 !== 4) {
      absorb(this.a1);
      absorb(this.b1);
      absorb(this.a2);
      absorb(this.b2);
      absorb(this.a3);
      absorb(this.b3);
    }
    state2 ^= 0xff;
    round();
    round();
    round();
    // Thirty bits: such numbers are stored in place by every build of V8.
    this.hash = (state1 ^ state3) & 0x3fffffff;
  }
}

/** Whether two keys are of one flow. */
export function sameFlow(a: FlowWords, b: FlowWords): boolean {
  return (
    a.hash === b.hash &&
    a.ports === b.ports &&
    a.a0 === b.a0 &&
    a.b0 === b.b0 &&
    a.kind === b.kind &&
    a.a1 === b.a1 &&
    a.a2 === b.a2 &&
    a.a3 === b.a3 &&
    a.b1 === b.b1 &&
    a.b2 === b.b2 &&
    a.b3 === b.b3
  );
}

function word(b: Uint8Array, at: number): number {
  return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
}

// The state of the hash: variables of the module, so that a hash allocates nothing.
let state0 = 0;
let state1 = 0;
let state2 = 0;
let state3 = 0;

function absorb(word: number): void {
  state3 ^= word;
  round();
  state0 ^= word;
}

function round(): void {
  state0 = (state0 + state1) | 0;
  state1 = ((state1 << 5) | (state1 >>> 27)) ^ state0;
  state0 = (state0 << 16) | (state0 >>> 16);
  state2 = (state2 + state3) | 0;
  state3 = ((state3 << 8) | (state3 >>> 24)) ^ state2;
  state0 = (state0 + state3) | 0;
  state3 = ((state3 << 7) | (state3 >>> 25)) ^ state0;
  state2 = (state2 + state1) | 0;
  state1 = ((state1 << 13) | (state1 >>> 19)) ^ state2;
  state2 = (state2 << 16) | (state2 >>> 16);
}
