/** What can be captured on, and whether this process may. */
import { interfaces, MissingCapabilityError, sniff } from "@sockeye/pcap-decode/live";
import type { InterfaceInfo } from "../wire/protocol.ts";

/** The interfaces, those that are up first, and "any". Empty where they cannot be asked for. */
export function listInterfaces(): InterfaceInfo[] {
  try {
    const all = interfaces().map(({ name, up, addresses }) => ({
      name,
      up,
      addresses: addresses.map(({ address }) => address),
    }));
    return [...all.filter(({ up }) => up), { name: "any", up: true, addresses: [] }, ...all.filter(({ up }) => !up)];
  } catch {
    return [];
  }
}

/** Why this process cannot capture, and what to do about it; empty when it can. */
export function captureProblem(): string {
  try {
    // Opened and closed in one turn: not one packet is taken.
    void sniff({ interface: "any", count: 0, promiscuous: false }).close();
    return "";
  } catch (error) {
    if (error instanceof MissingCapabilityError) return `${error.message}.`;
    return `${error instanceof Error ? error.message : String(error)}.`;
  }
}
