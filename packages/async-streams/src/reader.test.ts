import { SocketError } from "@sockeye/socket-core";
import { describe, expect, it } from "vitest";
import { FakeSource } from "../test/fake-source.ts";
import { failureOf, kinds, readToEnd, stateOf, tcpPair } from "../test/pairs.ts";
import { IncompleteReadError, LimitError } from "./errors.ts";
import { Reader } from "./reader.ts";

type Step = (reader: Reader) => Promise<unknown>;
interface Case {
  name: string;
  input: string | Buffer;
  limit?: number;
  /** Whether the stream ends after the input; without, something else follows it. */
  ends?: true;
  steps: Step[];
  gives: unknown[];
}

const read =
  (max?: number): Step =>
  (r) =>
    r.read(max);
const exactly =
  (length: number): Step =>
  (r) =>
    r.readExactly(length);
const until =
  (separator: Parameters<Reader["readUntil"]>[0], limit?: number): Step =>
  (r) =>
    r.readUntil(separator, limit === undefined ? undefined : { limit });
const line =
  (limit?: number): Step =>
  (r) =>
    r.readLine(limit === undefined ? undefined : { limit });
const allLines: Step = async (r) => {
  const found: string[] = [];
  for await (const each of r) found.push(each);
  return found;
};
const peek =
  (length: number): Step =>
  (r) =>
    r.peek(length);
const into =
  (length: number): Step =>
  async (r) => {
    const target = Buffer.alloc(length);
    const count = await r.readInto(target);
    return count === null ? null : target.subarray(0, count);
  };
const all =
  (limit?: number): Step =>
  (r) =>
    r.readAll(limit === undefined ? undefined : { limit });
const allChunks: Step = async (r) => {
  const found: Buffer[] = [];
  for await (const each of r.chunks()) found.push(each);
  return Buffer.concat(found);
};
const incomplete = (partial: string, expected: number | null): object => ({ partial, expected });
/** How much of it had arrived depends on the chunks. */
const tooLong = (limit: number): object => ({ limit });

const x = (count: number): string => "x".repeat(count);

