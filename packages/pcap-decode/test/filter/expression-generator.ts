import type { LinkType } from "../../src/container/interface.ts";
import type { LinkTypeName } from "../../src/filter/link-type.ts";
import type { Random } from "../random.ts";

/** Link types that expressions are generated for, Ethernet more often than others. */
export const GENERATED_LINK_TYPES: readonly (keyof typeof LinkType)[] = [
  "ETHERNET",
  "ETHERNET",
  "ETHERNET",
  "ETHERNET",
  "RAW",
  "LINUX_SLL",
  "LINUX_SLL2",
  "PPP",
  "IPV4",
  "IEEE802_11",
  "IEEE802_11_RADIOTAP",
  "FDDI",
];

const PROTOCOLS =
  "ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp pim ah esp vrrp carp igrp atalk aarp decnet iso stp ipx netbeui lat mopdl moprc sca esis clnp";
const INDEXED = "ether ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp pim vrrp link";
const CONSTANTS = "tcp-syn tcp-ack tcp-fin tcpflags icmp-echo icmptype icmp6type icmp-unreach tcp-push";

/**
 * A random expression; now and then one that means nothing or is not in the language at all. What libpcap 1.10 and
 * 1.11 are known to compile with different meaning is not generated: IS-IS types, `byte`, MPLS below `or`,
 * comparisons of a whole word of bits with zero, numbers that do not fit their field. Nor is what libpcap gets wrong:
 * divisors from the packet, which it refuses where an index in them begins with zero, and arithmetic on 802.11, whose
 * scratch words it gives to the offsets of headers.
 */
export function generateExpression(random: Random, linkType: LinkTypeName): string {
  const expression = sequence(random, linkType, 0);
  return random.chance(6) ? damage(random, expression) : expression;
}

function sequence(random: Random, linkType: LinkTypeName, depth: number): string {
  const parts = [term(random, linkType, depth)];
  const more = random.below(depth === 0 ? 3 : 2);
  for (let i = 0; i < more; i++) {
    const inherited = again(random, parts[parts.length - 1]!);
    parts.push(random.pick(["and", "or", "or", "or", "&&", "||"]));
    parts.push(inherited !== undefined && random.chance(40) ? inherited : term(random, linkType, depth));
  }
  return parts.join(" ");
}

function term(random: Random, linkType: LinkTypeName, depth: number): string {
  if (depth < 3 && random.chance(18)) return `(${sequence(random, linkType, depth + 1)})`;
  if (random.chance(12)) return `${random.pick(["not", "!"])} ${term(random, linkType, depth + 1)}`;
  switch (random.below(9)) {
    case 0:
      return random.pick(PROTOCOLS.split(" "));
    case 1:
      return `${random.pick(["", "", "ip ", "arp "])}${direction(random)}${host(random)}`;
    case 2:
      return `${random.pick(["", "ip6 "])}${direction(random)}${ipv6(random)}`;
    case 3:
      return `${random.pick(["", "tcp ", "udp ", "sctp "])}${direction(random)}${ports(random)}`;
    case 4:
    case 5:
      return linkType.startsWith("IEEE802_11") ? `ether host ${mac(random)}` : relation(random, depth);
    case 6:
      return random.pick([
        `${random.pick(["", "ip ", "ip6 ", "ether "])}proto ${random.pick(["6", "17", "\\tcp", "1", "58", "47", "\\icmp", "255"])}`,
        `ether proto ${random.pick(["0x800", "\\ip6", "\\arp", "0x88cc", "0x42", "\\stp", "1500", "1501"])}`,
        linkType.startsWith("IEEE802_11")
          ? "ip"
          : `${random.pick(["ip", "ip6"])} protochain ${random.pick(["6", "17", "58"])}`,
      ]);
    case 7:
      return random.pick([
        `${random.pick(["less", "greater"])} ${random.below(300)}`,
        random.pick(["ip6 multicast", "ip broadcast", "ip multicast"]),
        hasMac(linkType) ? random.pick(["broadcast", "multicast", "ether broadcast", "ether multicast"]) : "ip",
        hasMac(linkType) ? `ether ${direction(random)}host ${mac(random)}` : "ip6",
      ]);
    default:
      return encapsulation(random, linkType);
  }
}

function hasMac(linkType: LinkTypeName): boolean {
  return ["ETHERNET", "FDDI", "IEEE802_11", "IEEE802_11_RADIOTAP"].includes(linkType);
}

function encapsulation(random: Random, linkType: LinkTypeName): string {
  const wireless = linkType.startsWith("IEEE802_11");
  const choices = [wireless ? "arp" : `ip[0] & 0xf > ${random.below(16)}`];
  if (hasMac(linkType)) choices.push(random.pick(["llc", "llc s", "llc u", "llc i", "llc ui", "llc rnr", "llc xid"]));
  if (linkType === "ETHERNET") choices.push(random.pick(["mpls", `mpls ${random.below(1 << 20)}`, "pppoes", "pppoed"]));
  if (linkType === "ETHERNET" || wireless) choices.push(random.pick(["vlan", `vlan ${random.below(4096)}`]));
  if (!wireless) choices.push(random.pick(["geneve", `geneve ${random.below(1 << 24)}`]));
  if (wireless)
    choices.push(random.pick(["wlan type data", "type mgt subtype beacon", "dir tods", "type ctl subtype rts"]));
  return random.pick(choices);
}

