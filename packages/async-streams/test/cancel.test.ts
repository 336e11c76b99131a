/** Cancelling a read or write at any moment loses no byte. */
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Codec } from "../src/codecs/codec.ts";
import { delimited } from "../src/codecs/delimited.ts";
import { lengthPrefixed } from "../src/codecs/length-prefixed.ts";
import { lines } from "../src/codecs/lines.ts";
import { IncompleteReadError, LimitError } from "../src/errors.ts";
import { framed } from "../src/framed.ts";
import { Reader } from "../src/reader.ts";
import { FakeSource } from "./fake-source.ts";
import { kinds, type Pair, turn } from "./pairs.ts";

const cancel = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.record({ timeout: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ abortAfter: fc.nat(4) }),
);
const call = fc.oneof(
  fc.record({ type: fc.constant("read" as const), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ type: fc.constant("readInto" as const), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ type: fc.constant("peek" as const), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ type: fc.constant("readAll" as const), limit: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ type: fc.constant("readExactly" as const), count: fc.nat(40) }),
  fc.record({
    type: fc.constant("readUntil" as const),
    separators: fc.subarray(["|", "b", "|\n", "aa", "\r\n"], { minLength: 1 }),
    limit: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({ type: fc.constant("readLine" as const), limit: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ type: fc.constant("readLines" as const), limit: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ type: fc.constant("receive" as const), codec: fc.nat(4) }),
);
const step = fc.record({ call, cancel });
/** ASCII, as reads cut it anywhere; no carriage return, so that what a line lost at its end is known. */
const stream = fc.array(fc.constantFrom("a", "b", "|", "\n", "bbbb", "a|\n"), { maxLength: 300 });

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const ends = ["\n", "|", "|\n", "bb"];
/** Each with the bytes that its item had on the wire. */
const codecs: { codec: Codec<string | Buffer>; wire: (item: string) => string }[] = [
  { codec: lines(), wire: (item) => `${item}\n` },
  { codec: lines({ delimiter: "|" }), wire: (item) => `${item}|` },
  { codec: lines({ delimiter: "|\n" }), wire: (item) => `${item}|\n` },
  { codec: delimited("bb"), wire: (item) => `${item}bb` },
  { codec: lengthPrefixed({ bytes: 1 }), wire: (item) => String.fromCharCode(item.length) + item },
];

/** Runs one read and returns the bytes that it took from the stream, or null at the end. */
async function take(reader: Reader, { call, cancel }: Step): Promise<Buffer | null> {
  const controller = new AbortController();
  const options = {
    ...("timeout" in cancel && { timeout: cancel.timeout }),
    ...("abortAfter" in cancel && { signal: controller.signal }),
  };
  const reading = (async (): Promise<Buffer | string | null> => {
    switch (call.type) {
      case "read":
        return reader.read(call.count, options);
      case "readInto": {
        const target = Buffer.alloc(call.count);
        const count = await reader.readInto(target, options);
        return count === null ? null : target.subarray(0, count);
      }
      case "peek":
        await reader.peek(call.count, options);
        return "";
      case "readAll":
        return reader.readAll({ ...options, limit: call.limit });
      case "readExactly":
        return reader.readExactly(call.count, options);
      case "readUntil":
        return reader.readUntil(call.separators, { ...options, limit: call.limit });
      case "readLine": {
        const line = await reader.readLine({ ...options, limit: call.limit });
        return line === null ? null : `${line}\n`;
      }
      case "readLines": {
        const together = await reader.readLines({ ...options, limit: call.limit });
        return together === null ? null : together.map((line) => `${line}\n`).join("");
      }
      case "receive": {
        const { codec, wire } = codecs[call.codec]!;
        const item = await framed({ reader, writer: {} as never }, codec).receive(options);
        return item === null ? null : wire(item.toString());
      }
    }
  })();
  const aborting = (async () => {
    if (!("abortAfter" in cancel)) return;
    for (let i = 0; i < cancel.abortAfter; i++) await turn();
    controller.abort();
  })();
  try {
    const taken = await reading;
    return taken === null ? null : Buffer.from(taken as string);
  } catch (error) {
    if (error instanceof IncompleteReadError) return error.partial;
    if (error instanceof LimitError) return Buffer.alloc(0);
    expect((error as Error).name).toMatch(/^(AbortError|TimeoutError)$/);
    return Buffer.alloc(0);
  } finally {
    await aborting;
  }
}

async function takeAll(reader: Reader, steps: readonly Step[]): Promise<Buffer> {
  const taken: Buffer[] = [];
  for (const each of steps) taken.push((await take(reader, each)) ?? Buffer.alloc(0));
  for (let rest = await reader.read(); rest !== null; rest = await reader.read()) taken.push(rest);
  return Buffer.concat(taken);
}

/** The last line may lack its end, and then the test has added one. */
function expectSame(taken: Buffer, sent: Buffer): void {
  const text = taken.toString();
  const all = sent.toString();
  if (text !== all) expect(ends.map((end) => all + end)).toContain(text);
}

describe("random reads with random cancels take every byte of the stream, once and in order", () => {
  it("from chunks of any size", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stream, { maxLength: 8 }), fc.array(step, { maxLength: 25 }), async (chunks, steps) => {
        const source = new FakeSource();
        const feeding = (async () => {
          for (const chunk of chunks) {
            await turn();
            source.feed(chunk.join(""));
          }
          source.end();
        })();
        const taken = await takeAll(new Reader(source), steps);
        await feeding;
        expectSame(taken, Buffer.from(chunks.flat().join("")));
      }),
      { numRuns: 300 },
    );
  });

  it.each(kinds)("over %s", async (_kind, pair) => {
    const pause = fc.constantFrom("none", "turn", "timer");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ chunk: stream, pause }), { maxLength: 8 }),
        fc.array(step, { maxLength: 25 }),
        async (chunks, steps) => {
          const { client, server }: Pair = await pair();
          const sending = (async () => {
            for (const { chunk, pause } of chunks) {
              await client.writer.write(chunk.join(""));
              if (pause === "turn") await turn();
              if (pause === "timer") await delay(1);
            }
            await client.writer.end();
          })();
          const taken = await takeAll(server.reader, steps);
          await sending;
          expectSame(taken, Buffer.from(chunks.flatMap(({ chunk }) => chunk).join("")));
          client.abort();
          server.abort();
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("random writes with random cancels send every byte, once and in order", () => {
  const size = fc.oneof(fc.nat(100), fc.integer({ min: 16_380, max: 16_390 }), fc.integer({ min: 1, max: 1_500_000 }));
  const writing = fc.record({
    type: fc.constantFrom("write", "list", "text", "flush"),
    size,
    cancel,
    next: fc.constantFrom("await", "drop"),
  });

  it.each(kinds)("over %s, and the memory of a write is free when it is over", async (_kind, pair) => {
    await fc.assert(
      fc.asyncProperty(fc.array(writing, { maxLength: 12 }), fc.nat(6), async (writes, pause) => {
        const { client, server }: Pair = await pair();
        const { writer } = client;
        const sent: Buffer[] = [];
        const dropped: Promise<void>[] = [];
        const reading = (async () => {
          for (let i = 0; i < pause * 3; i++) await turn();
          const received: Buffer[] = [];
          for await (const chunk of server.reader.chunks()) received.push(chunk);
          return Buffer.concat(received);
        })();
        for (const [index, { type, size, cancel, next }] of writes.entries()) {
          const memory = Buffer.alloc(size, 97 + index);
          const controller = new AbortController();
          const options = {
            ...("timeout" in cancel && { timeout: cancel.timeout }),
            ...("abortAfter" in cancel && { signal: controller.signal }),
          };
          const data = type === "list" ? [memory, "+", memory] : type === "text" ? memory.toString() : memory;
          if (type !== "flush") sent.push(...[data].flat().map((part) => Buffer.from(part as string)));
          const call = type === "flush" ? writer.flush(options) : writer.write(data, options);
          const over = call.then(
            () => memory.fill("!"),
            (error) => {
              expect(error.name).toMatch(/^(AbortError|TimeoutError)$/);
              memory.fill("!");
            },
          );
          if ("abortAfter" in cancel) {
            for (let i = 0; i < cancel.abortAfter; i++) await turn();
            controller.abort();
          }
          if (next === "await") await over;
          else dropped.push(over.then(() => {}));
        }
        await writer.end();
        await Promise.all(dropped);
        const received = await reading;
        expect(received.equals(Buffer.concat(sent))).toBe(true);
        client.abort();
        server.abort();
      }),
      { numRuns: 60 },
    );
  });
});
