/** Everything that is counted about the packets that pass the filter, each looked at once. */
import { type Endpoint, type Flow, FlowTracker, type Packet } from "@sockeye/pcap-decode";
import { endText } from "./detail.ts";
import type { Share } from "./messages.ts";
import { CATEGORIES, classify } from "./protocol.ts";
import type { Cell, TableName } from "./table.ts";
import { Talkers } from "./talkers.ts";
import { Throughput } from "./throughput.ts";
import { Transactions } from "./transactions.ts";

/** Conversations that are kept; the quietest are forgotten first. */
const MAX_FLOWS = 50_000;

export class Analysis {
  packets = 0;
  bytes = 0;
  malformed = 0;
  readonly throughput = new Throughput(CATEGORIES.length);
  readonly #shares = new Map<string, Share>();
  readonly #talkers = new Talkers();
  readonly #flows = new FlowTracker({ maxFlows: MAX_FLOWS, maxConversations: 1 });
  readonly #transactions = new Transactions();

  add(packet: Packet): void {
    const { protocol, category, source, destination, fragment, overTCP, bareAck } = classify(packet);
    const bytes = packet.originalLength;
    this.packets++;
    this.bytes += bytes;
    if (packet.error !== undefined) this.malformed++;
    this.throughput.add(packet.seconds + packet.nanoseconds / 1e9, category, bytes);
    let share = this.#shares.get(protocol);
    if (share === undefined) {
      share = { protocol, category, packets: 0, bytes: 0 };
      this.#shares.set(protocol, share);
    }
    share.packets++;
    share.bytes += bytes;
    this.#talkers.add(source, destination, bytes);
    this.#flows.add(packet);
    // Reassembly costs more than all else together: it gets what can carry HTTP or DNS, and nothing twice.
    if (fragment) this.#transactions.addFragment(packet);
    else if (protocol === "DNS" && !overTCP) this.#transactions.addDatagram(packet);
    else if (overTCP && !bareAck) this.#transactions.addSegment(packet);
  }

  /** No packet comes any more. */
  finish(): void {
    this.#transactions.finish();
  }

  /** Protocols, the one with the most bytes first. There are as many as the decoder knows at most. */
  shares(): Share[] {
    return [...this.#shares.values()].sort((a, b) => b.bytes - a.bytes);
  }

  /** How many rows each table has. */
  sizes(): Record<TableName, number> {
    return {
      conversations: this.#flows.size,
      talkers: this.#talkers.size,
      http: this.#transactions.http.length,
      dns: this.#transactions.dns.length,
    };
  }

  /** The rows of a table, in its columns; times are relative to `start`, in seconds. */
  rows(table: TableName, start: number): Cell[][] {
    switch (table) {
      case "conversations":
        return Array.from(this.#flows, (flow) => flowRow(flow, start));
      case "talkers":
        return Array.from(this.#talkers.values(), (talker) => [
          talker.address,
          talker.sentPackets + talker.receivedPackets,
          talker.sentBytes + talker.receivedBytes,
          talker.sentBytes,
          talker.receivedBytes,
        ]);
      case "http":
        return this.#transactions.http.map((row) => relative(row, start));
      case "dns":
        return this.#transactions.dns.map((row) => relative(row, start));
    }
  }
}

/** A row whose first cell is a time. */
function relative([time, ...rest]: readonly Cell[], start: number): Cell[] {
  return [typeof time === "number" ? time - start : time, ...rest];
}

function flowRow(flow: Flow, start: number): Cell[] {
  const { handshake, mean } = flow.roundTrip;
  return [
    flow.protocolName,
    endOf(flow, flow.client),
    endOf(flow, flow.server),
    flow.packets,
    flow.bytes,
    flow.toServer.bytes,
    flow.toClient.bytes,
    Number(flow.firstSeen) - start,
    flow.duration,
    handshake ?? mean,
    flow.toServer.retransmissions + flow.toClient.retransmissions,
  ];
}

/** Protocols that have ports: TCP, UDP, SCTP, UDP-Lite. */
const WITH_PORTS = new Set([6, 17, 132, 136]);

function endOf({ protocol }: Flow, { address, port }: Endpoint): string {
  return endText(address, WITH_PORTS.has(protocol) ? port : -1);
}
