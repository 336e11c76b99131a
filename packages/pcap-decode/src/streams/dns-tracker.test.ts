import { describe, expect, test } from "vitest";
import { stack } from "../build/stack.ts";
import { DNS, DNSOverTCP } from "../layers/dns.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { TCP } from "../layers/tcp.ts";
import { UDP } from "../layers/udp.ts";
import { Packet } from "../packet.ts";
import { DNSTracker, type DNSTrackerOptions, type DNSTransaction } from "./dns-tracker.ts";

const question = (name: string) => ({ name, type: 1, class: 1 });
const answer = (name: string) => ({ name, type: 1, class: 1, ttl: 60, address: "192.0.2.7" });

function at(time: number, bytes: Uint8Array): Packet {
  return new Packet(bytes, 0, bytes.length, bytes.length, 1, Math.floor(time), Math.round((time % 1) * 1e9));
}

function datagram(time: number, from: "client" | "server", dns: ReturnType<typeof DNS>, port = 4000): Packet {
  const [src, dst, sport, dport] =
    from === "client" ? (["10.0.0.1", "10.0.0.53", port, 53] as const) : (["10.0.0.53", "10.0.0.1", 53, port] as const);
  return at(time, stack(Ethernet(), IPv4({ src, dst }), UDP({ sport, dport }), dns).bytes());
}

const query = (id: number, name: string) => DNS({ id, questions: [question(name)] });
const reply = (id: number, name: string, rcode = 0) =>
  DNS({ id, response: 1, rcode, questions: [question(name)], answers: rcode === 0 ? [answer(name)] : [] });

function track(packets: readonly Packet[], options: DNSTrackerOptions = {}): DNSTransaction[] {
  const seen: DNSTransaction[] = [];
  const tracker = new DNSTracker((transaction) => void seen.push(transaction), options);
  for (const packet of packets) tracker.add(packet);
  tracker.finish();
  return seen;
}

const brief = ({ questions, response, query: asked, retransmissions }: DNSTransaction): string =>
  `${asked ? "" : "? "}${questions[0]?.name} ${response ? response.rcode : "-"}${retransmissions ? ` x${retransmissions}` : ""}`;

describe("over UDP", () => {
  test("pairs queries and responses, in any order", () => {
    const [b, a] = track([
      datagram(1, "client", query(1, "a.example")),
      datagram(1.1, "client", query(2, "b.example")),
      datagram(1.2, "server", reply(2, "B.example", 3)),
      datagram(1.3, "server", reply(1, "a.example")),
    ]);
    expect([a, b].map((each) => brief(each!))).toEqual(["a.example 0", "b.example 3"]);
    expect(a!.latency).toBeCloseTo(0.3, 9);
    expect([a!.client, a!.server, a!.transport]).toEqual([
      { address: "10.0.0.1", port: 4000 },
      { address: "10.0.0.53", port: 53 },
      "udp",
    ]);
    expect(a!.response!.answers).toEqual([answer("a.example")]);
  });

  test("bounds the questions of queries that wait", () => {
    const many = Array.from({ length: 40 }, (_, i) => question(`n${i}.example`));
    const packets = [1, 2, 3].map((id) => datagram(id, "client", DNS({ id, questions: many })));
    const seen: (number | undefined)[] = [];
    const tracker = new DNSTracker(({ query: asked }) => void seen.push(asked?.id), { maxRecords: 100 });
    for (const packet of packets) tracker.add(packet);
    expect(seen).toEqual([1]);
    // What is given up or answered makes room again.
    tracker.add(datagram(4, "server", DNS({ id: 2, response: 1, questions: many })));
    tracker.add(datagram(5, "client", query(4, "a.example")));
    expect(seen).toEqual([1, 2]);
    tracker.finish();
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(() => new DNSTracker(() => {}, { maxRecords: 0 })).toThrow("maxRecords");
  });

  test("tells what is asked again, unanswered, or answered unasked", () => {
    const seen = track([
      datagram(1, "client", query(1, "again.example")),
      datagram(2, "client", query(1, "again.example")),
      datagram(3, "server", reply(1, "again.example")),
      datagram(4, "server", reply(9, "unasked.example")),
      datagram(5, "client", query(3, "late.example")),
      datagram(90, "client", query(4, "last.example")),
    ]);
    expect(seen.map(brief)).toEqual(["again.example 0 x1", "? unasked.example 0", "late.example -", "last.example -"]);
  });

  test("the same number for another name or from another port is another query", () => {
    const seen = track([
      datagram(1, "client", query(1, "a.example")),
      datagram(1, "client", query(1, "b.example")),
      datagram(1, "client", query(1, "a.example"), 5000),
      datagram(2, "server", reply(1, "b.example")),
    ]);
    expect(seen.map(brief)).toEqual(["b.example 0", "a.example -", "a.example -"]);
  });
});

describe("over TCP", () => {
  const framed = [query(1, "a.example"), query(2, "b.example")].map((each) => stack(DNSOverTCP(), each).bytes());
  const bytes = Buffer.concat(framed);

  test.each([1, 7, 1000])("messages span segments of %i bytes", (size) => {
    const packets: Packet[] = [];
    for (let i = 0; i < bytes.length; i += size) {
      const tcp = TCP({ sport: 4000, dport: 53, seq: 10 + i, flags: "PA" });
      const ip = IPv4({ src: "10.0.0.1", dst: "10.0.0.53" });
      packets.push(at(1, stack(Ethernet(), ip, tcp, bytes.subarray(i, i + size)).bytes()));
    }
    const response = stack(DNSOverTCP(), reply(2, "b.example")).bytes();
    const ip = IPv4({ src: "10.0.0.53", dst: "10.0.0.1" });
    packets.push(at(2, stack(Ethernet(), ip, TCP({ sport: 53, dport: 4000, seq: 70, flags: "PA" }), response).bytes()));
    const seen = track(packets);
    expect(seen.map(brief)).toEqual(["b.example 0", "a.example -"]);
    expect(seen.map(({ transport }) => transport)).toEqual(["tcp", "tcp"]);
  });
});

test("queries that wait are limited", () => {
  const queries = [1, 2, 3, 4].map((id) => datagram(1, "client", query(id, `n${id}.example`)));
  const seen: string[] = [];
  const tracker = new DNSTracker((each) => void seen.push(brief(each)), { maxQueries: 2 });
  for (const each of queries) tracker.add(each);
  expect(seen).toEqual(["n1.example -", "n2.example -"]);
  expect(() => new DNSTracker(() => {}, { maxQueries: 0 })).toThrow("maxQueries: expected an integer from 1");
  expect(() => new DNSTracker(() => {}, { queryTimeout: -1 })).toThrow(
    "queryTimeout: expected seconds above 0, got -1",
  );
});
