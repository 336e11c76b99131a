import { hexByte } from "../hex.ts";

/** Offsets, hexadecimal bytes and ASCII of `bytes`, sixteen a line, as `hexdump -C` and tcpdump `-X` print them. */
export function hexdump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    let hex = "";
    let text = "";
    for (let i = at; i < at + 16; i++) {
      if (i === at + 8) hex += " ";
      const byte = bytes[i];
      hex += byte === undefined ? "   " : `${hexByte(byte)} `;
      if (byte !== undefined) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
    }
    lines.push(`${at.toString(16).padStart(4, "0")}  ${hex} ${text}`);
  }
  return lines.join("\n");
}
