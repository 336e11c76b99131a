import { InvalidValueError } from "./errors.ts";
import { compileFilter } from "./filter/filter.ts";
import { FilterSyntaxError } from "./filter/filter-error.ts";

/** Decides over packets in place: `captured` bytes at `offset` of `buffer`, `original` bytes on the wire. */
export interface PacketFilter {
  match(buffer: Uint8Array, offset: number, captured: number, original: number): boolean;
}

/** A pcap-filter(7) expression, a filter, or a function that gives the filter for a link type. */
export type FilterOption = string | PacketFilter | ((linkType: number) => PacketFilter);

/**
 * The filter of `option` for packets of `linkType`. Throws an `InvalidValueError` for what is none, and as
 * `compileFilter` does for an expression.
 */
export function resolveFilter(option: FilterOption | undefined, linkType: number): PacketFilter | undefined {
  if (option === undefined) return undefined;
  if (typeof option === "string") return compileFilter(option, { linkType });
  const filter = typeof option === "function" ? option(linkType) : option;
  if (typeof filter?.match !== "function") {
    throw new InvalidValueError(
      "filter",
      filter,
      "an expression, or an object with match(buffer, offset, captured, original)",
    );
  }
  return filter;
}

/** Finds what is wrong with a filter before a file is opened: all but what depends on the file's link type. */
export function checkFilter(option: FilterOption | undefined): void {
  if (typeof option === "function") return;
  try {
    resolveFilter(option, 1);
  } catch (error) {
    if (typeof option !== "string" || error instanceof FilterSyntaxError) throw error;
  }
}
