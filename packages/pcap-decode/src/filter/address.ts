/** A dotted IPv4 number of one to four parts: its value, in the high bits, and how many bits its parts cover. */
export function parseDotted(text: string): { value: number; bits: number } | undefined {
  const parts = text.split(".");
  if (parts.length > 4 || !parts.every((part) => /^\d+$/.test(part) && Number(part) <= 255)) return undefined;
  const bits = parts.length * 8;
  const value = parts.reduce((sum, part) => sum * 256 + Number(part), 0);
  return { value: (value * 2 ** (32 - bits)) >>> 0, bits };
}

/** The four 32-bit words of an IPv6 address (RFC 4291, 2.2). */
export function parseIpv6(text: string): number[] | undefined {
  let head = text;
  const groups: number[] = [];
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const ipv4 = parseDotted(dotted[2]!);
    if (ipv4 === undefined) return undefined;
    head = `${dotted[1]}${(ipv4.value >>> 16).toString(16)}:${(ipv4.value & 0xffff).toString(16)}`;
  }
  const halves = head.split("::").map((half) => (half === "" ? [] : half.split(":")));
  if (halves.length > 2) return undefined;
  const [left, right] = halves as [string[], string[] | undefined];
  const missing = 8 - left.length - (right?.length ?? 0);
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = right === undefined ? left : [...left, ...new Array<string>(missing).fill("0"), ...right];
  for (const group of all) {
    if (!/^[0-9A-Fa-f]{1,4}$/.test(group)) return undefined;
    groups.push(Number.parseInt(group, 16));
  }
  return [0, 2, 4, 6].map((index) => (groups[index]! * 0x10000 + groups[index + 1]!) >>> 0);
}

/** The four words of an IPv6 network mask. */
export function ipv6Mask(prefix: number): number[] {
  return [0, 32, 64, 96].map((start) => prefixMask(Math.min(Math.max(prefix - start, 0), 32)));
}

/** The word whose first `prefix` bits are set. */
export function prefixMask(prefix: number): number {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
}

/** The six bytes of a MAC address: with colons, hyphens or dots between bytes, Cisco's groups, or 12 digits. */
export function parseMac(text: string): number[] | undefined {
  const parts = text.split(/[:.-]/);
  const digits = parts.length === 6 ? parts.map((part) => part.padStart(2, "0")).join("") : parts.join("");
  if (!/^[0-9A-Fa-f]{12}$/.test(digits)) return undefined;
  return [0, 2, 4, 6, 8, 10].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
}
