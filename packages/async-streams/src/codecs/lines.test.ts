import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutAnywhere, decodeAll } from "../../test/decode-all.ts";
import { ByteQueue } from "../byte-queue.ts";
import { type LinesOptions, lines } from "./lines.ts";

interface Case {
  name: string;
  options?: LinesOptions;
  input: string | Buffer;
  gives: unknown[];
}

const LIMIT = "ERR_STREAM_LIMIT";
const x = (count: number): string => "x".repeat(count);

/** Each input is a whole stream; what has no delimiter at its end is the last line. */
const cases: Case[] = [
  { name: "nothing", input: "", gives: [] },
  { name: "lines with either end", input: "a\nb\r\nc\n", gives: ["a", "b", "c"] },
  { name: "a last line without its end", input: "a\nb", gives: ["a", "b"] },
  {
    name: "blank lines are lines, the end of the stream is none",
    input: "\n\r\n\na\n\n",
    gives: ["", "", "", "a", ""],
  },
  { name: "carriage returns inside a line", input: "a\rb\r\r\n\r", gives: ["a\rb\r", "\r"] },
  { name: "UTF-8", input: "grün\nпривет 🜚\n", gives: ["grün", "привет 🜚"] },
  { name: "malformed UTF-8", input: Buffer.from("61ff0a62c3", "hex"), gives: ["a\ufffd", "b\ufffd"] },
  {
    name: "Latin-1",
    options: { encoding: "latin1" },
    input: Buffer.from("e4f6fc0d0a00ff", "hex"),
    gives: ["äöü", "\0ÿ"],
  },
  {
    name: "another delimiter keeps carriage returns",
    options: { delimiter: "|" },
    input: "a\r|b\n|",
    gives: ["a\r", "b\n"],
  },
  {
    name: "a delimiter of several bytes",
    options: { delimiter: "\r\n" },
    input: "a\nb\r\nc\rd\r\n\r\n",
    gives: ["a\nb", "c\rd", ""],
  },
  { name: "part of the delimiter at the end", options: { delimiter: "\r\n" }, input: "a\r\nb\r", gives: ["a", "b\r"] },
  {
    name: "a delimiter that repeats itself",
    options: { delimiter: "--" },
    input: "a---b----c",
    gives: ["a", "-b", "", "c"],
  },
  { name: "a delimiter beyond ASCII", options: { delimiter: "→" }, input: "a→b→", gives: ["a", "b"] },
  {
    name: "lines of the greatest length",
    options: { maxLength: 4 },
    input: "xxxx\nxxxx\r\nxxxx",
    gives: ["xxxx", "xxxx", "xxxx"],
  },
  { name: "a longer line", options: { maxLength: 4 }, input: "a\nxxxxx\nb\n", gives: ["a", LIMIT] },
  { name: "a longer line before CR LF", options: { maxLength: 4 }, input: "a\nxxxxx\r\nb\n", gives: ["a", LIMIT] },
  { name: "a longer last line", options: { maxLength: 4 }, input: "a\nxxxxx", gives: ["a", LIMIT] },
  { name: "a last line that a return makes too long", options: { maxLength: 4 }, input: "xxxx\r", gives: [LIMIT] },
  {
    name: "a longer last line where a long delimiter might follow",
    options: { maxLength: 4, delimiter: "--" },
    input: "xxxxx",
    gives: [LIMIT],
  },
  {
    name: "skipping a longer last line where one might follow",
    options: { maxLength: 4, delimiter: "--", overflow: "skip" },
    input: "a--xxxxx",
    gives: ["a"],
  },
  {
    name: "a longer line before a long delimiter",
    options: { maxLength: 4, delimiter: "--" },
    input: "xxxx--xxxxx--",
    gives: ["xxxx", LIMIT],
  },
  { name: "the length is that of the bytes", options: { maxLength: 4 }, input: "üü\nüü.\n", gives: ["üü", LIMIT] },
  {
    name: "skipping a longer line",
    options: { maxLength: 4, overflow: "skip" },
    input: "a\nxxxxx\nb\n",
    gives: ["a", "b"],
  },
  {
    name: "skipping a very long line",
    options: { maxLength: 4, overflow: "skip" },
    input: `${x(500)}\nb\r\n`,
    gives: ["b"],
  },
  {
    name: "skipping two, then a blank one",
    options: { maxLength: 4, overflow: "skip" },
    input: `${x(9)}\n${x(5)}\r\n\nb`,
    gives: ["", "b"],
  },
  { name: "skipping the last line", options: { maxLength: 4, overflow: "skip" }, input: "a\nxxxxx", gives: ["a"] },
  {
    name: "skipping with carriage returns in the line",
    options: { maxLength: 4, overflow: "skip" },
    input: "xxxx\r\rxx\r\r\nab\r\n",
    gives: ["ab"],
  },
  {
    name: "skipping up to a delimiter of several bytes, parts of which come before",
    options: { maxLength: 4, overflow: "skip", delimiter: "END" },
    input: "xxxxxENxEENDabEND",
    gives: ["ab"],
  },
];