const cases: Case[] = [
  {
    name: "readExactly takes what it is told",
    input: "abcdef",
    steps: [exactly(2), exactly(4)],
    gives: ["ab", "cdef"],
  },
  { name: "readExactly(0) is empty at once", input: "", steps: [exactly(0)], gives: [""] },
  { name: "readExactly ignores the limit", input: x(300), limit: 7, steps: [exactly(300)], gives: [x(300)] },
  {
    name: "readExactly at the end gives what there was, once",
    input: "abc",
    ends: true,
    steps: [exactly(4), exactly(4), exactly(0), read()],
    gives: [incomplete("abc", 4), incomplete("", 4), "", null],
  },
  { name: "read(1) takes one byte", input: "ab", steps: [read(1), read(1)], gives: ["a", "b"] },
  {
    name: "read is null at the end, again and again",
    input: "",
    ends: true,
    steps: [read(), read(1)],
    gives: [null, null],
  },
  { name: "readUntil gives the separator too", input: "ab|c|", steps: [until("|"), until("|")], gives: ["ab|", "c|"] },
  { name: "readUntil looks for a newline by default", input: "ab\n", steps: [(r) => r.readUntil()], gives: ["ab\n"] },
  {
    name: "readUntil with a long separator, of which parts come before",
    input: "aENEND-ENDENDx",
    steps: [until("END-END"), until("ENDx")],
    gives: ["aENEND-END", "ENDx"],
  },
  {
    name: "readUntil with bytes",
    input: Buffer.of(1, 0, 255, 2),
    steps: [until(Buffer.of(0, 255)), exactly(1)],
    gives: ["\x01\x00\xff", "\x02"],
  },
  {
    name: "readUntil with text means its UTF-8 bytes",
    input: "grün→da→",
    steps: [until("→"), until("→")],
    gives: [Buffer.from("grün→").toString("latin1"), Buffer.from("da→").toString("latin1")],
  },
  {
    name: "of several separators the one that ends first",
    input: "a;b\r\nc",
    steps: [until(["\r\n", ";"]), until([";", "\r\n"])],
    gives: ["a;", "b\r\n"],
  },
  {
    name: "of two that begin together the shorter one",
    input: "x\r\ny",
    steps: [until(["\r\n", "\r"])],
    gives: ["x\r"],
  },
  {
    name: "of two the one that ends first, though it begins later",
    input: "xabcdy",
    steps: [until(["abcd", "bc"])],
    gives: ["xabc"],
  },
  {
    name: "one separator is a prefix of another and comes too late for it",
    input: "xABxAx",
    steps: [until(["ABC", "A"]), until(["Bx", "BxA"])],
    gives: ["xA", "Bx"],
  },
  {
    name: "less has arrived than the longest separator is long",
    input: "dataZAaaa",
    steps: [until(["A", "long separator"]), exactly(3)],
    gives: ["dataZA", "aaa"],
  },
  {
    name: "readUntil at the end gives what there was, once",
    input: "abc",
    ends: true,
    steps: [until("|"), until("|"), read()],
    gives: [incomplete("abc", null), incomplete("", null), null],
  },
  {
    name: "the separator is found before the end is",
    input: "abc|",
    ends: true,
    steps: [until("|"), read()],
    gives: ["abc|", null],
  },
  {
    name: "as much as the limit may come before a separator",
    input: "1234567|",
    limit: 7,
    steps: [until("|")],
    gives: ["1234567|"],
  },
  {
    name: "more than the limit is an error, and the data stays",
    input: "12345678|",
    limit: 7,
    steps: [until("|"), until("|"), until("|", 8)],
    gives: [tooLong(7), tooLong(7), "12345678|"],
  },
  {
    name: "the limit of a call goes before that of the connection",
    input: "12345678|123|",
    steps: [until("|", 3), until("|", 8), until("|", 3)],
    gives: [tooLong(3), "12345678|", "123|"],
  },
  {
    name: "too much before a separator of several bytes",
    input: "12345678--",
    limit: 7,
    steps: [until("--"), exactly(10)],
    gives: [tooLong(7), "12345678--"],
  },
  {
    name: "lines lose their terminators",
    input: "a\nb\r\n\n\r\nc\rd\n",
    steps: [line(), line(), line(), line(), line()],
    gives: ["a", "b", "", "", "c\rd"],
  },
  {
    name: "lines are UTF-8, whatever the chunks",
    input: "grün 🜚\nпривет\n",
    steps: [line(), line()],
    gives: ["grün 🜚", "привет"],
  },
  {
    name: "malformed UTF-8 becomes U+FFFD",
    input: Buffer.from("61ff620a", "hex"),
    steps: [line()],
    gives: ["a\ufffdb"],
  },
  {
    name: "the last line may lack its newline",
    input: "a\nb",
    ends: true,
    steps: [line(), line(), line()],
    gives: ["a", "b", null],
  },
  {
    name: "a carriage return alone ends nothing",
    input: "a\r",
    ends: true,
    steps: [line(), line()],
    gives: ["a\r", null],
  },
  { name: "no line at all", input: "", ends: true, steps: [line(), line()], gives: [null, null] },
  {
    name: "a line as long as the limit",
    input: `${x(7)}\n${x(7)}\r\n`,
    limit: 7,
    steps: [line(), line()],
    gives: [x(7), x(7)],
  },
  {
    name: "a longer line is an error, and the data stays",
    input: `${x(8)}\nnext\n`,
    limit: 7,
    steps: [line(), line(), line(8), line()],
    gives: [tooLong(7), tooLong(7), x(8), "next"],
  },
  {
    name: "after a line that is too long, reading may go on another way",
    input: `${x(8)}\r\n`,
    limit: 7,
    steps: [line(), exactly(10)],
    gives: [tooLong(7), `${x(8)}\r\n`],
  },
  {
    name: "iteration gives lines until the end",
    input: "a\n\nb\r\nc",
    ends: true,
    steps: [allLines, allLines],
    gives: [["a", "", "b", "c"], []],
  },
  { name: "peek takes nothing", input: "abcd", steps: [peek(2), peek(4), exactly(4)], gives: ["ab", "abcd", "abcd"] },
  {
    name: "peek at the end gives what there is",
    input: "ab",
    ends: true,
    steps: [peek(3), exactly(2), peek(3), read()],
    gives: ["ab", "ab", null, null],
  },
  { name: "readInto fills memory of the caller", input: "ab", steps: [into(1), into(1)], gives: ["a", "b"] },
  { name: "readInto is null at the end", input: "a", ends: true, steps: [into(9), into(9)], gives: ["a", null] },
  {
    name: "readAll takes the rest",
    input: "a\nbcd",
    ends: true,
    steps: [line(), all(), all()],
    gives: ["a", "bcd", ""],
  },
  { name: "readAll takes as much as its limit", input: "abc", ends: true, steps: [all(3)], gives: ["abc"] },
  {
    name: "readAll takes no more, and the data stays",
    input: "abcd",
    ends: true,
    steps: [all(3), all(3), all(4)],
    gives: [tooLong(3), tooLong(3), "abcd"],
  },
  {
    name: "chunks give the rest",
    input: "a\nbcd",
    ends: true,
    steps: [line(), allChunks, allChunks],
    gives: ["a", "bcd", ""],
  },
  {
    name: "kinds of reads take turns",
    input: "line\r\nab--rest of it|x",
    steps: [line(), exactly(2), until("--"), read(1), until("|")],
    gives: ["line", "ab", "--", "r", "est of it|"],
  },
];

