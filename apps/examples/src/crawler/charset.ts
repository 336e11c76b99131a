/** The text of an HTML page: by its byte order mark, the header's charset, the page's own, else UTF-8. */
export function htmlText(bytes: Buffer, charset: string | null): string {
  for (const label of [markOf(bytes), charset, declared(bytes)]) {
    if (label === null) continue;
    try {
      return new TextDecoder(label).decode(bytes);
    } catch {
      // A page may name anything.
    }
  }
  return new TextDecoder().decode(bytes);
}

function markOf(bytes: Buffer): string | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : null;
}

/** The HTML standard looks for a meta element in the first 1024 bytes. */
function declared(bytes: Buffer): string | null {
  const head = bytes.toString("latin1", 0, 1024);
  const label = /<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w:.-]+)/i.exec(head)?.[1] ?? null;
  // A page whose meta element can be read as ASCII is not in UTF-16, whatever it says.
  return label !== null && /^utf-16/i.test(label) ? "utf-8" : label;
}
