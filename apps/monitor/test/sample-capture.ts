/** A minute of a small network, the same every time: what the pictures show and the browser tests read. */
import {
  ARP,
  DNS,
  type DNSRecord,
  Ethernet,
  encodeCapture,
  ICMP,
  IPv4,
  IPv6,
  NTP,
  Packet,
  stack,
  TCP,
  UDP,
} from "@sockeye/pcap-decode";

const START = 1_790_000_000;
const NAMES = ["www.example.com", "api.example.net", "cdn.example.org", "mail.example.com", "status.example.net"];
const PATHS = ["/", "/index.html", "/api/orders?page=2", "/img/logo.svg", "/health", "/api/orders/4711"];

/** A name that tries what names in packets can try: markup, control characters, and turned text. */
export const HOSTILE = '<img src=x onerror="document.title=1">\u202e\u001b[31m';

/** Numbers that look like chance and are the same each time (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

class Network {
  readonly packets: Packet[] = [];
  readonly random = chance(7);
  #port = 40_000;

  add(time: number, bytes: Uint8Array): void {
    this.packets.push(Packet.from(bytes, { time: START + time }));
  }

  port(): number {
    return this.#port++;
  }

  /** A connection that says `turns`, the client first. */
  tcp(time: number, client: string, server: string, port: number, turns: readonly (string | Uint8Array)[]): number {
    const sport = this.port();
    const sequence = [1000 + Math.floor(this.random() * 1e6), 5000 + Math.floor(this.random() * 1e6)];
    let at = time;
    const send = (side: 0 | 1, flags: string, data: Uint8Array = new Uint8Array(0)): void => {
      const ends = side === 0 ? { src: client, dst: server } : { src: server, dst: client };
      const ports = side === 0 ? { sport, dport: port } : { sport: port, dport: sport };
      const segment = TCP({
        ...ports,
        flags,
        seq: sequence[side]!,
        ack: flags === "S" ? 0 : sequence[1 - side]!,
        window: 64_240,
      });
      this.add(at, stack(Ethernet(), IPv4({ ...ends, id: this.packets.length & 0xffff }), segment, data).bytes());
      sequence[side]! += data.length + (/[SF]/.test(flags) ? 1 : 0);
      at += 0.0004 + this.random() * 0.003;
    };
    send(0, "S");
    send(1, "SA");
    send(0, "A");
    for (const [i, turn] of turns.entries()) {
      const side = (i % 2) as 0 | 1;
      const bytes = typeof turn === "string" ? new TextEncoder().encode(turn) : turn;
      for (let from = 0; from < bytes.length; from += 1400) send(side, "PA", bytes.subarray(from, from + 1400));
      send((1 - side) as 0 | 1, "A");
      at += this.random() * 0.03;
    }
    send(0, "FA");
    send(1, "FA");
    send(0, "A");
    return at;
  }

  dns(time: number, client: string, name: string, address: string | undefined): number {
    const ports = { sport: this.port(), dport: 53 };
    const id = Math.floor(this.random() * 65_536);
    const questions = [{ name, type: 1, class: 1 }];
    this.add(
      time,
      stack(Ethernet(), IPv4({ src: client, dst: "192.0.2.53" }), UDP(ports), DNS({ id, questions })).bytes(),
    );
    const answers: DNSRecord[] = address === undefined ? [] : [{ name, type: 1, class: 1, ttl: 300, address }];
    const answer = DNS({
      id,
      response: 1,
      recursionAvailable: 1,
      rcode: address === undefined ? "NXDOMAIN" : 0,
      questions,
      answers,
    });
    const back = UDP({ sport: 53, dport: ports.sport });
    const took = 0.002 + this.random() * 0.02;
    this.add(time + took, stack(Ethernet(), IPv4({ src: "192.0.2.53", dst: client }), back, answer).bytes());
    return time + took;
  }
}

/** One TLS record of application data. */
function record(length: number, random: () => number): Uint8Array {
  const bytes = Uint8Array.from({ length: length + 5 }, () => Math.floor(random() * 256));
  bytes.set([23, 3, 3, length >> 8, length & 255]);
  return bytes;
}

/** The packets in the order of their times. */
export function samplePackets(): Packet[] {
  const network = new Network();
  const { random } = network;
  const host = () => `192.0.2.${10 + Math.floor(random() * 9)}`;
  for (let second = 0; second < 60; second++) {
    const busy = 1 + 2.5 * Math.max(0, Math.sin(second / 7)) + (second > 38 && second < 46 ? 5 : 0);
    for (let i = 0; i < busy * 2; i++) {
      const time = second + random();
      const name = NAMES[Math.floor(random() * NAMES.length)]!;
      const client = host();
      const server = `198.51.100.${20 + NAMES.indexOf(name)}`;
      const asked = network.dns(time, client, name, random() < 0.06 ? undefined : server);
      if (random() < 0.45) {
        const path = PATHS[Math.floor(random() * PATHS.length)]!;
        const size = Math.floor(200 + random() * random() * 9000);
        const status = random() < 0.08 ? "404 Not Found" : "200 OK";
        network.tcp(asked, client, server, 80, [
          `GET ${path} HTTP/1.1\r\nHost: ${name}\r\nUser-Agent: sample/1.0\r\nAccept: */*\r\n\r\n`,
          `HTTP/1.1 ${status}\r\nContent-Type: text/html\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`,
        ]);
      } else {
        const turns = Array.from({ length: 6 }, (_, turn) =>
          record(turn % 2 === 0 ? 300 : 1200 + Math.floor(random() * 6000), random),
        );
        network.tcp(asked, client, server, 443, turns);
      }
    }
    const pinged = { src: host(), dst: "198.51.100.20" };
    for (const [side, type] of ["echo", "echo-reply"].entries()) {
      const ends = side === 0 ? pinged : { src: pinged.dst, dst: pinged.src };
      const echo = stack(
        Ethernet(),
        IPv4(ends),
        ICMP({ type: type === "echo" ? 8 : 0, id: 77, sequence: second }),
        new Uint8Array(48),
      );
      network.add(second + 0.2 + side * 0.011, echo.bytes());
    }
    if (second % 5 === 0)
      network.add(second + 0.5, stack(Ethernet(), ARP({ psrc: host(), pdst: "192.0.2.1" })).bytes());
    if (second % 16 === 0) {
      network.add(
        second + 0.6,
        stack(Ethernet(), IPv4({ src: host(), dst: "203.0.113.123" }), UDP({ sport: 123, dport: 123 }), NTP()).bytes(),
      );
    }
    for (let i = 0; i < busy * 6; i++) {
      const six = IPv6({ src: "2001:db8::10", dst: "2001:db8::42" });
      network.add(
        second + random(),
        stack(Ethernet(), six, UDP({ sport: 5004, dport: 5004 }), new Uint8Array(900)).bytes(),
      );
    }
  }
  network.tcp(30.1, "192.0.2.66", "198.51.100.20", 80, [
    `GET /${encodeURI("search")}?q=${HOSTILE.replaceAll(" ", "+")} HTTP/1.1\r\nHost: ${NAMES[0]}\r\nX-Name: ${HOSTILE}\r\n\r\n`,
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
  ]);
  network.dns(30.3, "192.0.2.66", "<script>alert(1)</script>.example.com", undefined);
  return network.packets.sort((a, b) => Number(a.time) - Number(b.time));
}

/** The sample, or its first packets, as a pcapng file. */
export function sampleCapture(count?: number): Promise<Uint8Array> {
  return encodeCapture(samplePackets().slice(0, count), { format: "pcapng" });
}