/** Comparable and readable: bytes as Latin-1 text, errors as what they carry. */
function shown(value: unknown): unknown {
  if (value instanceof IncompleteReadError) return incomplete(value.partial.toString("latin1"), value.expected);
  if (value instanceof LimitError) return tooLong(value.limit);
  return Buffer.isBuffer(value) ? value.toString("latin1") : value;
}

async function run(reader: Reader, { steps }: Case): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const step of steps) results.push(shown(await step(reader).catch((error: unknown) => error)));
  return results;
}

const TRAILER = "\ntrailing|bytes";
const splittings: [string, (bytes: Buffer) => Buffer[]][] = [
  ["whole", (bytes) => [bytes]],
  ["byte by byte", (bytes) => Array.from(bytes, (byte) => Buffer.of(byte))],
];

describe.each(splittings)("reads of a stream that arrives %s", (_name, split) => {
  it.each(cases)("$name", async (each) => {
    const source = new FakeSource();
    const reader = new Reader(source, each);
    const results = run(reader, each);
    for (const chunk of split(Buffer.from(each.input as Buffer))) source.feed(chunk);
    if (each.ends) source.end();
    expect(await results).toEqual(each.gives);
  });

  it.each(cases.filter(({ ends }) => !ends))("$name; what follows stays", async (each) => {
    const source = new FakeSource();
    const reader = new Reader(source, each);
    const input = Buffer.concat([Buffer.from(each.input as Buffer), Buffer.from(TRAILER)]);
    for (const chunk of split(input)) source.feed(chunk);
    source.end();
    expect(await run(reader, each)).toEqual(each.gives);
    const rest = await readToEnd({ reader });
    expect(rest.subarray(-TRAILER.length).toString()).toBe(TRAILER);
  });

  it.each(kinds)("all of them over %s", async (_kind, pair) => {
    for (const each of cases) {
      const { client, server } = await pair({ limit: each.limit ?? 65_536 });
      const results = run(server.reader, each);
      for (const chunk of split(Buffer.from(each.input as Buffer))) {
        await client.writer.write(chunk);
        await client.writer.flush();
      }
      if (each.ends) await client.writer.end();
      expect(await results, each.name).toEqual(each.gives);
      client.abort();
      server.abort();
    }
  });
});