describe("lines", () => {
  it.each(cases)("decodes $name, whole and byte by byte", ({ options, input, gives }) => {
    const codec = lines(options);
    const bytes = Buffer.from(input as Buffer);
    expect(decodeAll(codec, [bytes])).toEqual(gives);
    const single = Array.from(bytes, (byte) => Buffer.of(byte));
    expect(decodeAll(codec, single)).toEqual(gives);
  });

  it("gives the same for every way to cut a stream", () => {
    const text = fc.array(fc.constantFrom("a", "ü", "\r", "\n", "-", "--", "\r\n", "xxxx"), { maxLength: 40 });
    const delimiter = fc.constantFrom("\n", "\r\n", "--", "a-");
    const overflow = fc.constantFrom("error" as const, "skip" as const);
    fc.assert(
      fc.property(text, delimiter, overflow, fc.array(fc.nat(60)), (parts, delimiter, overflow, cuts) => {
        const bytes = Buffer.from(parts.join(""));
        const codec = lines({ delimiter, overflow, maxLength: 6 });
        expect(decodeAll(codec, cutAnywhere(bytes, cuts))).toEqual(decodeAll(codec, [bytes]));
      }),
      { numRuns: 2_000 },
    );
  });

  it("decodes what it encodes", () => {
    const delimiter = fc.constantFrom("\n", "\r\n", "--", "aa", "→", "|");
    const line = fc.string({ unit: fc.constantFrom("a", "-", "ü", "→", "\r", "🜚", "|") });
    fc.assert(
      fc.property(fc.array(line), delimiter, (items, delimiter) => {
        const codec = lines({ delimiter });
        const sendable = items.filter((item) => {
          try {
            codec.encode(item);
            return true;
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
            return false;
          }
        });
        const bytes = Buffer.concat(sendable.map((item) => Buffer.from(codec.encode(item) as string)));
        // A return before the newline is taken for a part of it.
        const expected = delimiter === "\n" ? sendable.map((item) => item.replace(/\r$/, "")) : sendable;
        expect(decodeAll(codec, [bytes])).toEqual(expected);
      }),
    );
  });

  it("keeps an over-long line for others to read", () => {
    const queue = new ByteQueue();
    queue.push(Buffer.from("too long\nrest"));
    const codec = lines({ maxLength: 3 });
    for (let i = 0; i < 2; i++) {
      expect(() => codec.decode(queue, false)).toThrow(expect.objectContaining({ consumed: 8, limit: 3 }));
    }
    expect(queue.take().toString()).toBe("too long\nrest");
  });

  it("holds no more than it must of a line that it leaves out", () => {
    const queue = new ByteQueue();
    const codec = lines({ maxLength: 10, overflow: "skip" });
    for (let i = 0; i < 100; i++) {
      queue.push(Buffer.from(x(50)));
      expect(codec.decode(queue, false)).toBeUndefined();
      expect(queue.length).toBeLessThan(2);
    }
    queue.push(Buffer.from("\nnext\n"));
    expect(codec.decode(queue, false)).toBe("next");
  });

  it("serves several streams at once", () => {
    const codec = lines({ maxLength: 5, overflow: "skip" });
    const one = new ByteQueue();
    const two = new ByteQueue();
    one.push(Buffer.from("too long "));
    two.push(Buffer.from("ab"));
    expect(codec.decode(one, false)).toBeUndefined();
    expect(codec.decode(two, false)).toBeUndefined();
    two.push(Buffer.from("c\n"));
    expect(codec.decode(two, false)).toBe("abc");
    one.push(Buffer.from("still\nok\n"));
    expect(codec.decode(one, false)).toBe("ok");
  });

  it("finds a delimiter in bytes that came after others were taken by somebody else", () => {
    const codec = lines();
    const queue = new ByteQueue();
    queue.push(Buffer.from("abc"));
    expect(codec.decode(queue, false)).toBeUndefined();
    queue.skip(3);
    queue.push(Buffer.from("x\nlong\n"));
    expect(codec.decode(queue, false)).toBe("x");
  });

  it.each([
    ["a line that holds the delimiter", {}, "a\nb", 'line must be without "\\n", got'],
    ["a line whose end is part of a delimiter", { delimiter: "--" }, "a-", 'line must be without "--", got'],
    [
      "a character whose low byte is a newline",
      { encoding: "latin1" as const },
      "a\u010a",
      "line must be text in Latin-1, got",
    ],
    ["no text", {}, 5 as never, "line must be a string, got 5"],
  ])("refuses to send %s", (_name, options, line, message) => {
    expect(() => lines(options).encode(line)).toThrow(message);
  });

  it.each<[object | null, string]>([
    [{ delimiter: "" }, "delimiter must be at least one character, got ''"],
    [{ delimiter: 10 }, "delimiter must be a string, got 10"],
    [{ delimiter: "→", encoding: "latin1" }, "delimiter must be text in Latin-1, got '→'"],
    [{ encoding: "hex" }, `encoding must be "utf8" or "latin1", got 'hex'`],
    [{ encoding: "utf16le" }, `encoding must be "utf8" or "latin1", got 'utf16le'`],
    [{ maxLength: 0 }, "maxLength must be an integer from 1 to 2147483647, got 0"],
    [{ overflow: "drop" }, `overflow must be "error" or "skip", got 'drop'`],
    [null, "options must be an object, got null"],
  ])("refuses %o", (options, message) => {
    expect(() => lines(options as LinesOptions)).toThrow(message);
  });
});
