/**
 * Text that is safe on a terminal: control characters (C0, DEL, C1), line separators and bidirectional overrides are
 * written as escapes, so that a packet can neither move the cursor nor reorder the line.
 */
export function escapeText(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\\]/gu, escapeOne);
}

function escapeOne(character: string): string {
  const code = character.codePointAt(0)!;
  if (character === "\\") return "\\\\";
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** `text` cut to `length` characters, with `…` where something is missing. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
