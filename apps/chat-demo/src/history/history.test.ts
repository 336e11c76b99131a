import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Message } from "../protocol/events.ts";
import type { History } from "./history.ts";
import { MemoryHistory } from "./memory.ts";
import { claim, TakenError } from "./owner.ts";
import { SqliteHistory } from "./sqlite.ts";

const limits = { maxHistory: 2_000, maxHistorySize: 1 << 20, historyDays: 365 };
const LAST = Number.MAX_SAFE_INTEGER;

function message(id: number, room = "tea", text = `${id}`): Message {
  return { type: "said", id, time: Date.now(), room, from: "ada", text };
}

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chat-history-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each<[string, (changed?: Partial<typeof limits>) => History]>([
  ["in memory", (changed) => new MemoryHistory({ ...limits, ...changed }, 0)],
  ["in SQLite", (changed) => new SqliteHistory(join(folder, "chat.sqlite"), { ...limits, ...changed })],
])("a history %s", (_name, open) => {
  it("gives the messages of a room in order, by either side of an id", () => {
    const history = open();
    history.append([1, 2, 3, 4, 5].map((id) => ({ message: message(id * 10), key: undefined })));
    history.append([{ message: message(60, "coffee"), key: undefined }]);
    const ids = ({ messages, more }: { messages: readonly Message[]; more: boolean }) => [
      messages.map(({ id }) => id),
      more,
    ];
    expect(ids(history.before("tea", LAST, 10))).toEqual([[10, 20, 30, 40, 50], false]);
    expect(ids(history.before("TEA", LAST, 5))).toEqual([[10, 20, 30, 40, 50], false]);
    expect(ids(history.before("tea", 40, 2))).toEqual([[20, 30], true]);
    expect(ids(history.before("tea", 10, 2))).toEqual([[], false]);
    expect(ids(history.after("tea", 20, 10))).toEqual([[30, 40, 50], false]);
    expect(ids(history.after("tea", 25, 2))).toEqual([[40, 50], true]);
    expect(ids(history.after("nowhere", 0, 2))).toEqual([[], false]);
    expect(history.lastId).toBe(60);
    expect(history.last("tea")).toBe(50);
    expect(history.last("nowhere")).toBe(0);
    expect(history.before("coffee", LAST, 1).messages).toEqual([
      { ...message(60, "coffee"), time: expect.any(Number) },
    ]);
    history.close();
  });

  it("knows the keys of messages", () => {
    const history = open();
    history.append([{ message: message(7), key: "a-key-of-a-client" }]);
    expect(history.idOf("a-key-of-a-client")).toBe(7);
    expect(history.idOf("another")).toBeUndefined();
    history.close();
  });

  it("keeps so many messages, and gives up the oldest", () => {
    const history = open({ maxHistory: 100 });
    for (let id = 1; id <= 3_000; id++)
      history.append([{ message: message(id, id % 2 ? "tea" : "coffee"), key: undefined }]);
    const { messages } = history.before("tea", LAST, 5_000);
    expect(messages.at(-1)!.id).toBe(2_999);
    // Trimming is done once in a while.
    expect(messages.length).toBeLessThanOrEqual(600);
    expect(messages.length).toBeGreaterThanOrEqual(50);
    expect(messages.map(({ id }) => id)).toEqual(messages.map((_, i) => 2_999 - 2 * (messages.length - 1 - i)));
    history.close();
  });
});

it("is the same in memory and in SQLite, whatever is said and asked", () => {
  const said = fc.array(fc.tuple(fc.constantFrom("tea", "Tea", "ЧАЙ"), fc.string({ unit: "grapheme", maxLength: 20 })));
  const asked = fc.array(fc.tuple(fc.constantFrom("tea", "чай"), fc.nat(40), fc.integer({ min: 1, max: 10 })));
  fc.assert(
    fc.property(said, asked, (lines, questions) => {
      const both: History[] = [new MemoryHistory(limits, 0), new SqliteHistory(join(folder, "same.sqlite"), limits)];
      for (const history of both) {
        lines.forEach(([room, text], i) => {
          history.append([{ message: { ...message(i + 1, room, text), time: i }, key: undefined }]);
        });
      }
      const answers = both.map((history) => [
        history.lastId,
        ...questions.map(([room, id, limit]) => [history.before(room, id, limit), history.after(room, id, limit)]),
      ]);
      for (const history of both) history.close();
      for (const file of readdirSync(folder)) rmSync(join(folder, file));
      expect(answers[1]).toEqual(answers[0]);
    }),
    { numRuns: 30 },
  );
});

describe("in SQLite", () => {
  it("is there again, with the keys, and refuses an id that is taken without losing anything", () => {
    const path = join(folder, "chat.sqlite");
    const first = new SqliteHistory(path, limits);
    first.append([{ message: message(1, "tea", "4-byte 😀 and \\x00"), key: "0123456789abcdef" }]);
    expect(() => first.append([2, 1].map((id) => ({ message: message(id), key: undefined })))).toThrow(/UNIQUE/);
    first.close();
    const again = new SqliteHistory(path, limits);
    expect(again.lastId).toBe(1);
    expect(again.idOf("0123456789abcdef")).toBe(1);
    expect(again.before("tea", LAST, 10).messages.map(({ text }) => text)).toEqual(["4-byte 😀 and \\x00"]);
    again.close();
  });

  it("forgets what is older than it may be", () => {
    const path = join(folder, "chat.sqlite");
    const first = new SqliteHistory(path, { ...limits, historyDays: 10 });
    const day = 24 * 60 * 60 * 1_000;
    const old = [20, 11, 9].map((days, i) => ({
      message: { ...message(i + 1), time: Date.now() - days * day },
      key: undefined,
    }));
    first.append(old);
    first.close();
    const again = new SqliteHistory(path, { ...limits, historyDays: 10 });
    again.append([{ message: message(4), key: undefined }]);
    expect(again.before("tea", LAST, 10).messages.map(({ id }) => id)).toEqual([3, 4]);
    again.close();
  });
});

describe("a file", () => {
  it("belongs to one at a time, and to nobody whose process is gone", () => {
    const path = join(folder, "chat.sqlite");
    const release = claim(path);
    expect(() => claim(path)).toThrow(TakenError);
    release();
    claim(path)();
    // No process has this number, as Linux goes to 4,194,304.
    for (const note of ["4194305", "", "nonsense", String(process.pid)]) {
      writeFileSync(`${path}.pid`, note);
      claim(path)();
    }
    writeFileSync(`${path}.pid`, "1");
    expect(() => claim(path)).toThrow(/process number 1$/);
  });
});
