import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type Stack, type StackPart, stack } from "../build/stack.ts";
import { LinkType } from "../container/interface.ts";
import { checkInteger } from "../errors.ts";
import { layerSummary } from "../format/summary.ts";
import { ICMP } from "../layers/icmp.ts";
import { ICMPv6, ICMPv6Echo, ICMPv6Error } from "../layers/icmpv6.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { Packet } from "../packet.ts";
import { checkHost, checkTime, type HostOptions, resolveHost } from "./host.ts";
import { findInterface } from "./inject.ts";
import { Prober } from "./prober.ts";
import { routeTo } from "./route.ts";
import { IPSender, ipPacket } from "./send.ts";
import { sniff } from "./sniff.ts";
import { answerFilter } from "./sr1.ts";

/** How a host is asked. */
export interface PingOptions extends HostOptions {
  /** How many requests. Default: until the loop is left. */
  readonly count?: number;
  /** Milliseconds from one request to the next. Default 1,000. */
  readonly interval?: number;
  /** Milliseconds to wait for each answer. Default 1,000. */
  readonly timeout?: number;
  /** Bytes of payload, 0 to 65,000; more than the interface takes in one packet is EMSGSIZE. Default 56. */
  readonly size?: number;
  /** Routers that a request may pass, 1 to 255. Default 64. */
  readonly ttl?: number;
}

/** What came of one request. */
export interface PingReply {
  /** Number of the request, from 1. */
  readonly sequence: number;
  /** Whether the host itself answered. */
  readonly ok: boolean;
  /** Who answered: the host, or a router that could not pass it on; undefined when nobody did in time. */
  readonly from: string | undefined;
  /** Milliseconds from the request to the answer, by the kernel's clock. */
  readonly rtt: number | undefined;
  /** What is left of the answer's time to live. */
  readonly ttl: number | undefined;
  /** The answer in words of its layer, such as `time-exceeded code=0`; undefined without one. */
  readonly text: string | undefined;
  readonly packet: Packet | undefined;
}

/** Counts and times of a `ping`; times are in milliseconds, undefined before the first answer. */
export interface PingStatistics {
  readonly sent: number;
  readonly received: number;
  /** Part of the requests that were not answered, 0 to 1. */
  readonly loss: number;
  readonly min: number | undefined;
  readonly average: number | undefined;
  readonly max: number | undefined;
  /** Standard deviation. */
  readonly deviation: number | undefined;
}

/** Requests that are sent while it is iterated. */
export interface Ping extends AsyncIterable<PingReply> {
  statistics(): PingStatistics;
}

/**
 * Asks a host whether it is there, with ICMP echo requests: a reply for each, until `count` or the end of the loop.
 *
 * Throws an InvalidValueError for an option that cannot be. Iterating rejects with a MissingCapabilityError without
 * CAP_NET_RAW, with the resolver's error, and as `send` does.
 */
export function ping(host: string, options: PingOptions = {}): Ping {
  checkHost(host, options.family);
  const settings = {
    count: checkInteger("count", options.count ?? Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER),
    interval: checkTime("interval", options.interval, 1000, 0),
    timeout: checkTime("timeout", options.timeout, 1000, 1),
    size: checkInteger("size", options.size ?? 56, 0, 65_000),
    ttl: checkInteger("ttl", options.ttl ?? 64, 1, 255),
  };
  let sent = 0;
  let received = 0;
  let sum = 0;
  let squares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  async function* replies(): AsyncGenerator<PingReply> {
    const address = await resolveHost(host, options.family);
    const name =
      options.interface === undefined ? routeTo(address).interface.name : findInterface(options.interface).name;
    using sender = new IPSender();
    await using prober = new Prober(sniff({ interface: name, filter: answerFilter(address) }));
    const id = randomInt(1, 0x10000);
    const payload = new Uint8Array(settings.size).map((_, i) => i);
    for (let sequence = 1; sequence <= settings.count; sequence++) {
      const started = performance.now();
      const prepared = ipPacket(echo(address, settings.ttl, id, sequence & 0xffff, payload));
      const request = Packet.from(prepared.bytes, { linkType: LinkType.RAW });
      sent++;
      const transmit = (): Promise<void> => sender.send(prepared, options.signal);
      const { answer, rtt } = await prober.exchange(request, transmit, settings.timeout, options.signal);
      const reply = describe(sequence, answer, rtt);
      if (reply.ok) {
        received++;
        if (rtt !== undefined) {
          sum += rtt;
          squares += rtt * rtt;
          min = Math.min(min, rtt);
          max = Math.max(max, rtt);
        }
      }
      yield reply;
      const left = settings.interval - (performance.now() - started);
      if (sequence < settings.count && left > 0) await wait(left, undefined, { signal: options.signal });
    }
  }
  return {
    [Symbol.asyncIterator]: replies,
    statistics(): PingStatistics {
      const average = sum / received;
      const known = received > 0;
      return {
        sent,
        received,
        loss: sent === 0 ? 0 : 1 - received / sent,
        min: known ? min : undefined,
        average: known ? average : undefined,
        max: known ? max : undefined,
        deviation: known ? Math.sqrt(Math.max(0, squares / received - average * average)) : undefined,
      };
    },
  };
}

/** An echo request; its source is found by the route. */
export function echo(
  address: string,
  ttl: number,
  id: number,
  sequence: number,
  payload: Uint8Array = new Uint8Array(0),
): Stack {
  const parts: StackPart[] = address.includes(":")
    ? [IPv6({ dst: address, hopLimit: ttl }), ICMPv6({ type: "echo" }), ICMPv6Echo({ id, sequence })]
    : [IPv4({ dst: address, ttl }), ICMP({ type: "echo", id, sequence })];
  return stack(...parts, payload);
}

/** Sender, remaining time to live and meaning of an answer. */
export function readAnswer(answer: Packet): {
  from: string | undefined;
  ttl: number | undefined;
  text: string;
  error: boolean;
} {
  const v4 = answer.get(IPv4);
  const v6 = answer.get(IPv6);
  const view = answer.get(ICMP) ?? answer.get(ICMPv6) ?? answer.layers.at(-1);
  const error = answer.has(ICMPv6Error) || (answer.has(ICMP) && answer.get(IPv4, 1) !== undefined);
  const code = answer.get(ICMPv6) !== undefined && error ? ` code=${answer.get(ICMPv6)!.code}` : "";
  return {
    from: v4?.src ?? v6?.src,
    ttl: v4?.ttl ?? v6?.hopLimit,
    text: `${view === undefined ? "" : layerSummary(view)}${code}`,
    error,
  };
}

function describe(sequence: number, answer: Packet | undefined, rtt: number | undefined): PingReply {
  if (answer === undefined) {
    return { sequence, ok: false, from: undefined, rtt, ttl: undefined, text: undefined, packet: undefined };
  }
  const { from, ttl, text, error } = readAnswer(answer);
  return { sequence, ok: !error, from, rtt, ttl, text, packet: answer };
}
