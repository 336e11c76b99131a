import { randomInt } from "node:crypto";
import { type Stack, stack } from "../build/stack.ts";
import { LinkType } from "../container/interface.ts";
import { checkInteger, InvalidValueError } from "../errors.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { TCP } from "../layers/tcp.ts";
import { UDP } from "../layers/udp.ts";
import { Packet } from "../packet.ts";
import { checkHost, checkTime, type HostOptions, resolveHost } from "./host.ts";
import { findInterface } from "./inject.ts";
import { echo, readAnswer } from "./ping.ts";
import { Prober } from "./prober.ts";
import { routeTo } from "./route.ts";
import { IPSender, ipPacket } from "./send.ts";
import { sniff } from "./sniff.ts";
import { answerFilter } from "./sr1.ts";

/** How the way to a host is found. */
export interface TracerouteOptions extends HostOptions {
  /** What is sent: datagrams to ports where nobody listens, echo requests, or SYN segments. Default `"udp"`. */
  readonly method?: "udp" | "icmp" | "tcp";
  /** The first hop, 1 to 255. Default 1. */
  readonly firstHop?: number;
  /** The last hop, 1 to 255. Default 30. */
  readonly maxHops?: number;
  /** Packets for each hop, 1 to 10; they are sent at once. Default 3. */
  readonly queries?: number;
  /** Milliseconds to wait for the answers of a hop. Default 1,000. */
  readonly timeout?: number;
  /** The first port for `udp`, which goes up by one for each packet; the port for `tcp`. Default 33434, 80. */
  readonly port?: number;
}

/** One hop on the way. */
export interface Hop {
  /** How many routers a packet may pass to come here, from 1. */
  readonly ttl: number;
  /** In the order in which they were sent. */
  readonly probes: readonly HopProbe[];
  /** Whether this is the host, or a router that says that the host cannot be reached: the end of the way. */
  readonly last: boolean;
}

/** What came of one packet. */
export interface HopProbe {
  /** Who answered; undefined when nobody did in time. */
  readonly from: string | undefined;
  /** Milliseconds to the answer, by the kernel's clock. */
  readonly rtt: number | undefined;
  /** The answer in words of its layer, such as `time-exceeded code=0`. */
  readonly text: string | undefined;
}

/** Where nobody listens: the first port of van Jacobson's traceroute. */
const UDP_PORT = 33_434;
/** ICMP and ICMPv6: the time to live ran out on the way. */
const TIME_EXCEEDED = /^time-exceeded/;

/**
 * Finds the routers on the way to a host: a hop at a time, nearest first, until the host answers or `maxHops`.
 *
 * Throws an InvalidValueError for an option that cannot be. Iterating rejects as `ping` does.
 */
export function traceroute(host: string, options: TracerouteOptions = {}): AsyncIterable<Hop> {
  checkHost(host, options.family);
  const { method = "udp" } = options;
  if (method !== "udp" && method !== "icmp" && method !== "tcp") {
    throw new InvalidValueError("method", method, '"udp", "icmp" or "tcp"');
  }
  const firstHop = checkInteger("firstHop", options.firstHop ?? 1, 1, 255);
  const maxHops = checkInteger("maxHops", options.maxHops ?? 30, firstHop, 255);
  const queries = checkInteger("queries", options.queries ?? 3, 1, 10);
  const timeout = checkTime("timeout", options.timeout, 1000, 1);
  const port = checkInteger("port", options.port ?? (method === "tcp" ? 80 : UDP_PORT), 1, 65_535);
  return { [Symbol.asyncIterator]: hops };

  async function* hops(): AsyncGenerator<Hop> {
    const address = await resolveHost(host, options.family);
    const name =
      options.interface === undefined ? routeTo(address).interface.name : findInterface(options.interface).name;
    using sender = new IPSender();
    await using prober = new Prober(sniff({ interface: name, filter: answerFilter(address) }));
    const id = randomInt(1, 0x10000);
    // Source ports of their own: an answer to another traceroute is none to this one.
    const source = randomInt(0x8000, 0xf000);
    let number = 0;
    const probe = async (ttl: number): Promise<{ probe: HopProbe; last: boolean }> => {
      const n = number++;
      const built =
        method === "icmp" ? echo(address, ttl, id, n & 0xffff) : segment(method, address, ttl, source, port, n);
      const prepared = ipPacket(built);
      const request = Packet.from(prepared.bytes, { linkType: LinkType.RAW });
      const transmit = (): Promise<void> => sender.send(prepared, options.signal);
      const { answer, rtt } = await prober.exchange(request, transmit, timeout, options.signal);
      if (answer === undefined) return { probe: { from: undefined, rtt: undefined, text: undefined }, last: false };
      const { from, text, error } = readAnswer(answer);
      return { probe: { from, rtt, text }, last: !error || !TIME_EXCEEDED.test(text) };
    };
    for (let ttl = firstHop; ttl <= maxHops; ttl++) {
      const results = await Promise.all(Array.from({ length: queries }, () => probe(ttl)));
      const last = results.some((result) => result.last);
      yield { ttl, probes: results.map((result) => result.probe), last };
      if (last) return;
    }
  }
}

/** Packet number `n` of a traceroute: each is told from the others by its ports. */
function segment(method: "udp" | "tcp", address: string, ttl: number, source: number, port: number, n: number): Stack {
  const ip = address.includes(":") ? IPv6({ dst: address, hopLimit: ttl }) : IPv4({ dst: address, ttl });
  if (method === "tcp") return stack(ip, TCP({ sport: source + (n % 0x1000), dport: port, seq: n, flags: "S" }));
  return stack(ip, UDP({ sport: source, dport: 1 + ((port - 1 + n) % 65_535) }), new Uint8Array(32));
}
