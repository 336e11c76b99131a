import { type LookupAddress, type LookupOptions, lookup as systemLookup } from "node:dns";
import { BlockList, isIP } from "node:net";
import { ForbiddenAddressError, invalidArgument } from "./errors.ts";

/**
 * Which addresses may be connected to, decided after DNS: `"any"`, `"public"` (no private, loopback, link-local,
 * multicast or reserved ones), or a function of one's own.
 */
export type AllowAddresses = "any" | "public" | ((address: string, family: 4 | 6) => boolean);

// IANA's special-purpose registries (RFC 6890): what is not globally reachable.
const RESERVED_4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
const RESERVED_6 = [
  "::/128",
  "::1/128",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];

let reserved: BlockList | undefined;

function reservedList(): BlockList {
  if (reserved) return reserved;
  reserved = new BlockList();
  for (const [blocks, type] of [
    [RESERVED_4, "ipv4"],
    [RESERVED_6, "ipv6"],
  ] as const) {
    for (const block of blocks) {
      const [network = "", bits = ""] = block.split("/");
      reserved.addSubnet(network, Number(bits), type);
    }
  }
  return reserved;
}

/** True for an address of the public Internet, also when an IPv4 address hides in an IPv6 one. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, "");
  const family = isIP(bare);
  if (family === 0) return false;
  if (family === 4) return !reservedList().check(bare, "ipv4");
  const inner = embeddedIpv4(bare);
  if (inner !== null) return isPublicAddress(inner);
  return !reservedList().check(bare, "ipv6");
}

/** The IPv4 address in a mapped (::ffff:), compatible (::), NAT64 (64:ff9b::) or 6to4 (2002::) address. */
function embeddedIpv4(address: string): string | null {
  const words = expand(address);
  const zeros = (from: number, to: number): boolean => words.slice(from, to).every((word) => word === 0);
  const at = (i: number): string => `${words[i]! >> 8}.${words[i]! & 255}.${words[i + 1]! >> 8}.${words[i + 1]! & 255}`;
  if (words[0] === 0x2002) return at(1);
  if (words[0] === 0x64 && words[1] === 0xff9b && zeros(2, 6)) return at(6);
  if (zeros(0, 5) && (words[5] === 0xffff || (words[5] === 0 && words[6] !== 0))) return at(6);
  return null;
}

function expand(address: string): number[] {
  // URL writes an IPv6 address in its canonical form, with no dotted quad.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const words = (text: string | undefined): number[] =>
    text ? text.split(":").map((word) => Number.parseInt(word, 16)) : [];
  const left = words(head);
  const right = words(tail);
  return [...left, ...new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
}

/** A check made of the option; null when every address is allowed. */
export function addressGuard(option: AllowAddresses | undefined): ((address: string, family: 4 | 6) => boolean) | null {
  if (option === undefined || option === "any") return null;
  if (option === "public") return isPublicAddress;
  if (typeof option === "function") return option;
  throw invalidArgument("allowAddresses", option, '"any", "public" or a function');
}

type Guard = (address: string, family: 4 | 6) => boolean;
type LookupCallback = (error: Error | null, addresses: LookupAddress[] | string, family?: number) => void;

/** Throws ForbiddenAddressError for a literal address that the guard refuses; a name is left to the lookup. */
export function checkLiteral(hostname: string, guard: Guard): void {
  const bare = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(bare);
  if (family !== 0 && !guard(bare, family as 4 | 6)) throw forbidden(bare, bare);
}

/** A `lookup` for net.connect that gives only addresses the guard allows; checked on the answer that is used. */
export function guardedLookup(guard: Guard): (host: string, options: LookupOptions, callback: LookupCallback) => void {
  return (host, options, callback) => {
    systemLookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const refused = addresses.find(({ address, family }) => !guard(address, family as 4 | 6));
      // One forbidden answer condemns the name: a mixed answer is how rebinding looks.
      if (refused) return callback(forbidden(host, refused.address), []);
      const first = addresses[0]!;
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

function forbidden(host: string, address: string): ForbiddenAddressError {
  const which = host === address ? address : `${host} (${address})`;
  return new ForbiddenAddressError(`${which} is not an address that allowAddresses permits`);
}
