/** How long a frame may be. */
import type { Limits } from "../hub/limits.ts";

/** What a frame has besides the line: its fields, or the rooms of a `hello`. */
const OVERHEAD = 4_096;

/** The longest frame from a client, in bytes: quotes and backslashes are two characters in JSON. */
export function maxFrame({ maxLineLength }: Pick<Limits, "maxLineLength">): number {
  return maxLineLength * 2 + OVERHEAD;
}
