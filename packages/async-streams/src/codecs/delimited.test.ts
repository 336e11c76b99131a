import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutAnywhere, decodeAll, expectDecodes, expectLeaves } from "../../test/decode-all.ts";
import type { CodecOptions } from "./codec.ts";
import { delimited } from "./delimited.ts";

const LIMIT = "ERR_STREAM_LIMIT";
const skip: CodecOptions = { maxLength: 4, overflow: "skip" };

const cases: [name: string, delimiter: string | Uint8Array, options: CodecOptions, input: string, gives: unknown[]][] =
  [
    ["nothing", "\0", {}, "", []],
    ["items, empty ones too", "\0", {}, "a\0\0bc\0", ["a", "", "bc"]],
    ["a last item without its end", "\0", {}, "a\0b", ["a", "b"]],
    ["bytes that are no text", Uint8Array.of(0xff, 0), {}, "\xff\xfe\xff\0\0\xff", ["\xff\xfe", "\0\xff"]],
    ["a carriage return like any byte", "\n", {}, "a\r\nb\n", ["a\r", "b"]],
    ["a delimiter that repeats itself", "--", {}, "a---b----c", ["a", "-b", "", "c"]],
    ["items of the greatest length", ";", { maxLength: 4 }, "abcd;efgh", ["abcd", "efgh"]],
    ["a longer item", ";", { maxLength: 4 }, "a;abcde;b;", ["a", LIMIT]],
    ["a longer item without an end", ";", { maxLength: 4 }, "abcde", [LIMIT]],
    ["skipping a longer item", ";", skip, "a;abcdefghi;b;", ["a", "b"]],
    ["skipping the last item", ";", skip, "a;abcdefghi", ["a"]],
    ["skipping up to a long delimiter", "END", skip, "abcdeENENDabEND", ["ab"]],
  ];

describe("delimited", () => {
  it.each(cases)("decodes %s, whole and byte by byte", (_name, delimiter, options, input, gives) => {
    expectDecodes(delimited(delimiter, options), input, gives);
  });

  it("leaves what follows", () => {
    expectLeaves(delimited("--"), "abc--", "abc", "d-");
  });

  it("decodes what it encodes, however it is cut", () => {
    const delimiter = fc.constantFrom("\0", "--", "aa", "a-a");
    const items = fc.array(fc.string({ unit: fc.constantFrom("a", "-", "\0", "b") }));
    fc.assert(
      fc.property(items, delimiter, fc.array(fc.nat(60)), (items, delimiter, cuts) => {
        const codec = delimited(delimiter);
        const sent: string[] = [];
        const chunks: Buffer[] = [];
        for (const item of items) {
          try {
            chunks.push(codec.encode(item) as Buffer);
            sent.push(item);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        }
        expect(decodeAll(codec, cutAnywhere(Buffer.concat(chunks), cuts))).toEqual(sent);
      }),
    );
  });

  it("makes the same of anything, however it is cut", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "-", ";"), maxLength: 40 });
    const overflow = fc.constantFrom("error" as const, "skip" as const);
    fc.assert(
      fc.property(
        text,
        fc.constantFrom(";", "--", ";-;"),
        overflow,
        fc.array(fc.nat(40)),
        (text, end, overflow, cuts) => {
          const codec = delimited(end, { maxLength: 3, overflow });
          const bytes = Buffer.from(text);
          expect(decodeAll(codec, cutAnywhere(bytes, cuts))).toEqual(decodeAll(codec, [bytes]));
        },
      ),
    );
  });

  it("refuses what it cannot send or be", () => {
    expect(() => delimited("--").encode("a-")).toThrow("item must be without the delimiter \"--\", got 'a-'");
    expect(() => delimited(Uint8Array.of(0)).encode("\0")).toThrow("item must be without the delimiter 0x00");
    expect(() => delimited(";").encode(5 as never)).toThrow("item must be text or a Uint8Array, got 5");
    expect(() => delimited("")).toThrow("delimiter must be at least one byte long, got ''");
    expect(() => delimited(10 as never)).toThrow("delimiter must be text or a Uint8Array, got 10");
    expect(() => delimited(";", { maxLength: 0 })).toThrow("maxLength must be an integer from 1 to 2147483647, got 0");
    expect(() => delimited(";", null as never)).toThrow("options must be an object, got null");
  });
});
