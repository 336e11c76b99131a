import { checkInteger } from "../errors.ts";
import { checkFilter, type FilterOption } from "../packet-filter.ts";
import type { ReaderLimits } from "./reader.ts";
import type { SourceOptions } from "./source.ts";

/** How a capture is read. */
export interface CaptureOptions extends ReaderLimits, SourceOptions {
  /** Only packets that pass: a pcap-filter(7) expression, or `match(buffer, offset, captured, original)`. */
  readonly filter?: FilterOption;
  /** Throw a `CaptureFormatError` for a truncated or damaged file after its last whole packet. Default false. */
  readonly strict?: boolean;
}

/** Throws an `InvalidValueError` for an option that cannot be. */
export function checkOptions(options: CaptureOptions): void {
  for (const name of ["maxPacketLength", "maxBlockLength", "maxInterfaces", "pollInterval"] as const) {
    if (options[name] !== undefined) checkInteger(name, options[name], 1, 0x7fffffff);
  }
  checkFilter(options.filter);
}
