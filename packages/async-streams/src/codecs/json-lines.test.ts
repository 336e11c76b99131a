import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { cutAnywhere, decodeAll, expectDecodes } from "../../test/decode-all.ts";
import { ByteQueue } from "../byte-queue.ts";
import type { CodecOptions } from "./codec.ts";
import { jsonLines } from "./json-lines.ts";
import type { StandardSchema } from "./standard-schema.ts";

const LIMIT = "ERR_STREAM_LIMIT";
const BROKEN = "ERR_STREAM_PROTOCOL";

/** Takes `{ n: "12" }` for `{ n: 12 }`. */
const numbers: StandardSchema<{ n: string }, { n: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate(value) {
      const n = Number((value as { n?: unknown }).n);
      if (Number.isFinite(n)) return { value: { n } };
      return { issues: [{ message: "not a number", path: ["n", { key: 0 }] }, { message: "bad" }] };
    },
  },
};

const cases: [name: string, options: CodecOptions, input: string, gives: unknown[]][] = [
  ["nothing", {}, "", []],
  ["values of every kind", {}, '{"a":[1,2]}\n"text"\r\n0\nfalse\n""\n', [{ a: [1, 2] }, "text", 0, false, ""]],
  ["a last line without its end", {}, "1\n2", [1, 2]],
  ["blank lines", {}, "\n1\n\r\n \t\n2\n\n", [1, 2]],
  ["what is not JSON", {}, "1\n{a}\n2\n", [1, BROKEN]],
  ["null, which would be the end", {}, "1\nnull\n", [1, BROKEN]],
  ["half a value at the end", {}, '{"a":', [BROKEN]],
  ["a longer line", { maxLength: 4 }, "1234\n12345\n", [1234, LIMIT]],
  ["skipping a longer line", { maxLength: 4, overflow: "skip" }, "12345678\n1234\n", [1234]],
];

describe("jsonLines", () => {
  it.each(cases)("decodes %s, whole and byte by byte", (_name, options, input, gives) => {
    expectDecodes(jsonLines(undefined, options), input, gives);
  });

  it("goes on after a line that is no good", () => {
    const codec = jsonLines(numbers);
    const queue = new ByteQueue();
    queue.push(Buffer.from('{x}\n{"n":"x"}\n{"n":"5"}\n'));
    expect(() => codec.decode(queue, false)).toThrow("A line is not JSON: ");
    const refusal = "A line is not what the schema expects: n.0: not a number; bad";
    expect(() => codec.decode(queue, false)).toThrow(expect.objectContaining({ message: refusal, code: BROKEN }));
    expect(codec.decode(queue, false)).toEqual({ n: 5 });
  });

  it("has the types of its schema", () => {
    const codec = jsonLines(numbers);
    expectTypeOf(codec.decode).returns.toEqualTypeOf<{ n: number } | undefined>();
    expectTypeOf(codec.encode).parameter(0).toEqualTypeOf<{ n: string }>();
    expectTypeOf(jsonLines().decode).returns.toBeUnknown();
  });

  it("decodes what it encodes, however it is cut", () => {
    const values = fc.array(fc.jsonValue().filter((value) => value !== null));
    fc.assert(
      fc.property(values, fc.array(fc.nat(500)), (values, cuts) => {
        const codec = jsonLines();
        const stream = Buffer.from(values.map((value) => codec.encode(value)).join(""));
        expect(decodeAll(codec, cutAnywhere(stream, cuts))).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it("refuses what it cannot send or be", () => {
    expect(() => jsonLines().encode(undefined)).toThrow(
      "item must be a value that JSON can express, not null, got undef",
    );
    expect(() => jsonLines().encode(null)).toThrow("item must be a value that JSON can express, not null, got null");
    expect(() => jsonLines({} as never)).toThrow('schema["~standard"].validate must be a function, got undefined');
    expect(() => jsonLines(undefined, { maxLength: 0 })).toThrow("maxLength must be an integer from 1");
    expect(() => jsonLines(undefined, null as never)).toThrow("options must be an object, got null");
    const slow = {
      "~standard": { version: 1, vendor: "test", validate: () => Promise.reject(new Error("late")) },
    } as const;
    const queue = new ByteQueue();
    queue.push(Buffer.from("1\n"));
    expect(() => jsonLines(slow as never).decode(queue, false)).toThrow("schema must be one that validates at once");
  });
});
