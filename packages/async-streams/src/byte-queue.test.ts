import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteQueue } from "./byte-queue.ts";

const bytes = fc.uint8Array({ maxLength: 200, max: 3 });
const count = fc.nat(300);

const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("push" as const), bytes }) },
  fc.record({ type: fc.constant("borrow" as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 200, max: 3 }) }),
  fc.record({ type: fc.constant("extend" as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 40, max: 3 }) }),
  fc.record({ type: fc.constant("own" as const) }),
  fc.record({ type: fc.constant("take" as const), count }),
  fc.record({ type: fc.constant("takeInto" as const), count }),
  fc.record({ type: fc.constant("takeText" as const), count }),
  fc.record({ type: fc.constant("skip" as const), count }),
  fc.record({ type: fc.constant("indexOf" as const), byte: fc.nat(4), from: count }),
  fc.record({ type: fc.constant("lastIndexOf" as const), byte: fc.nat(4), count }),
  fc.record({
    type: fc.constant("indexOfSequence" as const),
    sequence: fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 }),
    from: count,
  }),
  fc.record({ type: fc.constant("find" as const), which: fc.nat(2) }),
);

const sought = [Buffer.from([1]), Buffer.from([1, 2]), Buffer.from([3, 3, 3])];

describe("ByteQueue", () => {
  it("does what a plain array of bytes does", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const queue = new ByteQueue();
        const memory = Buffer.alloc(4096);
        let model = Buffer.alloc(0);
        for (const op of operations) {
          switch (op.type) {
            case "push":
              queue.push(op.bytes);
              model = Buffer.concat([model, op.bytes]);
              break;
            case "borrow":
              if (model.length > 0) break;
              memory.set(op.bytes);
              queue.borrow(memory, op.bytes.length);
              model = Buffer.from(op.bytes);
              break;
            case "extend":
              if (!queue.borrowed) break;
              memory.set(op.bytes, queue.compact());
              queue.extend(op.bytes.length);
              model = Buffer.concat([model, op.bytes]);
              break;
            case "own":
              queue.own();
              memory.fill(0xee);
              break;
            case "take":
              expect(queue.take(op.count)).toEqual(model.subarray(0, op.count));
              model = model.subarray(op.count);
              break;
            case "takeInto": {
              const target = Buffer.alloc(op.count, 9);
              expect(queue.takeInto(target)).toBe(Math.min(op.count, model.length));
              expect(target.subarray(0, model.length)).toEqual(model.subarray(0, op.count));
              expect(target.subarray(model.length).every((byte) => byte === 9)).toBe(true);
              model = model.subarray(op.count);
              break;
            }
            case "takeText":
              expect(queue.peekText(op.count)).toBe(model.toString("utf8", 0, op.count));
              expect(queue.takeText(op.count)).toBe(model.toString("utf8", 0, op.count));
              model = model.subarray(op.count);
              break;
            case "skip":
              queue.skip(op.count);
              model = model.subarray(op.count);
              break;
            case "indexOf":
              expect(queue.indexOf(op.byte, op.from)).toBe(model.indexOf(op.byte, op.from));
              break;
            case "lastIndexOf":
              expect(queue.lastIndexOf(op.byte, op.count)).toBe(model.subarray(0, op.count).lastIndexOf(op.byte));
              break;
            case "indexOfSequence":
              expect(queue.indexOfSequence(op.sequence, op.from)).toBe(model.indexOf(op.sequence, op.from));
              break;
            case "find":
              expect(queue.find(sought[op.which]!)).toBe(model.indexOf(sought[op.which]!));
          }
          expect(queue.length).toBe(model.length);
          expect(queue.peek()).toEqual(model);
          expect(queue.at(model.length - 1)).toBe(model.at(-1) ?? -1);
          expect(queue.at(model.length)).toBe(-1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("gives copies: what was taken does not change when more arrives", () => {
    const queue = new ByteQueue();
    const memory = Buffer.from("abcdef");
    queue.borrow(memory, 6);
    const taken = queue.take(3);
    const peeked = queue.peek();
    memory.fill("x");
    expect(taken.toString()).toBe("abc");
    expect(peeked.toString()).toBe("def");
    expect(queue.take().toString()).toBe("xxx");
  });

  it("finds a long sequence that arrives in pieces without looking at anything twice", () => {
    const queue = new ByteQueue();
    const end = Buffer.from("\r\n.\r\n");
    for (const char of `text${"\r\n".repeat(200)}.\r`) {
      queue.push(Buffer.from(char));
      expect(queue.find(end)).toBe(-1);
    }
    queue.push(Buffer.from("\nrest"));
    expect(queue.find(end)).toBe(4 + 398);
    queue.skip(4 + 398 + end.length);
    expect(queue.find(end)).toBe(-1);
    expect(queue.take().toString()).toBe("rest");
  });

  it("looks from the front for another sequence, and after bytes were taken", () => {
    const queue = new ByteQueue();
    const newline = Buffer.from("\n");
    const bar = Buffer.from("|");
    queue.push(Buffer.from("ab|cd"));
    expect(queue.find(newline)).toBe(-1);
    expect(queue.find(bar)).toBe(2);
    queue.skip(3);
    queue.push(Buffer.from("\n"));
    expect(queue.find(newline)).toBe(2);
  });

  it.each([-1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY])("refuses to take %s bytes and keeps what it has", (bad) => {
    const queue = new ByteQueue();
    queue.push(Buffer.from("abc"));
    for (const call of [() => queue.take(bad), () => queue.skip(bad), () => queue.takeText(bad), () => queue.peek(bad)])
      expect(call).toThrow(/^count must be an integer from 0 on, got/);
    expect(() => queue.indexOfSequence(Buffer.alloc(0))).toThrow(RangeError);
    expect(queue.take().toString()).toBe("abc");
  });
});
