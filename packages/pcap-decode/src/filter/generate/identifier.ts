import { ipv6Mask, parseDotted, parseIpv6, parseMac, prefixMask } from "../address.ts";
import { and, or, type Test } from "../block.ts";
import { findPort, findProtocol } from "../names.ts";
import type { Transport } from "../services.ts";
import type { Identifier, Qualifiers } from "../syntax.ts";
import { decnetHost, parseDecnet } from "./decnet.ts";
import { ETHER_TYPE_NAMES, SAP_NAMES } from "./ether-type.ts";
import { hosts4, hosts6, type Network4, type Network6 } from "./host.ts";
import { macHost, shortHost } from "./mac.ts";
import { type PortRange, ports, TRANSPORTS } from "./port.ts";
import { protochain } from "./protochain.ts";
import { isoProtocolNumber, numberedProtocol } from "./protocol.ts";
import { assertAtMost, fail, type GenerateState } from "./state.ts";

const EXACT = 0xffffffff;
const EXACT6 = [EXACT, EXACT, EXACT, EXACT];

/** A number, name or address with the qualifiers that say what it is. */
export function identifierTest(state: GenerateState, identifier: Identifier, qualifiers: Qualifiers): Test {
  switch (qualifiers.type) {
    case "port":
    case "portrange":
      return portTest(state, identifier, qualifiers);
    case "proto":
    case "protochain":
      return protocolTest(state, identifier, qualifiers);
    case "gateway":
      if (identifier.kind !== "name") {
        return fail(state, `'gateway' is not a valid qualifier for '${identifier.text}'`);
      }
      return gateway(state, identifier.text, qualifiers);
    default:
      return addressTest(state, identifier, qualifiers);
  }
}

function addressTest(state: GenerateState, identifier: Identifier, qualifiers: Qualifiers): Test {
  const { protocol, direction } = qualifiers;
  switch (identifier.kind) {
    case "mac": {
      const mac = parseMac(identifier.text);
      if (mac === undefined) return fail(state, `invalid MAC address '${identifier.text}'`);
      if (protocol !== "link" || qualifiers.type === "net") {
        return fail(state, "ethernet address used in non-ether expression");
      }
      return macHost(state, mac, direction);
    }
    case "short-address":
      if (protocol !== "link" || qualifiers.type === "net") {
        return fail(state, "8-bit address used in non-link expression");
      }
      return shortHost(state, Number.parseInt(identifier.text, 16), direction);
    case "name":
      return namedAddress(state, identifier.text, qualifiers);
  }
  if (protocol === "link") return fail(state, `illegal link-layer address '${identifier.text}'`);
  if (protocol === "decnet") {
    return decnetHost(state, parseDecnet(state, identifier.text), direction);
  }
  if (identifier.kind === "ipv6") return hosts6(state, [ipv6Network(state, identifier, qualifiers)], qualifiers);
  if (identifier.kind === "number") return hosts4(state, [numberNetwork(identifier.value, qualifiers)], qualifiers);
  return hosts4(state, [ipv4Network(state, identifier, qualifiers)], qualifiers);
}

/** `net 10` is 10.0.0.0/8: the leading bytes that are zero are not written. */
function numberNetwork(value: number, qualifiers: Qualifiers): Network4 {
  let address = value;
  let mask = EXACT;
  if (qualifiers.type === "net") {
    while (address !== 0 && address <= 0x00ffffff) {
      address = (address << 8) >>> 0;
      mask = (mask << 8) >>> 0;
    }
  }
  return { address, mask };
}

function ipv4Network(
  state: GenerateState,
  { text, prefix, mask }: Extract<Identifier, { kind: "ipv4" }>,
  qualifiers: Qualifiers,
): Network4 {
  const address = dotted(state, text);
  if (prefix === undefined && mask === undefined) return { address: address.value, mask: prefixMask(address.bits) };
  if (qualifiers.type !== "net") return fail(state, "Mask syntax for networks only");
  if (prefix !== undefined && prefix > 32) return fail(state, "mask length must be <= 32");
  const bits = prefix === undefined ? dotted(state, mask!).value : prefixMask(prefix);
  if ((address.value & ~bits) !== 0) {
    const written = prefix === undefined ? `${text} mask ${mask}` : `${text}/${prefix}`;
    return fail(state, `non-network bits set in "${written}"`);
  }
  return { address: address.value, mask: bits };
}

