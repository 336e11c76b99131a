import fc from "fast-check";
import { expect, it, test } from "vitest";
import { type Beacon, formatBeacon, formatQuery, MAX_BEACON_SIZE, parseBeacon, parseQuery } from "./beacon.ts";

const nonce = "0123456789abcdef";
const beacon: Beacon = { name: "den", port: 12345, webPort: 12346, tls: false, password: true, people: 3 };

test("a query and its answer arrive as they were sent", () => {
  expect(parseQuery(formatQuery(nonce))).toBe(nonce);
  expect(parseBeacon(formatBeacon(nonce, beacon), nonce)).toEqual(beacon);
  const pageless = { ...beacon, webPort: undefined };
  expect(parseBeacon(formatBeacon(nonce, pageless), nonce)).toEqual(pageless);
});

test.each(["", "null", "{}", "[]", '{"sockeyeChat":2,"query":"0123456789"}', '{"sockeyeChat":1,"query":"x"}'])(
  "%j is no query",
  (text) => {
    expect(parseQuery(text)).toBeUndefined();
  },
);

it("takes no answer to another query, with a name that drives a terminal, or with a port that is none", () => {
  expect(parseBeacon(formatBeacon("other-nonce", beacon), nonce)).toBeUndefined();
  for (const wrong of [
    { name: "\x1b[2J" },
    { name: "" },
    { port: 0 },
    { port: 65_536 },
    { webPort: -1 },
    { people: 1.5 },
  ]) {
    expect(parseBeacon(formatBeacon(nonce, { ...beacon, ...wrong }), nonce)).toBeUndefined();
  }
});

it("never throws, and never takes what is longer than it may be", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
      expect(parseQuery(text)).toBeUndefined();
      expect(parseBeacon(text, nonce)).toBeUndefined();
    }),
  );
  expect(parseBeacon(formatBeacon(nonce, beacon) + " ".repeat(MAX_BEACON_SIZE), nonce)).toBeUndefined();
});
