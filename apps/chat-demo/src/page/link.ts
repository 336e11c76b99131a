/** Links in what people wrote. */

/** A piece of a message. */
export type Part = { readonly text: string; readonly href?: string };

/** Only these open: `javascript:` and its like stay text. */
const candidate = /\bhttps?:\/\/[^\s<>"'`{}|\\^]+/giu;
/** Longer ones stay text: nobody could see where they lead. */
const MAX_LINK = 2_000;

/** Splits a message into text and links; joined, the parts are the message again. */
export function splitLinks(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(candidate)) {
    const found = trimEnd(match[0]);
    const href = found.length <= MAX_LINK ? address(found) : undefined;
    if (href === undefined) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: found, href });
    from = match.index + found.length;
  }
  if (from < text.length || parts.length === 0) parts.push({ text: text.slice(from) });
  return parts;
}

/** A sentence goes on behind a link: its full stop is not part of it, nor is a bracket that was opened before. */
function trimEnd(link: string): string {
  let end = link.length;
  let open = count(link, "(") - count(link, ")");
  while (end > 0) {
    const last = link[end - 1]!;
    if (last === ")" && open < 0) open++;
    else if (!".,:;!?]…".includes(last)) break;
    end--;
  }
  return link.slice(0, end);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function address(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  // A name and password before the host are how a link pretends to lead elsewhere.
  const plain = url.username === "" && url.password === "" && url.hostname !== "";
  return plain && (url.protocol === "http:" || url.protocol === "https:") ? url.href : undefined;
}