function dotted(state: GenerateState, text: string): { value: number; bits: number } {
  return parseDotted(text) ?? fail(state, `invalid IPv4 address '${text}'`);
}

function ipv6Network(
  state: GenerateState,
  { text, prefix }: Extract<Identifier, { kind: "ipv6" }>,
  qualifiers: Qualifiers,
): Network6 {
  const address = parseIpv6(text) ?? fail(state, `invalid IPv6 address ${text}`);
  if (prefix === undefined) return { address, mask: EXACT6 };
  if (prefix > 128) return fail(state, "mask length must be <= 128");
  if (qualifiers.type !== "net" && prefix !== 128) return fail(state, "Mask syntax for networks only");
  const mask = ipv6Mask(prefix);
  if (address.some((word, index) => (word & ~mask[index]!) !== 0)) {
    return fail(state, `non-network bits set in "${text}/${prefix}"`);
  }
  return { address, mask };
}

function namedAddress(state: GenerateState, name: string, qualifiers: Qualifiers): Test {
  const { names } = state.options;
  const { protocol, direction } = qualifiers;
  if (qualifiers.type === "net") {
    const number = names.network?.(name);
    const network = number === undefined ? undefined : parseDotted(number);
    if (network === undefined) return fail(state, `unknown network '${name}'`);
    return hosts4(state, [{ address: network.value, mask: prefixMask(network.bits) }], qualifiers);
  }
  if (protocol === "link") return macHost(state, namedMac(state, name), direction);
  if (protocol === "decnet") return fail(state, `invalid DECnet address '${name}'`);
  const { four, six } = namedHosts(state, name);
  const tests: Test[] = [];
  if (four.length > 0 && protocol !== "ip6") tests.push(hosts4(state, four, qualifiers));
  if (six.length > 0 && (protocol === "ip6" || protocol === "default")) {
    tests.push(hosts6(state, six, qualifiers));
  }
  if (tests.length === 0) return fail(state, `unknown host '${name}'`);
  return tests.reduce(or);
}

function namedMac(state: GenerateState, name: string): number[] {
  const text = state.options.names.ether?.(name);
  const mac = text === undefined ? undefined : parseMac(text);
  return mac ?? fail(state, `unknown ether host '${name}'`);
}

/** Sorted, so that a program does not depend on the order of a resolver's answer. */
function namedHosts(state: GenerateState, name: string): { four: Network4[]; six: Network6[] } {
  const four: Network4[] = [];
  const six: Network6[] = [];
  for (const text of new Set(state.options.names.host?.(name) ?? [])) {
    const ipv6 = text.includes(":") ? parseIpv6(text) : undefined;
    const ipv4 = text.includes(":") ? undefined : parseDotted(text);
    if (ipv6 !== undefined) six.push({ address: ipv6, mask: EXACT6 });
    else if (ipv4?.bits === 32) four.push({ address: ipv4.value, mask: EXACT });
    else fail(state, `host '${name}' resolves to '${text}', which is not an IPv4 or IPv6 address`);
  }
  four.sort((a, b) => a.address - b.address);
  six.sort((a, b) => compareWords(a.address, b.address));
  return { four, six };
}

function compareWords(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((word, position) => word !== b[position]);
  return index < 0 ? 0 : a[index]! - b[index]!;
}

/** `gateway`: to or from a host's MAC address, but not its IP address. */
function gateway(state: GenerateState, name: string, qualifiers: Qualifiers): Test {
  const { protocol } = qualifiers;
  if (protocol !== "default" && protocol !== "ip" && protocol !== "arp" && protocol !== "rarp") {
    return fail(state, `illegal modifier of 'gateway': '${protocol}'`);
  }
  const mac = namedMac(state, name);
  const { four } = namedHosts(state, name);
  if (four.length === 0) return fail(state, `unknown host '${name}'`);
  const link = macHost(state, mac, "either");
  return and(link, hosts4(state, four, { ...qualifiers, direction: "either", type: "host" }, true));
}

