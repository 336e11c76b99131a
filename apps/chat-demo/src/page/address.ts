/** The room in the page's address: a link leads to it, and Back to the room before. */
import { nameKey } from "../protocol/name.ts";

/** The room that the address names. */
export function roomOfAddress(): string | undefined {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined;
  } catch {
    return undefined;
  }
}

/** Puts a room into the address: in the place of what is there, or, with `visited`, as a step that Back takes back. */
export function showRoomInAddress(room: string, { visited }: { visited: boolean }): void {
  const shown = roomOfAddress();
  if (shown !== undefined && nameKey(shown) === nameKey(room)) return;
  const hash = `#${encodeURIComponent(room)}`;
  if (visited) history.pushState(null, "", hash);
  else history.replaceState(null, "", hash);
}

/** Calls back when Back, Forward or the person changes the room in the address. Returns a function that stops it. */
export function onRoomOfAddress(go: (room: string) => void): () => void {
  const listener = (): void => {
    const room = roomOfAddress();
    if (room !== undefined) go(room);
  };
  addEventListener("popstate", listener);
  return () => removeEventListener("popstate", listener);
}
