import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutAnywhere, decodeAll, expectDecodes, expectLeaves } from "../../test/decode-all.ts";
import { ByteQueue } from "../byte-queue.ts";
import { type LengthPrefixedOptions, lengthPrefixed } from "./length-prefixed.ts";

const LIMIT = "ERR_STREAM_LIMIT";
const CUT = "ERR_STREAM_INCOMPLETE";
const small: LengthPrefixedOptions = { bytes: 1, maxLength: 4 };
const skip: LengthPrefixedOptions = { ...small, overflow: "skip" };

const cases: [name: string, options: LengthPrefixedOptions, input: string, gives: unknown[]][] = [
  ["nothing", {}, "", []],
  ["an item", {}, "\0\0\0\x05hello", ["hello"]],
  ["several items, an empty one among them", {}, "\0\0\0\x01a\0\0\0\0\0\0\0\x03bcd", ["a", "", "bcd"]],
  ["a little-endian length", { littleEndian: true }, "\x05\0\0\0hello", ["hello"]],
  ["two bytes of length", { bytes: 2 }, `\x01\x02${"x".repeat(258)}\0\x01y`, ["x".repeat(258), "y"]],
  ["two bytes, little-endian", { bytes: 2, littleEndian: true }, `\x02\x01${"x".repeat(258)}`, ["x".repeat(258)]],
  ["one byte of length", { bytes: 1 }, `\xff${"x".repeat(255)}\x01y`, ["x".repeat(255), "y"]],
  ["an end inside the length", {}, "\0\0", [CUT]],
  ["an end inside an item", {}, "\0\0\0\x09abcd", [CUT]],
  ["an item of the greatest length", small, "\x04abcd", ["abcd"]],
  ["a longer item", small, "\x01a\x05abcde\x01b", ["a", LIMIT]],
  ["the highest bit of four bytes", {}, "\xff\xff\xff\xff", [LIMIT]],
  ["a length over the default limit", {}, "\0\x01\0\x01", [LIMIT]],
  ["skipping a longer item", skip, "\x01a\x05abcde\x01b", ["a", "b"]],
  ["skipping two and an empty one", skip, `\x05abcde\x80${"x".repeat(128)}\0\x02ok`, ["", "ok"]],
  ["an end inside what is skipped", skip, "\x01a\x05abc", ["a", CUT]],
];

describe("lengthPrefixed", () => {
  it.each(cases)("decodes %s, whole and byte by byte", (_name, options, input, gives) => {
    expectDecodes(lengthPrefixed(options), input, gives);
  });

  it("leaves what follows", () => {
    expectLeaves(lengthPrefixed({ bytes: 2 }), "\0\x03abc", "abc", "\0\x01");
  });

  it("decodes what it encodes, however it is cut", () => {
    const items = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
    const bytes = fc.constantFrom(2 as const, 4 as const);
    fc.assert(
      fc.property(items, bytes, fc.boolean(), fc.array(fc.nat(900)), (items, bytes, littleEndian, cuts) => {
        const codec = lengthPrefixed({ bytes, littleEndian });
        const stream = Buffer.concat(items.flatMap((item) => codec.encode(item) as Uint8Array[]));
        const found = decodeAll(codec, cutAnywhere(stream, cuts));
        expect(found).toEqual(items.map((item) => Buffer.from(item).toString("latin1")));
      }),
    );
  });

  it("makes the same of anything, however it is cut", () => {
    const overflow = fc.constantFrom("error" as const, "skip" as const);
    const input = fc.array(fc.constantFrom(0, 1, 2, 3, 5, 9), { maxLength: 60 });
    fc.assert(
      fc.property(
        input,
        fc.constantFrom(1 as const, 2 as const),
        overflow,
        fc.array(fc.nat(60)),
        (input, bytes, overflow, cuts) => {
          const codec = lengthPrefixed({ bytes, overflow, maxLength: 3 });
          const stream = Buffer.from(input);
          expect(decodeAll(codec, cutAnywhere(stream, cuts))).toEqual(decodeAll(codec, [stream]));
        },
      ),
    );
  });

  it("keeps an over-long item for others to read, and tells how much of it is there", () => {
    const queue = new ByteQueue();
    queue.push(Buffer.from("\x05abc"));
    const codec = lengthPrefixed(small);
    for (let i = 0; i < 2; i++) {
      expect(() => codec.decode(queue, false)).toThrow(expect.objectContaining({ consumed: 4, limit: 4 }));
    }
    expect(queue.take().toString()).toBe("\x05abc");
  });

  it("holds nothing of an item that it leaves out, and serves several streams at once", () => {
    const codec = lengthPrefixed({ maxLength: 10, overflow: "skip" });
    const one = new ByteQueue();
    const two = new ByteQueue();
    one.push(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
    for (let i = 0; i < 50; i++) {
      one.push(Buffer.alloc(1_000));
      expect(codec.decode(one, false)).toBeUndefined();
      expect(one.length).toBe(0);
    }
    two.push(Buffer.from("\0\0\0\x02ok"));
    expect(codec.decode(two, false)?.toString()).toBe("ok");
  });

  it("refuses what it cannot send or be", () => {
    expect(() => lengthPrefixed(small).encode("12345")).toThrow("item must be at most 4 bytes long, got '12345'");
    expect(() => lengthPrefixed({ bytes: 1 }).encode(Buffer.alloc(256))).toThrow("item must be at most 255 bytes long");
    expect(() => lengthPrefixed({ bytes: 2 }).encode("ü".repeat(40_000))).toThrow("at most 65535 bytes long");
    expect(() => lengthPrefixed().encode(null as never)).toThrow("item must be text or a Uint8Array, got null");
    expect(() => lengthPrefixed({ bytes: 3 as never })).toThrow("bytes must be 1, 2 or 4, got 3");
    expect(() => lengthPrefixed({ bytes: 1, maxLength: 256 })).toThrow("maxLength must be an integer from 1 to 255");
    expect(() => lengthPrefixed({ overflow: "drop" as never })).toThrow('overflow must be "error" or "skip"');
    expect(() => lengthPrefixed(null as never)).toThrow("options must be an object, got null");
  });
});
