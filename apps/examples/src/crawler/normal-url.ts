/**
 * One spelling for each URL, so that a page is visited once: RFC 3986, section 6.2.2 (case, percent-encoding, dot
 * segments), without credentials and fragment. Null for what is no http or https URL, or is too long.
 */
export function normalUrl(reference: string, base: string | undefined, maxLength: number): string | null {
  if (reference.length > maxLength * 2) return null;
  let url: URL;
  try {
    url = new URL(reference, base);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  url.hash = "";
  url.username = "";
  url.password = "";
  url.pathname = normalEscapes(url.pathname);
  // An empty query, "?", goes as well.
  url.search = normalEscapes(url.search.replace(/^\?$/, ""));
  return url.href.length <= maxLength ? url.href : null;
}

/** Escapes of letters, digits, `-`, `.`, `_` and `~` are undone; the digits of others are in upper case. */
function normalEscapes(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : triplet.toUpperCase();
  });
}
