export { type InterfaceAddress, interfaces, type NetworkInterface } from "./interfaces.ts";
export type { InterfaceStatistics } from "./packet-source.ts";
export { MissingCapabilityError } from "./rights.ts";
export { type PacketHandler, type SniffOptions, sniff } from "./sniff.ts";
export type { Sniffer, SniffStatistics } from "./sniffer.ts";
