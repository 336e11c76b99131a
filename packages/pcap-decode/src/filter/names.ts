import { standardProtocol } from "./protocols.ts";
import { standardPort, type Transport } from "./services.ts";

/**
 * Where the names in an expression come from. Each function returns `undefined` for a name that it does not know.
 * A compiler never asks the network by itself: without `host`, `ether` and `network`, only numbers are addresses.
 */
export interface FilterNames {
  /** IPv4 and IPv6 addresses of a host, as text, as in hosts(5). */
  readonly host?: (name: string) => readonly string[] | undefined;
  /** The 48-bit address of a host, as text with colons, as in ethers(5). */
  readonly ether?: (name: string) => string | undefined;
  /** The IPv4 number of a network, as text with as many parts as count: `10.20` is 10.20.0.0/16 (networks(5)). */
  readonly network?: (name: string) => string | undefined;
  /** The port of a service, asked before the built-in table, as in services(5). */
  readonly port?: (name: string, transport: "tcp" | "udp" | "sctp") => number | undefined;
  /** The number of an IP protocol, asked before the built-in table, as in protocols(5). */
  readonly protocol?: (name: string) => number | undefined;
}

export function findPort(names: FilterNames, name: string, transport: Transport): number | undefined {
  return names.port?.(name, transport) ?? standardPort(name, transport);
}

export function findProtocol(names: FilterNames, name: string): number | undefined {
  return names.protocol?.(name) ?? standardProtocol(name);
}
