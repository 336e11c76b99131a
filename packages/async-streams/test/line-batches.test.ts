/** Lines that are decoded together are the lines that one by one are, and what follows them is not touched. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LimitError } from "../src/errors.ts";
import { Reader } from "../src/reader.ts";
import { FakeSource } from "./fake-source.ts";

/** A reader that has, or will have, all of it. */
function readerOf(chunks: readonly Uint8Array[], limit?: number): Reader {
  const source = new FakeSource();
  for (const chunk of chunks) source.feed(chunk);
  source.end();
  return new Reader(source, limit === undefined ? {} : { limit });
}

const length = fc.oneof({ weight: 5, arbitrary: fc.nat(60) }, fc.nat(3_000));
const filling = fc.constantFrom([0x61], [0x20, 0x0d], [0xc3, 0xbc], [0xff], [0xe2, 0x82], [0xf0, 0x9f, 0x98, 0x80]);
const line = fc
  .tuple(
    length,
    fc.oneof({ weight: 8, arbitrary: fc.constant([0x62]) }, filling),
    fc.constantFrom("\n", "\r\n", "\r\r\n"),
  )
  .map(([size, unit, end]) =>
    Buffer.concat([...Array.from({ length: size }, () => Buffer.from(unit)), Buffer.from(end)]),
  );
const content = fc
  .tuple(fc.array(line, { maxLength: 60 }), fc.constantFrom("", "rest", "r\r"))
  .map(([lines, rest]) => Buffer.concat([...lines, Buffer.from(rest)]));
const size = fc.integer({ min: 1, max: 20_000 });

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + (sizes[i % sizes.length] ?? bytes.length);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

/** What reading line by line gives: the text, and where the next line begins. */
function lineAt(bytes: Buffer, at: number): { text: string; end: number } {
  const newline = bytes.indexOf(10, at);
  if (newline < 0) return { text: bytes.toString("utf8", at), end: bytes.length };
  const end = newline > at && bytes[newline - 1] === 13 ? newline - 1 : newline;
  return { text: bytes.toString("utf8", at, end), end: newline + 1 };
}

describe("lines", () => {
  it("are the same whatever came together, and whatever is read between them", async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ type: fc.constant("lines"), count: fc.nat(40) }) },
      fc.record({
        type: fc.constantFrom("batch", "read", "exactly", "peek", "decode", "until"),
        count: fc.integer({ min: 1, max: 500 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.array(size, { maxLength: 8 }),
        fc.array(step, { maxLength: 12 }),
        async (bytes, sizes, steps) => {
          const reader = readerOf(cut(bytes, sizes));
          let at = 0;
          for (const { type, count } of [...steps, { type: "lines", count: 1_000 }]) {
            if (type === "lines") {
              let left = count;
              if (left === 0) continue;
              for await (const each of reader) {
                const { text, end } = lineAt(bytes, at);
                expect(each).toBe(text);
                at = end;
                left--;
                if (left === 0) break;
              }
              if (left > 0) expect(at).toBe(bytes.length);
            } else if (type === "batch") {
              const lines = await reader.readLines();
              if (lines === null) expect(at).toBe(bytes.length);
              else expect(lines).not.toEqual([]);
              for (const each of lines ?? []) {
                const { text, end } = lineAt(bytes, at);
                expect(each).toBe(text);
                at = end;
              }
            } else if (type === "read") {
              const taken = await reader.read(count);
              expect(taken).toEqual(at === bytes.length ? null : bytes.subarray(at, at + taken!.length));
              at += taken?.length ?? 0;
            } else if (type === "exactly" && bytes.length - at >= count) {
              expect(await reader.readExactly(count)).toEqual(bytes.subarray(at, at + count));
              at += count;
            } else if (type === "peek") {
              const seen = await reader.peek(count);
              expect(seen).toEqual(at === bytes.length ? null : bytes.subarray(at, at + count));
            } else if (type === "until" && bytes.indexOf("b", at) >= 0) {
              const taken = await reader.readUntil("b", { limit: 1_000_000 });
              expect(taken).toEqual(bytes.subarray(at, bytes.indexOf("b", at) + 1));
              at += taken.length;
            } else if (type === "decode" && at < bytes.length) {
              expect(await reader.decode((queue) => (queue.length === 0 ? undefined : queue.take(1)))).toEqual(
                bytes.subarray(at, at + 1),
              );
              at++;
            }
          }
          expect(reader.atEnd).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("that are too long are so by the byte, and stay to be read", async () => {
    const reader = readerOf(
      [
        Buffer.from(
          `${"short\r\n".repeat(200)}${"x".repeat(10)}\r\n${"y".repeat(11)}\r\nend\n${"short\n".repeat(200)}`,
        ),
      ],
      10,
    );
    for (let i = 0; i < 200; i++) expect(await reader.readLine()).toBe("short");
    expect(await reader.readLine()).toBe("x".repeat(10));
    for (let i = 0; i < 3; i++) {
      const error = await reader.readLine().catch((error) => error);
      expect(error).toBeInstanceOf(LimitError);
      expect(error).toMatchObject({ consumed: 11, limit: 10 });
    }
    expect(await reader.readLine({ limit: 11 })).toBe("y".repeat(11));
    await expect(reader.readLine({ limit: 2 })).rejects.toThrow("No end within 2 bytes");
    expect((await reader.readExactly(4)).toString()).toBe("end\n");
    expect(await reader.readLine()).toBe("short");
  });

  it("taken together are all that are there, and no more than 8 KiB of them", async () => {
    const source = new FakeSource().feed("a\nb\r\n\nü", "\nc");
    const reader = new Reader(source);
    expect(await reader.readLines()).toEqual(["a", "b", ""]);
    expect(await reader.readLines()).toEqual(["ü"]);
    const next = reader.readLines();
    source.feed("c\r").feed("\n").feed("1234567\n".repeat(2_000)).feed("rest\r").end();
    expect(await next).toEqual(["cc"]);
    for (const length of [1_024, 976]) expect(await reader.readLines()).toEqual(Array(length).fill("1234567"));
    expect(await reader.readLines()).toEqual(["rest\r"]);
    expect(await reader.readLines()).toBeNull();
  });

  it("taken together come before the error of one that is too long", async () => {
    const reader = readerOf([Buffer.from(`${"x\r\n".repeat(20)}${"y".repeat(10)}\r\n${"ü".repeat(6)}\nend`)], 10);
    const before: string[] = [];
    while (before.length < 21) before.push(...(await reader.readLines())!);
    expect(before).toEqual([...Array(20).fill("x"), "y".repeat(10)]);
    for (let i = 0; i < 2; i++) {
      await expect(reader.readLines()).rejects.toMatchObject({ name: "LimitError", consumed: 12, limit: 10 });
    }
    expect(await reader.readLines({ limit: 12 })).toEqual(["ü".repeat(6)]);
    await expect(reader.readLines({ limit: 2 })).rejects.toThrow("No end within 2 bytes");
    expect(await reader.readLines()).toEqual(["end"]);
  });

  it("count as buffered until they are given", async () => {
    const reader = readerOf([Buffer.from("1234\n".repeat(300))]);
    for (let left = 300; left > 0; left--) {
      expect(await reader.readLine()).toBe("1234");
      expect(reader.buffered).toBe((left - 1) * 5);
    }
    expect(await reader.readLine()).toBeNull();
  });
});