describe("Reader", () => {
  it("gives what there is, up to `max`, without waiting for more", async () => {
    const reader = new Reader(new FakeSource().feed("abc", "de"));
    expect((await reader.read())?.toString()).toBe("abc");
    expect((await reader.read(1))?.toString()).toBe("d");
    expect(reader.buffered).toBe(1);
    expect((await reader.read(10))?.toString()).toBe("e");
    expect(reader.buffered).toBe(0);
  });

  it("tells how much of an over-long piece there is", async () => {
    const reader = new Reader(new FakeSource().feed("123456|"), { limit: 3 });
    expect(await failureOf(reader.readUntil("|"))).toMatchObject({ name: "LimitError", consumed: 6, limit: 3 });
    const other = new Reader(new FakeSource().feed("123456"), { limit: 3 });
    expect(await failureOf(other.readUntil("--"))).toMatchObject({ code: "ERR_STREAM_LIMIT", consumed: 5 });
    expect(await failureOf(other.readLine())).toMatchObject({ consumed: 6 });
  });

  it("gives chunks as they arrive, and may be left with `break`", async () => {
    const reader = new Reader(new FakeSource().feed("ab", "cd", "ef").end());
    for await (const chunk of reader.chunks()) {
      expect(chunk.toString()).toBe("ab");
      break;
    }
    expect((await reader.readAll()).toString()).toBe("cdef");
  });

  it("is at its end when the end was seen and everything was read", async () => {
    const reader = new Reader(new FakeSource().feed("a").end());
    expect(reader.atEnd).toBe(false);
    await reader.read();
    expect(reader.atEnd).toBe(false);
    await reader.read();
    expect(reader.atEnd).toBe(true);
  });

  it("pulls nothing while nobody reads", async () => {
    const source = new FakeSource().feed("a", "b", "c");
    const reader = new Reader(source);
    expect(source.pulls).toBe(0);
    await reader.readExactly(2);
    expect(source.pulls).toBe(2);
  });

  it("lets others have a turn when a source always has something", async () => {
    const source = new FakeSource();
    for (let i = 0; i < 100; i++) source.feed("x");
    await new Reader(source).readExactly(100);
    expect(source.waits).toBeGreaterThanOrEqual(20);
  });

  it("raises what broke the stream after the data before it, and again", async () => {
    const broken = new SocketError("recv ECONNRESET: connection reset by peer", { code: "ECONNRESET" });
    const reader = new Reader(new FakeSource().feed("line\npart").fail(broken));
    expect(await reader.readLine()).toBe("line");
    expect(await failureOf(reader.readLine())).toBe(broken);
    expect(await failureOf(reader.readExactly(5))).toBe(broken);
    expect(await failureOf(reader.readUntil("|"))).toBe(broken);
    expect((await reader.read())?.toString()).toBe("part");
    expect(await failureOf(reader.read())).toBe(broken);
    expect(await failureOf(reader[Symbol.asyncIterator]().next())).toBe(broken);
  });

  it("refuses a second read while one waits, and the first goes on", async () => {
    const source = new FakeSource();
    const reader = new Reader(source);
    for (const first of [() => reader.readLine(), () => reader.readUntil("\n"), () => reader.readExactly(2)]) {
      const waiting = first();
      for (const second of [
        reader.read(),
        reader.readExactly(0),
        reader.readInto(Buffer.alloc(1)),
        reader.peek(1),
        reader.readAll(),
        reader.chunks().next(),
        reader.readUntil("x"),
        reader.readLine(),
        reader.decode(() => 1),
        reader[Symbol.asyncIterator]().next(),
      ]) {
        expect(await failureOf(second)).toMatchObject({ name: "StreamBusyError", code: "ERR_STREAM_BUSY" });
      }
      source.feed("a\n");
      expect(String(await waiting).trimEnd()).toBe("a");
    }
  });

  it("may be left with `break` and goes on where it was", async () => {
    const reader = new Reader(new FakeSource().feed("a\nb\nc\n").end());
    for await (const each of reader) {
      expect(each).toBe("a");
      break;
    }
    expect(await reader.readLine()).toBe("b");
    expect(await allLines(reader)).toEqual(["c"]);
  });

  it("loses nothing to a signal", async () => {
    const source = new FakeSource();
    const reader = new Reader(source);
    const controller = new AbortController();
    const waiting = reader.readExactly(4, { signal: controller.signal });
    source.feed("ab");
    expect(await stateOf(waiting)).toBe("pending");
    controller.abort("enough");
    const error = await failureOf(waiting);
    expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "enough" });
    expect(error.message).toMatch(/^readExactly: /);
    source.feed("cd");
    expect((await reader.readExactly(4)).toString()).toBe("abcd");
  });

  it("takes no data for a signal that has fired", async () => {
    const reader = new Reader(new FakeSource().feed("abcd"));
    const signal = AbortSignal.abort("late");
    for (const call of [reader.read(1, { signal }), reader.readLine({ signal }), reader.decode(() => 1, { signal })])
      expect(await failureOf(call)).toMatchObject({ name: "AbortError", cause: "late" });
    expect((await reader.read())?.toString()).toBe("abcd");
  });

  it("bounds a whole read with `timeout`, however the bytes dribble in", async () => {
    const source = new FakeSource();
    const reader = new Reader(source);
    const dribble = setInterval(() => source.feed("x"), 10);
    const began = performance.now();
    const error = await failureOf(reader.readLine({ timeout: 100 }));
    expect(error).toMatchObject({ name: "TimeoutError", message: "readLine: not done within 100 ms" });
    expect(performance.now() - began).toBeLessThan(5_000);
    const before = reader.buffered;
    expect(before).toBeGreaterThan(0);
    expect((await reader.readExactly(before + 1)).toString()).toBe(x(before + 1));
    clearInterval(dribble);
  });

  it.each(kinds)("takes what has arrived with a timeout of 0, over %s", async (_kind, pair) => {
    const { client, server } = await pair();
    expect(await failureOf(server.reader.read(10, { timeout: 0 }))).toMatchObject({ name: "TimeoutError" });
    const sent = Buffer.alloc(1_000_000, "z");
    const writing = client.writer.write(sent);
    let received = 0;
    while (received < sent.length) received += (await server.reader.read(60_000, { timeout: 5_000 }))?.length ?? 0;
    await writing;
    await client.writer.write("one");
    await client.writer.flush();
    expect((await server.reader.read(10, { timeout: 0 }))?.toString()).toBe("one");
  });

  it("takes what has arrived although the loop was too busy to notice in time", async () => {
    const { client, server } = await tcpPair();
    const reading = server.reader.readLine({ timeout: 5 });
    await client.writer.write("in time\n");
    await client.writer.flush();
    const end = performance.now() + 20;
    while (performance.now() < end);
    expect(await reading).toBe("in time");
  });

  it.each<[string, (r: Reader) => Promise<unknown>, string]>([
    ["read(0)", (r) => r.read(0), "max must be an integer from 1 to 2147483647, got 0"],
    ["read(-1)", (r) => r.read(-1), "max must be an integer from 1 to 2147483647, got -1"],
    ["read(1.5)", (r) => r.read(1.5), "max must be an integer from 1 to 2147483647, got 1.5"],
    ["read('1')", (r) => r.read("1" as never), "max must be an integer from 1 to 2147483647, got '1'"],
    ["readExactly(-1)", (r) => r.readExactly(-1), "length must be an integer from 0 to 2147483647, got -1"],
    ["peek(0)", (r) => r.peek(0), "length must be an integer from 1 to 2147483647, got 0"],
    ["no memory", (r) => r.readInto([] as never), "target must be a Uint8Array, got []"],
    ["empty memory", (r) => r.readInto(Buffer.alloc(0)), "target must be at least one byte long, got <Buffer >"],
    [
      "a limit of -1 for everything",
      (r) => r.readAll({ limit: -1 }),
      "limit must be an integer from 1 to 2147483647, got -1",
    ],
    ["no separator", (r) => r.readUntil([]), "separator must be at least one separator, got []"],
    ["an empty separator", (r) => r.readUntil(["|", ""]), "separator must be at least one byte long, got [ '|', '' ]"],
    [
      "a number for a separator",
      (r) => r.readUntil(10 as never),
      "separator must be text or a Uint8Array, or a list of them, got 10",
    ],
    ["a limit of 0", (r) => r.readUntil("|", { limit: 0 }), "limit must be an integer from 1 to 2147483647, got 0"],
    [
      "a line limit of NaN",
      (r) => r.readLine({ limit: Number.NaN }),
      "limit must be an integer from 1 to 2147483647, got NaN",
    ],
    ["options that are none", (r) => r.readLine(5 as never), "options must be an object, got 5"],
    ["a bad signal", (r) => r.read(1, { signal: {} as never }), "signal must be an AbortSignal, got {}"],
    [
      "a bad timeout",
      (r) => r.readExactly(1, { timeout: -1 }),
      "timeout must be milliseconds from 0 to 2147483647, got -1",
    ],
    ["no function", (r) => r.decode(undefined as never), "decode must be a function, got undefined"],
  ])("refuses %s and takes nothing", async (_name, call, message) => {
    const reader = new Reader(new FakeSource().feed("abc|\n"));
    expect(await failureOf(call(reader))).toMatchObject({ message, code: "ERR_INVALID_ARG" });
    expect((await reader.read())?.toString()).toBe("abc|\n");
  });

  it("refuses a limit that is none", () => {
    expect(() => new Reader(new FakeSource(), { limit: 0 })).toThrow("limit must be an integer from 1");
  });
});
