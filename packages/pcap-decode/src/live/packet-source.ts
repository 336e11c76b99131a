import {
  ETH_P_ALL,
  PACKET_ADD_MEMBERSHIP,
  PACKET_AUXDATA,
  PACKET_IGNORE_OUTGOING,
  PACKET_MR_PROMISC,
  PACKET_OUTGOING,
  PACKET_STATISTICS,
  type PacketAddress,
  ReceiveBatch,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_TIMESTAMPNS,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
  type Socket,
  SocketError,
} from "@sockeye/socket-core";
import type { CaptureInterface } from "../container/interface.ts";
import type { CaptureOption } from "../container/option.ts";
import type { FilterNames } from "../filter/names.ts";
import { Packet } from "../packet.ts";
import type { PacketFilter } from "../packet-filter.ts";
import { COOKED_HEADER, SOCKADDR_LL, writeCookedHeader } from "./cooked.ts";
import type { NetworkInterface } from "./interfaces.ts";
import { type KernelFilter, kernelFilter, packetFilter } from "./kernel-filter.ts";
import { COOKED, linkTypeOf } from "./link-type.ts";
import { packetSocket } from "./rights.ts";

/** How the packets of one interface are captured; everything is set. */
export interface SourceSettings {
  readonly filter: string;
  readonly netmask: string | number | undefined;
  readonly resolve: FilterNames | undefined;
  readonly snaplen: number;
  readonly promiscuous: boolean;
  readonly receiveBuffer: number;
  readonly batchSize: number;
}

/** What a socket has counted since it was opened. */
export interface InterfaceStatistics {
  /** The interface's name; `"any"` for all of them. */
  readonly name: string;
  /** Packets that passed the filter, those that were dropped included. */
  readonly received: number;
  /** Packets that passed the filter and found the receive buffer full. */
  readonly dropped: number;
}

/* struct tpacket_auxdata of packet(7) { u32 status, len, snaplen; u16 mac, net, vlan_tci, vlan_tpid } */
const AUXDATA = { status: 0, length: 4, tag: 16, tagProtocol: 18 } as const;
const TP_STATUS_VLAN_VALID = 1 << 4;
const TP_STATUS_VLAN_TPID_VALID = 1 << 6;
const ETH_P_8021Q = 0x8100;
/** A tag goes behind the two MAC addresses. */
const TAG_OFFSET = 12;
const TAG = 4;

/** Packets share memory in pieces of this size: small enough that a kept packet holds little. */
const CHUNK = 256 * 1024;

/** epb_flags by packet type of packet(7): who it was for, and the direction. */
const flags: readonly (readonly CaptureOption[])[] = [
  [{ code: 2, name: "epb_flags", value: 0b00101 }], // to us
  [{ code: 2, name: "epb_flags", value: 0b01101 }], // broadcast
  [{ code: 2, name: "epb_flags", value: 0b01001 }], // multicast
  [{ code: 2, name: "epb_flags", value: 0b10001 }], // to another
  [{ code: 2, name: "epb_flags", value: 0b00010 }], // from us
];

/** A filter for a source that runs. */
interface NextFilter extends KernelFilter {
  /** Decides over packets that the kernel let pass before; undefined to let none of them pass. */
  readonly again: PacketFilter | undefined;
}

/** One interface, or all of them: an open packet socket and what becomes of what it receives. */
export class PacketSource {
  readonly interface: CaptureInterface;
  readonly socket: Socket;
  readonly #settings: SourceSettings;
  readonly #cooked: boolean;
  #rest: PacketFilter | undefined;
  /** Decides what `#rest` and the kernel decide, for packets that passed the filter before. */
  #again: PacketFilter | undefined;
  /** Messages that were taken, and those in the kernel that passed the filter before. */
  #taken = 0;
  #old = 0;
  readonly #batch: ReceiveBatch;
  readonly #snaplen: number;
  /** Numbers of the interfaces that give what they send a second time, as received. */
  readonly #loopbacks: ReadonlySet<number>;
  #chunk = new Uint8Array(CHUNK);
  #used = 0;
  #received = 0;
  #dropped = 0;

