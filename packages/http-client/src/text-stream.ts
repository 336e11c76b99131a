import { createRequire } from "node:module";
import { decodeText } from "./encoding.ts";

/** Decodes text that comes in pieces; a character may be cut anywhere. */
export interface TextStream {
  push(bytes: Uint8Array): string;
  end(): string;
}

/** A streaming decoder for a charset. Throws RangeError for one that is not known. */
export function textStream(charset: string): TextStream {
  const label = charset.trim().toLowerCase();
  if (/^(iso[-_]?8859[-_]?1|latin[-_]?1|l1|(us-)?ascii|(windows|cp|x-cp)-?1252)$/.test(label)) {
    return { push: (bytes) => decodeText(bytes, label), end: () => "" };
  }
  if (/^utf[-_]?32/.test(label)) return wholeWords(label);
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(label === "utf-8-sig" ? "utf-8" : label.replace(/^utf[-_]?16[-_]?(le|be)$/, "utf-16$1"));
  } catch {
    decodeText(new Uint8Array(), label);
    const { getDecoder } = createRequire(import.meta.url)("iconv-lite") as {
      getDecoder(name: string): { write(bytes: Uint8Array): string; end(): string | undefined };
    };
    const stream = getDecoder(label);
    return { push: (bytes) => stream.write(bytes), end: () => stream.end() ?? "" };
  }
  return { push: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
}

function wholeWords(label: string): TextStream {
  let rest = Buffer.alloc(0) as Buffer;
  return {
    push(bytes) {
      const all = Buffer.concat([rest, bytes]);
      const end = all.length - (all.length % 4);
      rest = all.subarray(end);
      return decodeText(all.subarray(0, end), label);
    },
    end: () => (rest.length > 0 ? "\ufffd" : ""),
  };
}
