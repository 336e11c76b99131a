/** The colour of a name: the same for everybody who looks at it. */
import { nameKey } from "../protocol/name.ts";

/** How many colours there are. */
const HUES = 12;

/** The number of the colour of a name, from 0 up to `count`. */
export function nickHue(nick: string, count: number = HUES): number {
  // FNV-1a: names that differ by a letter are far apart.
  let hash = 0x811c9dc5;
  for (const character of nameKey(nick)) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  // The low bits alone are alike for short names: murmur3's last step mixes all of them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % count;
}