  /** Opens it; from now on packets are captured. `target` is undefined for all of `all`. */
  constructor(
    id: number,
    target: NetworkInterface | undefined,
    all: readonly NetworkInterface[],
    settings: SourceSettings,
  ) {
    const { snaplen } = settings;
    const { linkType, cooked } = target === undefined ? COOKED : linkTypeOf(target.hardwareType);
    const filter = kernelFilter(settings.filter, { ...settings, linkType, cooked });
    this.#settings = settings;
    this.#cooked = cooked;
    this.#rest = filter.rest;
    this.#snaplen = snaplen;
    this.#loopbacks = new Set(all.filter(({ loopback }) => loopback).map(({ index }) => index));
    this.#batch = new ReceiveBatch(settings.batchSize, snaplen);
    const name = target?.name ?? "any";
    this.interface = {
      id,
      linkType,
      snaplen,
      name,
      ticksPerSecond: 1_000_000_000n,
      timestampOffset: 0n,
      options: [
        { code: 2, name: "if_name", value: name },
        { code: 9, name: "if_tsresol", value: 9 },
      ],
    };
    this.socket = packetSocket(cooked ? SOCK_DGRAM : SOCK_RAW, "Capturing packets");
    try {
      this.#start(target, filter, settings);
    } catch (error) {
      this.socket.close();
      throw error;
    }
  }

