/** Captures of any size made of a few kinds of packets, for tests and measurements. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { DNS, Ethernet, IPv4, stack, TCP, UDP } from "@sockeye/pcap-decode";

const PCAP_MAGIC = 0xa1b2c3d4;
const START = 1_700_000_000;
const HOSTS = 64;
/** Where the sequence number of a segment without IP options is. */
const SEQUENCE = 14 + 20 + 4;
/** What twenty packets in a row are: data, acknowledgments, a request, datagrams, a query. */
const MIX = ["data", "ack", "data", "data", "ack", "data", "get", "data", "ack", "udp"] as const;
const MIX_WITH_DNS = [...MIX, ...MIX.slice(0, 9), "dns"] as const;

type Kind = (typeof MIX_WITH_DNS)[number];

/** The packets of one host; each is used again and again. */
function kinds(host: number): Record<Kind, Buffer> {
  const there = { src: `10.0.0.${host}`, dst: "192.0.2.80" };
  const back = { src: "192.0.2.80", dst: `10.0.0.${host}` };
  const sport = 40_000 + host;
  const made = {
    ack: stack(Ethernet(), IPv4(there), TCP({ sport, dport: 443, flags: "A" })),
    data: stack(Ethernet(), IPv4(back), TCP({ sport: 443, dport: sport, flags: "PA" }), new Uint8Array(200)),
    get: stack(
      Ethernet(),
      IPv4(there),
      TCP({ sport, dport: 80, flags: "PA" }),
      "GET / HTTP/1.1\r\nHost: example\r\n\r\n",
    ),
    udp: stack(Ethernet(), IPv4(there), UDP({ sport, dport: 9999 }), new Uint8Array(60)),
    dns: stack(
      Ethernet(),
      IPv4(there),
      UDP({ sport, dport: 53 }),
      DNS({ questions: [{ name: `h${host}.example`, type: 1, class: 1 }] }),
    ),
  };
  return Object.fromEntries(Object.entries(made).map(([kind, one]) => [kind, Buffer.from(one.bytes())])) as Record<
    Kind,
    Buffer
  >;
}

/** Pieces of a pcap file of `count` packets, 20 microseconds apart; connections go on where they were. */
function* bigCapture(count: number): Generator<Buffer> {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(PCAP_MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  yield header;
  const hosts = Array.from({ length: HOSTS }, (_, i) => ({ packets: kinds(i + 1), sequence: { data: 1, get: 1 } }));
  for (let done = 0; done < count; ) {
    const parts: Buffer[] = [];
    for (let i = 0; i < 10_000 && done < count; i++, done++) {
      const { packets, sequence } = hosts[Math.floor(done / MIX_WITH_DNS.length) % HOSTS]!;
      const kind = MIX_WITH_DNS[done % MIX_WITH_DNS.length]!;
      const bytes = Buffer.from(packets[kind]);
      if (kind === "data" || kind === "get") {
        bytes.writeUInt32BE(sequence[kind], SEQUENCE);
        sequence[kind] = (sequence[kind] + bytes.length - 54) % 2 ** 32;
      }
      const record = Buffer.alloc(16);
      const microseconds = done * 20;
      record.writeUInt32LE(START + Math.floor(microseconds / 1e6), 0);
      record.writeUInt32LE(microseconds % 1e6, 4);
      record.writeUInt32LE(bytes.length, 8);
      record.writeUInt32LE(bytes.length, 12);
      parts.push(record, bytes);
    }
    yield Buffer.concat(parts);
  }
}

/** Writes such a file. */
export async function writeBigCapture(path: string, count: number): Promise<void> {
  const out = createWriteStream(path);
  for (const piece of bigCapture(count)) if (!out.write(piece)) await once(out, "drain");
  out.end();
  await finished(out);
}
