const CODES = { name: 36, string: 32, number: 33, literal: 35, dim: 2, ok: 32, warn: 33, error: 31 } as const;

/** Paints text for a terminal, or leaves it alone. */
export type Paint = (kind: keyof typeof CODES, text: string) => string;

/** A painter; without colours it changes nothing. */
export function painter(colors: boolean): Paint {
  return colors ? (kind, text) => `\u001b[${CODES[kind]}m${text}\u001b[0m` : (_, text) => text;
}

/** JSON over several lines, painted; text that is not JSON stays as it is. */
export function prettyJson(text: string, format: boolean, paint: Paint): string {
  let shown = text;
  try {
    const value: unknown = JSON.parse(text);
    if (format) shown = JSON.stringify(value, null, 2);
  } catch {
    return text;
  }
  return shown.replace(
    /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g,
    (all, string?: string, colon?: string, literal?: string) => {
      if (string !== undefined) return paint(colon ? "name" : "string", string) + (colon ?? "");
      return paint(literal ? "literal" : "number", all);
    },
  );
}

/** A head as it looks on the wire: the first line, then the headers. */
export function prettyHead(
  first: string,
  headers: Iterable<readonly [string, string]>,
  paint: Paint,
  kind: keyof typeof CODES,
): string {
  let text = `${paint(kind, printable(first))}\n`;
  for (const [name, value] of headers) text += `${paint("name", name)}: ${printable(value)}\n`;
  return `${text}\n`;
}

/** Text of a server with its control characters shown, so that it cannot steer the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (c) =>
    c === "\n" || c === "\t" ? c : `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
