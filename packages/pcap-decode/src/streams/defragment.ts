import { internetChecksum } from "../build/checksum.ts";
import { putU16, u16 } from "../container/bytes.ts";
import { checkInteger, InvalidValueError } from "../errors.ts";
import { Packet } from "../packet.ts";
import { AgedMap } from "./aged-map.ts";
import { Datagram, type FragmentOverlapPolicy } from "./datagram.ts";
import { type Fragment, findFragment, fragment } from "./fragment.ts";

/** What a `Defragmenter` may hold, and how it decides. */
export interface DefragmentOptions {
  /** Datagrams that are incomplete at once; the oldest is given up first. Default 4,096. */
  readonly maxDatagrams?: number;
  /** Fragments of one datagram; one with more is given up. Default 1,024. */
  readonly maxFragments?: number;
  /** Bytes over all incomplete datagrams; past it the oldest is given up. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Seconds, in the time of the capture, for a datagram to be complete. Default 60 (RFC 8200 section 4.5). */
  readonly timeout?: number;
  /** Who wins where fragments of IPv4 overlap. Default `first`. */
  readonly overlapIPv4?: FragmentOverlapPolicy;
  /** The same for IPv6. Default `reject` (RFC 5722): the datagram is given up; the same fragment twice is none. */
  readonly overlapIPv6?: FragmentOverlapPolicy;
}

/** What a `Defragmenter` has seen. */
export interface DefragmentStatistics {
  /** Fragments that were taken. */
  readonly fragments: number;
  /** Datagrams that were put together. */
  readonly datagrams: number;
  /** Datagrams that were given up: overlaps, impossible lengths, limits, time. */
  readonly dropped: number;
  /** Datagrams that are incomplete now. */
  readonly held: number;
  /** Memory they take now. */
  readonly heldBytes: number;
}

/** Tunnels may be fragmented inside fragments; deeper than this they stay as they are. */
const MAX_DEPTH = 4;

/**
 * Puts IP fragments together: `add` gives back a packet that is none, nothing for one that waits for others, and the
 * whole packet for the one that completes it, with that one's time.
 *
 * Throws an `InvalidValueError` for an option that is out of range.
 */
export class Defragmenter {
  readonly #maxDatagrams: number;
  readonly #maxFragments: number;
  readonly #maxBytes: number;
  readonly #timeout: number;
  readonly #policies: Readonly<Record<4 | 6, FragmentOverlapPolicy>>;
  readonly #datagrams = new AgedMap<string, Datagram>();
  #heldBytes = 0;
  #fragments = 0;
  #done = 0;
  #dropped = 0;

  constructor(options: DefragmentOptions = {}) {
    const whole = (name: keyof DefragmentOptions, usual: number) =>
      checkInteger(name, options[name] ?? usual, 1, Number.MAX_SAFE_INTEGER);
    this.#maxDatagrams = whole("maxDatagrams", 4096);
    this.#maxFragments = whole("maxFragments", 1024);
    this.#maxBytes = whole("maxBytes", 16 * 2 ** 20);
    const { timeout = 60 } = options;
    if (typeof timeout !== "number" || !(timeout > 0))
      throw new InvalidValueError("timeout", timeout, "seconds above 0");
    this.#timeout = timeout;
    const policy = (name: "overlapIPv4" | "overlapIPv6", usual: FragmentOverlapPolicy) => {
      const value = options[name] ?? usual;
      if (value !== "first" && value !== "last" && value !== "reject")
        throw new InvalidValueError(name, value, '"first", "last" or "reject"');
      return value;
    };
    this.#policies = { 4: policy("overlapIPv4", "first"), 6: policy("overlapIPv6", "reject") };
  }

  get statistics(): DefragmentStatistics {
    return {
      fragments: this.#fragments,
      datagrams: this.#done,
      dropped: this.#dropped,
      held: this.#datagrams.size,
      heldBytes: this.#heldBytes,
    };
  }

  /** Takes the next packet of the capture. */
  add(packet: Packet): Packet | undefined {
    let current: Packet | undefined = packet;
    for (let depth = 0; depth < MAX_DEPTH && current !== undefined && findFragment(current); depth++)
      current = this.#take(current, fragment);
    return current;
  }

  #take(packet: Packet, part: Fragment): Packet | undefined {
    this.#fragments++;
    this.#expire(packet.seconds);
    let datagram = this.#datagrams.get(part.key);
    if (datagram === undefined) {
      datagram = new Datagram(this.#policies[part.version], packet.seconds);
      this.#datagrams.set(part.key, datagram);
      if (this.#datagrams.size > this.#maxDatagrams) this.#dropOldest();
    }
    const before = datagram.heldBytes;
    const fits = datagram.add(packet, part);
    this.#heldBytes += datagram.heldBytes - before;
    if (!fits || datagram.count > this.#maxFragments) {
      this.#drop(part.key);
      return undefined;
    }
    const whole = datagram.complete ? assemble(datagram, packet) : undefined;
    if (whole !== undefined) {
      this.#datagrams.delete(part.key);
      this.#heldBytes -= datagram.heldBytes;
      this.#done++;
      return whole;
    }
    while (this.#heldBytes > this.#maxBytes) this.#dropOldest();
    return undefined;
  }

  #dropOldest(): void {
    const { oldest } = this.#datagrams;
    if (oldest !== undefined) this.#drop(oldest.key);
  }

  #drop(key: string): void {
    const datagram = this.#datagrams.get(key);
    if (datagram === undefined) return;
    this.#datagrams.delete(key);
    this.#heldBytes -= datagram.heldBytes;
    this.#dropped++;
  }

  #expire(now: number): void {
    for (let at = this.#datagrams.oldest; at !== undefined; at = this.#datagrams.oldest) {
      if (now - at.value.since <= this.#timeout) return;
      this.#drop(at.key);
    }
  }
}

/** The whole packet: what is before the first fragment's payload, its IP header corrected, then all payload. */
function assemble(datagram: Datagram, last: Packet): Packet {
  const { head, ip, version, nextHeaderAt, nextHeader, parts, length } = datagram;
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  for (const { start, bytes: part } of parts) bytes.set(part, head.length + start);
  const total = bytes.length - ip;
  if (version === 4) {
    putU16(bytes, ip + 2, total, true);
    // Only "don't fragment" stays.
    bytes[ip + 6]! &= 0x40;
    bytes[ip + 7] = 0;
    putChecksum(bytes, ip);
  } else {
    bytes[nextHeaderAt] = nextHeader;
    putU16(bytes, ip + 4, total - 40, true);
  }
  const grown = version === 4 ? total - u16(head, ip + 2, true) : total - 40 - u16(head, ip + 4, true);
  for (const { at, checksummed } of datagram.around) {
    const before = u16(bytes, at, true);
    // Zero says "as far as it goes", as in packets of a segmentation offload.
    if (before === 0) continue;
    const now = before + grown;
    putU16(bytes, at, now > 0xffff ? 0 : now, true);
    if (checksummed !== undefined) putChecksum(bytes, checksummed);
  }
  const { linkType, seconds, nanoseconds, options } = last;
  return new Packet(bytes, 0, bytes.length, bytes.length, linkType, seconds, nanoseconds, last.interface, options);
}

function putChecksum(bytes: Uint8Array, ip: number): void {
  putU16(bytes, ip + 10, 0, true);
  putU16(bytes, ip + 10, internetChecksum(bytes, ip, ip + (bytes[ip]! & 15) * 4), true);
}
