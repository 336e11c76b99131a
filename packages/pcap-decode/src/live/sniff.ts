import { checkInteger, InvalidValueError } from "../errors.ts";
import type { FilterNames } from "../filter/names.ts";
import { parse } from "../filter/parser.ts";
import type { Packet } from "../packet.ts";
import { interfaces, type NetworkInterface } from "./interfaces.ts";
import { PacketSource } from "./packet-source.ts";
import { type Sniffer, type SniffStatistics, SourceSniffer } from "./sniffer.ts";

/** What is captured, and how. */
export interface SniffOptions {
  /** An interface by its name or number; `"any"` for all there are and will be, each packet with a cooked header. */
  readonly interface?: string | number;
  /** Several interfaces, each with a socket of its own. Either this or `interface`. */
  readonly interfaces?: readonly (string | number)[];
  /** A pcap-filter(7) expression, which the kernel runs: nothing else reaches this process. Default: everything. */
  readonly filter?: string;
  /** IPv4 netmask for `ip broadcast`. Default: that of the interface's first address. */
  readonly netmask?: string | number;
  /** Where names in the filter come from, as in `compileFilter`. */
  readonly resolve?: FilterNames;
  /** Ends after so many packets. Default: never. */
  readonly count?: number;
  /** Ends after so many milliseconds. Default: never. */
  readonly timeout?: number;
  /** Ends the capture as `close` does, without an error. */
  readonly signal?: AbortSignal;
  /** Whether the interface takes in what is meant for others too; not with `"any"`. Default true. */
  readonly promiscuous?: boolean;
  /** Packets are cut to this many bytes, 64 to 262,144. Default 262,144. */
  readonly snaplen?: number;
  /** Bytes that the kernel keeps for packets that were not taken yet, 2,048 to 1 GiB. Default 8 MiB. */
  readonly receiveBuffer?: number;
  /** Most packets that are taken from the kernel at once, 1 to 64. Default 64. */
  readonly batchSize?: number;
}

/** What `sniff` does with each packet; `false` ends the capture, a promise holds it back. */
export type PacketHandler = (packet: Packet) => unknown;

const MAX_SNAPLEN = 256 * 1024;
const RECEIVE_BUFFER = 8 * 1024 * 1024;
/** Most interfaces at once: each has a socket and a batch. */
const MAX_INTERFACES = 64;
const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * Captures packets from now on. The filter is in the kernel before the first packet can come. Iterate the result, and
 * leave the loop to end it; with `onPacket` the result is a promise of the counters at the end.
 *
 * Throws a MissingCapabilityError without CAP_NET_RAW, an InvalidValueError for an option that cannot be, such as an
 * interface that is not there, and FilterSyntaxError or FilterError for the filter. Iterating rejects with a
 * SocketError when the interface goes down (ENETDOWN).
 */
export function sniff(options: SniffOptions & { readonly onPacket: PacketHandler }): Promise<SniffStatistics>;
export function sniff(options: SniffOptions): Sniffer;
export function sniff(
  options: SniffOptions & { readonly onPacket?: PacketHandler },
): Sniffer | Promise<SniffStatistics> {
  const { onPacket } = options ?? {};
  if (onPacket !== undefined && typeof onPacket !== "function") {
    throw new InvalidValueError("onPacket", onPacket, "a function");
  }
  const sniffer = open(options);
  return onPacket === undefined ? sniffer : handle(sniffer, onPacket);
}

async function handle(sniffer: Sniffer, onPacket: PacketHandler): Promise<SniffStatistics> {
  for await (const packet of sniffer) {
    let answer = onPacket(packet);
    if (answer instanceof Promise) answer = await answer;
    if (answer === false) break;
  }
  return sniffer.statistics();
}

function open(options: SniffOptions): Sniffer {
  if (typeof options !== "object" || options === null)
    throw new InvalidValueError("sniff(options)", options, "options");
  const { filter = "", netmask, resolve, promiscuous = true, signal } = options;
  const wanted = checkInterfaces(options);
  if (typeof filter !== "string") throw new InvalidValueError("filter", filter, "an expression of pcap-filter(7)");
  // What cannot be parsed is an error before anything is opened.
  parse(filter);
  if (typeof promiscuous !== "boolean") throw new InvalidValueError("promiscuous", promiscuous, "true or false");
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidValueError("signal", signal, "an AbortSignal");
  }
  const count = checkInteger("count", options.count ?? Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER);
  const timeout = options.timeout === undefined ? undefined : checkInteger("timeout", options.timeout, 0, MAX_TIMEOUT);
  const snaplen = checkInteger("snaplen", options.snaplen ?? MAX_SNAPLEN, 64, MAX_SNAPLEN);
  const receiveBuffer = checkInteger("receiveBuffer", options.receiveBuffer ?? RECEIVE_BUFFER, 2048, 2 ** 30);
  const batchSize = checkInteger("batchSize", options.batchSize ?? 64, 1, 64);
  const all = interfaces();
  const targets = wanted.map((each) => find(each, all));
  const sources: PacketSource[] = [];
  try {
    for (const [id, target] of targets.entries()) {
      const settings = {
        filter,
        netmask: netmask ?? netmaskOf(target),
        resolve,
        snaplen,
        promiscuous,
        receiveBuffer,
        batchSize,
      };
      sources.push(new PacketSource(id, target, all, settings));
    }
  } catch (error) {
    for (const source of sources) source.close();
    throw error;
  }
  return new SourceSniffer(sources, { count, timeout, signal });
}

function checkInterfaces(options: SniffOptions): readonly (string | number)[] {
  const { interface: one, interfaces: several } = options;
  if (one !== undefined && several !== undefined) {
    throw new InvalidValueError("interfaces", several, "none where there is interface");
  }
  if (several === undefined) return [one as string | number];
  if (!Array.isArray(several) || several.length < 1 || several.length > MAX_INTERFACES) {
    throw new InvalidValueError("interfaces", several, `1 to ${MAX_INTERFACES} names or numbers`);
  }
  return several;
}

/** The interface that is meant; undefined for all of them. */
function find(wanted: string | number, all: readonly NetworkInterface[]): NetworkInterface | undefined {
  if (wanted === "any") return undefined;
  const found = all.find(({ name, index }) => wanted === name || wanted === index);
  if (found !== undefined) return found;
  throw new InvalidValueError("interface", wanted, `one of ${all.map(({ name }) => name).join(", ")}, any`);
}

function netmaskOf(target: NetworkInterface | undefined): number | undefined {
  const prefix = target?.addresses.find(({ family }) => family === "IPv4")?.prefix;
  return prefix === undefined ? undefined : prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
}