/** An identifier without qualifiers, if the term before it has some to inherit. */
function again(random: Random, before: string): string | undefined {
  if (/port(range)? [^()]*$/.test(before))
    return random.pick([String(random.below(256)), `(80 or ${random.below(100)})`]);
  if (/proto \S+$/.test(before)) return random.pick(["6", "17", String(random.below(256))]);
  return /(host|net) [0-9.]+$/.test(before) ? random.pick(["10.0.0.1", "192.168.1.1", "not 10.0.0.1"]) : undefined;
}

function direction(random: Random): string {
  return random.pick(["", "", "src ", "dst ", "src or dst ", "src and dst ", "dst or src "]);
}

function octet(random: Random): number {
  return random.pick([0, 1, 10, 127, 192, 224, 255, random.below(256)]);
}

function host(random: Random): string {
  const octets = Array.from({ length: 4 }, () => octet(random));
  switch (random.below(6)) {
    case 0:
      return `${random.pick(["host", "net"])} ${octets[0]}.${octets[1]}`;
    case 1:
      return `${random.pick(["host", "net"])} ${octets[0]}`;
    case 2:
      return `net ${octets[0]}.${octets[1]}.0.0/${16 + random.below(17)}`;
    case 3:
      return `net ${octets.slice(0, 3).join(".")}.0 mask 255.255.255.0`;
    default:
      return `${random.pick(["host", "net"])} ${octets.join(".")}`;
  }
}

function ipv6(random: Random): string {
  const group = (): string => random.below(0x10000).toString(16);
  return random.pick([
    `host fe80::${group()}`,
    `host ${Array.from({ length: 8 }, group).join(":")}`,
    `net 2001:${group()}::/32`,
    "net fe80::/10",
    "net ff00::/8",
    "host ::1",
  ]);
}

function mac(random: Random): string {
  const byte = (): string => random.below(256).toString(16).padStart(2, "0");
  const bytes = Array.from({ length: 6 }, byte);
  return random.pick([bytes.join(":"), bytes.join("-"), "ff:ff:ff:ff:ff:ff"]);
}

function ports(random: Random): string {
  const low = random.below(65_536);
  return random.pick([
    `port ${random.below(1024)}`,
    `port ${low}`,
    `portrange ${low}-${random.below(65_536)}`,
    `port ${random.pick(["smtp", "domain", "ntp", "ssh", "https"])}`,
    `port (${random.below(100)} or ${random.below(1000)})`,
    `portrange ${random.pick(["1-1023", "67-68", "smtp-domain"])}`,
  ]);
}

function relation(random: Random, depth: number): string {
  const operator = random.pick(["=", "==", "!=", ">", ">=", "<", "<="]);
  return `${arithmetic(random, depth)} ${operator} ${random.chance(75) ? number(random) : arithmetic(random, depth + 1)}`;
}

function arithmetic(random: Random, depth: number): string {
  if (depth < 3 && random.chance(45)) {
    const operator = random.pick(["+", "-", "*", "/", "&", "|", "<<", ">>", "%", "^", "&"]);
    const shift = /[<>]{2}/.test(operator);
    const right = shift
      ? String(random.below(32))
      : /[%/]/.test(operator) || random.chance(70)
        ? number(random)
        : arithmetic(random, depth + 1);
    const whole = `${arithmetic(random, depth + 1)} ${operator} ${right}`;
    return random.chance(40) ? `(${whole})` : whole;
  }
  if (random.chance(15)) return random.pick(["len", "len", "length", number(random), `-${number(random)}`]);
  const size = random.pick(["", ":1", ":2", ":2", ":4"]);
  const index = random.chance(80)
    ? String(random.below(40))
    : random.pick(["tcpflags", "icmptype", `${random.below(9)} + ${random.below(9)}`, "(ip[0] & 0xf)"]);
  return `${random.pick(INDEXED.split(" "))}[${index}${size}]`;
}

function number(random: Random): string {
  return random.pick([
    String(random.below(256)),
    `0x${random.below(256).toString(16)}`,
    String(random.below(65_536)),
    `0x${random.below(0x7fffffff).toString(16)}`,
    String(1 + random.below(4)),
    random.pick(CONSTANTS.split(" ")),
  ]);
}

/** Takes a word out, doubles one, or puts a wrong one in. */
function damage(random: Random, expression: string): string {
  const words = expression.split(" ");
  const at = random.below(words.length);
  switch (random.below(4)) {
    case 0:
      words.splice(at, 1);
      break;
    case 1:
      words.splice(at, 0, words[at]!);
      break;
    case 2:
      words[at] = random.pick([
        "nonsense.invalid",
        ")",
        "(",
        "port",
        "host",
        "65536",
        "1.2.3.256",
        "=",
        "proto",
        "mask",
        "08",
      ]);
      break;
    default:
      words.push(random.pick(["and", "or", "not", ")"]));
  }
  return words.join(" ");
}