  /**
   * The filter is in place before the socket is bound: as its protocol was 0, nothing can have reached it before, and
   * what comes later has passed.
   */
  #start(target: NetworkInterface | undefined, filter: KernelFilter, settings: SourceSettings): void {
    const { socket } = this;
    socket.attachFilter(filter.program);
    try {
      socket.setsockopt(SOL_SOCKET, SO_RCVBUFFORCE, settings.receiveBuffer);
    } catch {
      // Without CAP_NET_ADMIN it is as much as net.core.rmem_max allows.
      socket.setsockopt(SOL_SOCKET, SO_RCVBUF, settings.receiveBuffer);
    }
    socket.setsockopt(SOL_SOCKET, SO_TIMESTAMPNS, 1);
    socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1);
    if (target?.loopback) {
      try {
        socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
      } catch {
        // Linux before 4.20: they are left out below.
      }
    }
    if (target !== undefined && settings.promiscuous) {
      // struct packet_mreq { i32 interface; u16 type, address length; u8[8] address }
      const membership = Buffer.alloc(16);
      membership.writeInt32LE(target.index, 0);
      membership.writeUInt16LE(PACKET_MR_PROMISC, 4);
      socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership);
    }
    socket.bind({ interface: target?.index ?? 0, protocol: ETH_P_ALL });
    const bound = socket.getsockname() as unknown as PacketAddress;
    if (target !== undefined && bound.hardwareType !== target.hardwareType) {
      throw new SocketError(`bind: ${target.name} is no longer what it was`, { code: "ENODEV", syscall: "bind" });
    }
  }

  /** Puts the packets that are there at the end of `packets`; whether there were any. Throws SocketError. */
  take(packets: Packet[]): boolean {
    const batch = this.#batch;
    const count = this.socket.tryReceiveMany(batch);
    if (count === null) {
      this.#old = 0;
      return false;
    }
    this.#taken += count;
    for (let i = 0; i < count; i++) {
      const packet = this.#packet(batch, i);
      const isOld = this.#old > 0;
      if (isOld) this.#old--;
      if (packet !== undefined && (!isOld || this.passes(packet))) packets.push(packet);
    }
    return true;
  }

  /** Compiles another filter, without using it yet. Throws FilterError and FilterSyntaxError. */
  compile(expression: string): NextFilter {
    const options = { ...this.#settings, linkType: this.interface.linkType, cooked: this.#cooked };
    return { ...kernelFilter(expression, options), again: packetFilter(expression, options) };
  }

  /** From now on another filter. The kernel changes it at once: what it holds so far passed the one before. */
  use({ program, rest, again }: NextFilter): void {
    this.socket.attachFilter(program);
    this.#rest = rest;
    this.#again = again;
    const { received, dropped } = this.statistics();
    this.#old = received - dropped - this.#taken;
  }

  /** Whether a packet that passed an earlier filter passes the one that is used now, as far as its bytes tell. */
  passes({ buffer, offset, capturedLength, originalLength }: Packet): boolean {
    return this.#again?.match(buffer, offset, capturedLength, originalLength) ?? false;
  }

  /** Received and dropped so far. */
  statistics(): InterfaceStatistics {
    if (!this.socket.closed) {
      // struct tpacket_stats { u32 packets, drops }: since it was last asked.
      const counters = this.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8);
      this.#received += counters.readUInt32LE(0);
      this.#dropped += counters.readUInt32LE(4);
    }
    return { name: this.interface.name!, received: this.#received, dropped: this.#dropped };
  }

  /** Counts for the last time and closes the socket. */
  close(): void {
    this.statistics();
    this.socket.close();
  }

  /** Reads the records of a message in place: this runs once a packet. */
  #packet(batch: ReceiveBatch, i: number): Packet | undefined {
    const { records, bytes } = batch;
    const from = batch.addressOffset(i);
    const type = records[from + SOCKADDR_LL.packetType]!;
    if (type === PACKET_OUTGOING && this.#loopbacks.has(int32(records, from + SOCKADDR_LL.interface))) return undefined;
    const size = batch.size(i);
    const start = batch.offset(i);
    const aux = batch.ancillaryOffset(i, SOL_PACKET, PACKET_AUXDATA);
    const status = aux < 0 ? 0 : int32(records, aux + AUXDATA.status);
    let original = aux < 0 ? size : int32(records, aux + AUXDATA.length);
    let captured = size;
    const chunk = this.#room(size + COOKED_HEADER);
    const at = this.#used;
    if (this.#cooked) {
      writeCookedHeader(chunk, at, records, from);
      bytes.copy(chunk, at + COOKED_HEADER, start, start + size);
      captured += COOKED_HEADER;
      original += COOKED_HEADER;
    } else if ((status & TP_STATUS_VLAN_VALID) !== 0 && size >= TAG_OFFSET) {
      bytes.copy(chunk, at, start, start + TAG_OFFSET);
      const known = (status & TP_STATUS_VLAN_TPID_VALID) !== 0;
      const protocol = known ? u16(records, aux + AUXDATA.tagProtocol) : ETH_P_8021Q;
      const tag = u16(records, aux + AUXDATA.tag);
      chunk[at + TAG_OFFSET] = protocol >> 8;
      chunk[at + TAG_OFFSET + 1] = protocol & 255;
      chunk[at + TAG_OFFSET + 2] = tag >> 8;
      chunk[at + TAG_OFFSET + 3] = tag & 255;
      bytes.copy(chunk, at + TAG_OFFSET + TAG, start + TAG_OFFSET, start + size);
      captured += TAG;
      original += TAG;
    } else {
      bytes.copy(chunk, at, start, start + size);
    }
    if (captured > this.#snaplen) captured = this.#snaplen;
    if (this.#rest !== undefined && !this.#rest.match(chunk, at, captured, original)) return undefined;
    this.#used += captured;
    const time = batch.ancillaryOffset(i, SOL_SOCKET, SO_TIMESTAMPNS);
    // struct timespec { i64 seconds; i64 nanoseconds }
    const seconds = time < 0 ? 0 : (int32(records, time) >>> 0) + int32(records, time + 4) * 2 ** 32;
    const nanoseconds = time < 0 ? 0 : int32(records, time + 8);
    const { linkType } = this.interface;
    return new Packet(chunk, at, captured, original, linkType, seconds, nanoseconds, this.interface, flags[type]);
  }

  /** The memory for the next packet, which is at `#used`. */
  #room(size: number): Uint8Array {
    if (this.#chunk.length - this.#used < size) {
      this.#chunk = new Uint8Array(Math.max(CHUNK, size));
      this.#used = 0;
    }
    return this.#chunk;
  }
}

/** Little-endian, as every platform of the addon is. */
function u16(b: Uint8Array, at: number): number {
  return b[at]! | (b[at + 1]! << 8);
}

function int32(b: Uint8Array, at: number): number {
  return b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);
}
