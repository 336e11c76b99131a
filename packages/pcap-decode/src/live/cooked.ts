/** The header that stands in for a link header where there is none: LINKTYPE_LINUX_SLL2. */

/** Its length in bytes. */
export const COOKED_HEADER = 20;

/* struct sockaddr_ll of packet(7) { u16 family; be16 protocol; i32 interface; u16 hardware; u8 type, length; u8[8] address } */
export const SOCKADDR_LL = {
  protocol: 2,
  interface: 4,
  hardware: 8,
  packetType: 10,
  addressLength: 11,
  address: 12,
} as const;

/**
 * Writes the header for a packet at `at` of `out` from the `sockaddr_ll` at `from` of `records`. Both have the same
 * fields in another order (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html).
 */
export function writeCookedHeader(out: Uint8Array, at: number, records: Uint8Array, from: number): void {
  out[at] = records[from + SOCKADDR_LL.protocol]!;
  out[at + 1] = records[from + SOCKADDR_LL.protocol + 1]!;
  out[at + 2] = 0;
  out[at + 3] = 0;
  // Little-endian here, as every platform of the addon is; big-endian in the file.
  for (let i = 0; i < 4; i++) out[at + 4 + i] = records[from + SOCKADDR_LL.interface + 3 - i]!;
  out[at + 8] = records[from + SOCKADDR_LL.hardware + 1]!;
  out[at + 9] = records[from + SOCKADDR_LL.hardware]!;
  out[at + 10] = records[from + SOCKADDR_LL.packetType]!;
  out[at + 11] = records[from + SOCKADDR_LL.addressLength]!;
  for (let i = 0; i < 8; i++) out[at + 12 + i] = records[from + SOCKADDR_LL.address + i]!;
}
