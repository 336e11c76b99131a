/** Captures of any size made of a few kinds of packets, for tests and measurements. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { DNS, Ethernet, IPv4, stack, TCP, UDP } from "@sockeye/pcap-decode";

const PCAP_MAGIC = 0xa1b2c3d4;
const START = 1_700_000_000;
const PORTS = 200;

/** Segments, datagrams, requests and queries of 64 hosts, 20 microseconds apart. */
function kinds(): Buffer[] {
  const packets: Uint8Array[] = [];
  for (let host = 1; host <= 64; host++) {
    const there = { src: `10.0.0.${host}`, dst: "192.0.2.80" };
    const back = { src: "192.0.2.80", dst: `10.0.0.${host}` };
    const sport = 40_000 + (host % PORTS);
    packets.push(
      stack(Ethernet(), IPv4(there), TCP({ sport, dport: 443, flags: "A" })).bytes(),
      stack(Ethernet(), IPv4(back), TCP({ sport: 443, dport: sport, flags: "PA" }), new Uint8Array(200)).bytes(),
      stack(
        Ethernet(),
        IPv4(there),
        TCP({ sport, dport: 80, flags: "PA" }),
        "GET / HTTP/1.1\r\nHost: example\r\n\r\n",
      ).bytes(),
      stack(Ethernet(), IPv4(there), UDP({ sport, dport: 9999 }), new Uint8Array(60)).bytes(),
      stack(
        Ethernet(),
        IPv4(there),
        UDP({ sport, dport: 53 }),
        DNS({ id: host, questions: [{ name: `h${host}.example`, type: 1, class: 1 }] }),
      ).bytes(),
    );
  }
  return packets.map((bytes) => Buffer.from(bytes));
}

/** Pieces of a pcap file of `count` packets. */
function* bigCapture(count: number): Generator<Buffer> {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(PCAP_MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  yield header;
  const all = kinds();
  for (let done = 0; done < count; ) {
    const parts: Buffer[] = [];
    for (let i = 0; i < 10_000 && done < count; i++, done++) {
      const bytes = all[(done * 7) % all.length]!;
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