function portTest(state: GenerateState, identifier: Identifier, qualifiers: Qualifiers): Test {
  const { protocol, direction } = qualifiers;
  const type = qualifiers.type === "port" ? "port" : "portrange";
  if (protocol !== "default" && !(protocol in TRANSPORTS)) return fail(state, `illegal qualifier of '${type}'`);
  const wanted: readonly Transport[] = protocol === "default" ? ["tcp", "udp", "sctp"] : [protocol as Transport];
  const [range, transports] =
    type === "portrange" && identifier.kind === "name"
      ? namedRange(state, identifier.text, wanted)
      : portOf(state, identifier, wanted, type);
  return ports(
    state,
    range,
    transports.map((transport) => TRANSPORTS[transport]),
    direction,
  );
}

type Ports = readonly [range: PortRange, transports: readonly Transport[]];

function portOf(
  state: GenerateState,
  identifier: Identifier,
  wanted: readonly Transport[],
  type: "port" | "portrange",
): Ports {
  if (identifier.kind === "number") {
    assertAtMost(state, "port number", identifier.value, 0xffff);
    return [{ low: identifier.value, high: identifier.value }, wanted];
  }
  if (identifier.kind !== "name") return fail(state, `'${type}' is not a valid qualifier for '${identifier.text}'`);
  return namedPort(state, identifier.text, wanted);
}

/** A port, and the transport that it is registered for; no transport when TCP and UDP share it. */
interface Service {
  readonly port: number;
  readonly only: Transport | undefined;
}

function findService(state: GenerateState, name: string): Service | undefined {
  const { names } = state.options;
  const tcp = findPort(names, name, "tcp");
  const udp = findPort(names, name, "udp");
  if (tcp !== undefined) return { port: tcp, only: tcp === udp ? undefined : "tcp" };
  if (udp !== undefined) return { port: udp, only: "udp" };
  const sctp = findPort(names, name, "sctp");
  return sctp === undefined ? undefined : { port: sctp, only: "sctp" };
}

/** A service that only one transport has means that transport alone. */
function usable(
  state: GenerateState,
  name: string,
  only: Transport | undefined,
  wanted: readonly Transport[],
): readonly Transport[] {
  if (only === undefined) return wanted;
  if (!wanted.includes(only)) return fail(state, `port '${name}' is ${only}`);
  return [only];
}

function namedPort(state: GenerateState, name: string, wanted: readonly Transport[]): Ports {
  const service = findService(state, name) ?? fail(state, `unknown port '${name}'`);
  assertAtMost(state, "port number", service.port, 0xffff);
  return [{ low: service.port, high: service.port }, usable(state, name, service.only, wanted)];
}

/** `1-1023`, `smtp-domain`; service names may contain hyphens, so every hyphen may be the one between the ends. */
function namedRange(state: GenerateState, text: string, wanted: readonly Transport[]): Ports {
  for (let at = text.indexOf("-"); at > 0; at = text.indexOf("-", at + 1)) {
    const first = rangeEnd(state, text.slice(0, at));
    const second = rangeEnd(state, text.slice(at + 1));
    if (first === undefined || second === undefined) continue;
    const only = first.only === second.only ? first.only : undefined;
    const low = Math.min(first.port, second.port);
    return [{ low, high: Math.max(first.port, second.port) }, usable(state, text, only, wanted)];
  }
  return namedPort(state, text, wanted);
}

function rangeEnd(state: GenerateState, text: string): Service | undefined {
  if (!/^\d+$/.test(text)) return findService(state, text);
  assertAtMost(state, "port number", Number(text), 0xffff);
  return { port: Number(text), only: undefined };
}

function protocolTest(state: GenerateState, identifier: Identifier, qualifiers: Qualifiers): Test {
  const { protocol, type } = qualifiers;
  const value = protocolNumber(state, identifier, qualifiers);
  if (type === "protochain") return protochain(state, value, protocol);
  return numberedProtocol(state, value, protocol);
}

function protocolNumber(state: GenerateState, identifier: Identifier, { protocol, type }: Qualifiers): number {
  if (identifier.kind === "number") return identifier.value;
  if (identifier.kind !== "name") return fail(state, `'${type}' is not a valid qualifier for '${identifier.text}'`);
  const name = identifier.text;
  let value: number | undefined;
  if (protocol === "link") value = ETHER_TYPE_NAMES.get(name) ?? SAP_NAMES.get(name);
  else if (protocol === "iso") value = isoProtocolNumber(name);
  else if (protocol === "default" || protocol === "ip" || protocol === "ip6") {
    value = findProtocol(state.options.names, name);
  }
  return value ?? fail(state, `unknown '${type}' value '${name}'`);
}
