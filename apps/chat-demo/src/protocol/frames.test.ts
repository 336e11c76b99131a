import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type ClientFrame, parseClientFrame, parseServerFrame, type ServerFrame } from "./frames.ts";

const key = "0f8fad5b-d9cb-469f-a165-70867728950e";

const fromClients: ClientFrame[] = [
  { type: "hello", version: 1 },
  { type: "hello", version: 1, nick: "ada", room: "tea", password: "secret", after: { tea: 7, lobby: 0 } },
  { type: "line", text: "hello" },
  { type: "line", text: "hello", key },
  { type: "history", room: "tea", limit: 50 },
  { type: "history", room: "tea", before: 7, limit: 200 },
  { type: "wire", on: true },
  { type: "wire", on: false, filter: "tcp" },
  { type: "ping" },
];

test.each(fromClients)("takes $type from a client as it is: %j", (frame) => {
  expect(parseClientFrame(JSON.stringify({ ...frame, more: "than is known" }))).toEqual({ frame });
});

test.each([
  ["", /no frame/],
  ["{", /no frame/],
  ["[]", /no frame/],
  ["null", /no frame/],
  ["{}", /"type" is wrong: expected hello, line/],
  ['{"type":"constructor"}', /"type" is wrong/],
  ['{"type":"hello"}', /"version" is wrong: expected 1/],
  ['{"type":"hello","version":2}', /"version" is wrong: expected 1/],
  ['{"type":"hello","version":1,"nick":1}', /"nick" is wrong: expected a string/],
  ['{"type":"hello","version":1,"room":[]}', /"room" is wrong/],
  [`{"type":"hello","version":1,"password":"${"x".repeat(2_000)}"}`, /"password" is wrong: .* 1024/],
  ['{"type":"hello","version":1,"after":{"tea":-1}}', /"after" is wrong/],
  ['{"type":"hello","version":1,"after":[1]}', /"after" is wrong/],
  [
    JSON.stringify({
      type: "hello",
      version: 1,
      after: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [i, i])),
    }),
    /"after" is wrong: expected an object of up to 32/,
  ],
  ['{"type":"line"}', /"text" is wrong/],
  ['{"type":"line","text":"x","key":"1"}', /"key" is wrong: expected 16 to 64/],
  ['{"type":"history","room":"tea"}', /"limit" is wrong/],
  ['{"type":"history","room":"tea","limit":201}', /"limit" is wrong: expected 1 to 200/],
  ['{"type":"history","room":"tea","limit":1,"before":1.5}', /"before" is wrong/],
  ['{"type":"wire","on":1}', /"on" is wrong/],
  [`{"type":"wire","on":true,"filter":"${"x".repeat(2_000)}"}`, /"filter" is wrong/],
])("says what is wrong with %s", (text, problem) => {
  expect(parseClientFrame(text)).toEqual({ problem: expect.stringMatching(problem) });
});

const message = { type: "said", id: 7, time: 1, room: "tea", from: "ada", text: "hi" } as const;
const fromServers: ServerFrame[] = [
  {
    type: "welcome",
    version: 1,
    nick: "ada",
    room: "tea",
    others: 2,
    server: "one",
    maxLine: 4_096,
    features: { wire: true, weather: false, titles: false },
  },
  message,
  { ...message, type: "acted", key },
  { type: "whispered", from: "ada", to: "bob", text: "psst" },
  { type: "left", nick: "ada", room: "tea" },
  { type: "people", room: "tea", nicks: ["ada"], more: 0 },
  { type: "rooms", rooms: [{ room: "tea", size: 1, last: 7 }], more: 0 },
  { type: "help", lines: ["/help"] },
  { type: "problem", code: "nick", text: "No" },
  { type: "goodbye", reason: "see you", restart: true },
  { type: "ack", key, id: 7 },
  { type: "history", room: "tea", messages: [message], more: true, gap: false },
  { type: "activity", room: "tea", id: 7 },
  { type: "wire", state: "refused", reason: "no rights" },
  { type: "pong" },
];

test.each(fromServers)("takes $type from a server as it is: %j", (frame) => {
  expect(parseServerFrame(JSON.stringify(frame))).toEqual({ frame });
});

describe("what is no frame", () => {
  it("is a problem for a client too", () => {
    expect(parseServerFrame('{"type":"toString"}')).toEqual({ problem: "The frame's type is unknown" });
    expect(parseServerFrame('{"type":"ack","key":1,"id":1}')).toEqual({ problem: 'The fields of "ack" are wrong' });
    expect(parseServerFrame(JSON.stringify({ type: "history", room: "tea", messages: [{}], more: false }))).toEqual({
      problem: 'The fields of "history" are wrong',
    });
  });

  it("never makes either side throw, whatever one byte of a frame becomes", () => {
    const frames = [...fromClients, ...fromServers].map((frame) => JSON.stringify(frame));
    fc.assert(
      fc.property(
        fc.constantFrom(...frames),
        fc.nat(),
        fc.string({ unit: "binary", maxLength: 3 }),
        (text, at, put) => {
          const index = at % text.length;
          const mutated = text.slice(0, index) + put + text.slice(index + 1);
          for (const result of [parseClientFrame(mutated), parseServerFrame(mutated)]) {
            expect("frame" in result || result.problem.length > 0).toBe(true);
          }
        },
      ),
    );
    fc.assert(fc.property(fc.json(), (text) => void [parseClientFrame(text), parseServerFrame(text)]));
  });
});
