/** The colour of a name: the same for everybody who looks at it. */
import { nameKey } from "../protocol/name.ts";

/** How many colours there are. */
const HUES = 12;

/** The number of the colour of a name, from 0 up to `count`. */
export function nickHue(nick: string, count: number = HUES): number {
  // FNV-1a: names that differ by a letter are far apart.
  let hash = 0x811c9dc5;
  for (const character of nameKey(nick)) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return ((hash ^ (hash >>> 15)) >>> 0) % count;
}
