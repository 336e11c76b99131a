import { InvalidValueError } from "./errors.ts";

/** Decides over packets in place: `captured` bytes at `offset` of `buffer`, `original` bytes on the wire. */
export interface PacketFilter {
  match(buffer: Uint8Array, offset: number, captured: number, original: number): boolean;
}

/** A pcap-filter(7) expression, a filter, or a function that gives the filter for a link type. */
export type FilterOption = string | PacketFilter | ((linkType: number) => PacketFilter);

/** The filter of `option` for packets of `linkType`. Throws an `InvalidValueError` for what is none. */
export function resolveFilter(option: FilterOption | undefined, linkType: number): PacketFilter | undefined {
  if (option === undefined) return undefined;
  const filter = typeof option === "function" ? option(linkType) : option;
  if (typeof filter === "string") {
    throw new InvalidValueError("filter", filter, "an object with match(buffer, offset, captured, original)");
  }
  if (typeof filter?.match !== "function") {
    throw new InvalidValueError("filter", filter, "an object with match(buffer, offset, captured, original)");
  }
  return filter;
}
