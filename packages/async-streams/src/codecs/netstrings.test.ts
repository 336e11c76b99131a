import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutAnywhere, decodeAll, expectDecodes, expectLeaves } from "../../test/decode-all.ts";
import { ByteQueue } from "../byte-queue.ts";
import type { CodecOptions } from "./codec.ts";
import { netstrings } from "./netstrings.ts";

const LIMIT = "ERR_STREAM_LIMIT";
const BROKEN = "ERR_STREAM_PROTOCOL";
const CUT = "ERR_STREAM_INCOMPLETE";
const small: CodecOptions = { maxLength: 12 };
const skip: CodecOptions = { maxLength: 12, overflow: "skip" };

const cases: [name: string, options: CodecOptions, input: string, gives: unknown[]][] = [
  ["nothing", {}, "", []],
  ["an empty item", {}, "0:,", [""]],
  ["items", {}, "1:a,2:bc,0:,3:d,e,", ["a", "bc", "", "d,e"]],
  ["a netstring in a netstring", {}, "4:1:a,,", ["1:a,"]],
  ["an item of the greatest length", small, "12:abcdefghijkl,", ["abcdefghijkl"]],
  ["a longer item", small, "1:a,13:abcdefghijklm,", ["a", LIMIT]],
  ["a length that is too long before its colon", small, "1:a,100", ["a", LIMIT]],
  ["more than the length says", {}, "2:aaa,", [BROKEN]],
  ["an item without its comma", {}, "2:aa2:bb,", [BROKEN]],
  ["no length", {}, ":aaa,", [BROKEN]],
  ["no colon", {}, "3aaa,", [BROKEN]],
  ["neither", {}, "aaa,", [BROKEN]],
  ["leading zeros", {}, "02:ab,", [BROKEN]],
  ["two zeros", {}, "00:,", [BROKEN]],
  ["a sign", {}, "-1:a,", [BROKEN]],
  ["a space", {}, "1 :a,", [BROKEN]],
  ["an end inside the length", {}, "12", [CUT]],
  ["an end inside an item", {}, "5:ab", [CUT]],
  ["an end before the comma", {}, "2:ab", [CUT]],
  ["skipping a longer item", skip, "1:a,13:abcdefghijklm,1:b,", ["a", "b"]],
  ["skipping a much longer one", skip, `500:${"x".repeat(500)},1:b,`, ["b"]],
  ["a skipped item without its comma", skip, "13:abcdefghijklm1:b,", [BROKEN]],
  ["an end inside what is skipped", skip, "13:abc", [CUT]],
  ["an end before the comma of what is skipped", skip, "13:abcdefghijklm", [CUT]],
  ["too many digits", skip, "1234567890123456:", [BROKEN]],
];

describe("netstrings", () => {
  it.each(cases)("decodes %s, whole and byte by byte", (_name, options, input, gives) => {
    expectDecodes(netstrings(options), input, gives);
  });

  it("leaves what follows", () => {
    expectLeaves(netstrings(), "3:abc,", "abc", "5:x");
  });

  it("decodes what it encodes, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 30 })), fc.array(fc.nat(300)), (items, cuts) => {
        const codec = netstrings();
        const stream = Buffer.from(items.map((item) => (codec.encode(item) as string[]).join("")).join(""));
        const found = decodeAll(codec, cutAnywhere(stream, cuts));
        expect(found).toEqual(items.map((item) => Buffer.from(item).toString("latin1")));
      }),
    );
  });

  it("makes the same of anything, however it is cut", () => {
    const overflow = fc.constantFrom("error" as const, "skip" as const);
    const input = fc.array(fc.constantFrom("0", "1", "3", ":", ",", "a", "1:a,", "3:abc,", "5:abcde,"), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(input, overflow, fc.array(fc.nat(60)), (input, overflow, cuts) => {
        const codec = netstrings({ overflow, maxLength: 3 });
        const stream = Buffer.from(input.join(""));
        expect(decodeAll(codec, cutAnywhere(stream, cuts))).toEqual(decodeAll(codec, [stream]));
      }),
      { numRuns: 1_000 },
    );
  });

  it("is wrong again where it was wrong, and says how", () => {
    const queue = new ByteQueue();
    queue.push(Buffer.from("13:abcdefghijklmX"));
    const codec = netstrings(skip);
    for (let i = 0; i < 2; i++) {
      expect(() => codec.decode(queue, false)).toThrow(
        "A netstring must have a comma behind the item, got the byte 0x58",
      );
    }
  });

  it("refuses what it cannot send or be", () => {
    expect(() => netstrings(small).encode("1234567890123")).toThrow("item must be at most 12 bytes long");
    expect(() => netstrings().encode(1 as never)).toThrow("item must be text or a Uint8Array, got 1");
    expect(() => netstrings({ maxLength: -1 })).toThrow("maxLength must be an integer from 1 to 2147483647, got -1");
  });
});
