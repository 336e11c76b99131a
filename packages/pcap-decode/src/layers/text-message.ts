import type { ByteWriter } from "../build/byte-writer.ts";
import { dynamic, type Field } from "../field.ts";
import { latin1, putLatin1 } from "./content.ts";

/** Longest head that is searched for its end; longer ones are taken as cut. */
const MAX_HEAD = 65536;

/** A head to build: a start line and headers. */
export interface HeadInput {
  readonly start: string;
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
}

/** Where the head of a message at `at` ends: behind its empty line, or at `end` when that has not come. */
export function headEnd(b: Uint8Array, at: number, end: number): number {
  const stop = Math.min(end, at + MAX_HEAD);
  for (let i = at; i < stop; i++) {
    if (b[i] !== 10) continue;
    if (i + 1 < stop && b[i + 1] === 10) return i + 2;
    if (i + 2 < stop && b[i + 1] === 13 && b[i + 2] === 10) return i + 3;
  }
  return end;
}

/** The head of an HTTP-like message as it is, one character a byte: lossless, unlike a list of headers. */
export function head(): Field<string, string | HeadInput> {
  return dynamic<string, string | HeadInput>({
    read: latin1,
    write: writeHead,
    format: (text) => text.split(/\r?\n/).filter(Boolean),
  });
}

function writeHead(out: ByteWriter, value: string | HeadInput): void {
  if (typeof value === "string") {
    putLatin1(out, value);
    return;
  }
  const { headers = {} } = value;
  const list = Array.isArray(headers)
    ? (headers as [string, string][])
    : Object.entries(headers as Record<string, string>);
  putLatin1(out, `${value.start}\r\n${list.map(([name, text]) => `${name}: ${text}\r\n`).join("")}\r\n`);
}

/** The first line of a head. */
export function startLine(text: string): string {
  const end = text.indexOf("\n");
  return (end < 0 ? text : text.slice(0, end)).replace(/\r$/, "");
}

/** Header fields in order, values without the blanks around them; continuation lines are joined. */
export function headerList(text: string): [name: string, value: string][] {
  const headers: [name: string, lines: string[]][] = [];
  for (const line of text.split(/\r?\n/).slice(1)) {
    if (line === "") break;
    const last = headers.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1].push(line.trim());
      continue;
    }
    const colon = line.indexOf(":");
    if (colon > 0) headers.push([line.slice(0, colon).trim(), [line.slice(colon + 1).trim()]]);
  }
  // Joined at once: what `+` makes of thousands of lines takes many times their length.
  return headers.map(([name, lines]) => [name, lines.join(" ")]);
}

/** The value of the first header called `name`, in any case. */
export function findHeader(text: string, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return headerList(text).find(([each]) => each.toLowerCase() === wanted)?.[1];
}
