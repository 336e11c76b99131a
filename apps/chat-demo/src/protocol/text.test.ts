import fc from "fast-check";
import { expect, it, test } from "vitest";
import { printable } from "./text.ts";

test.each([
  ["plain", "plain"],
  ["Zoë 你好 👩‍👩‍👧 ß", "Zoë 你好 👩‍👩‍👧 ß"],
  ["a\tb", "a b"],
  ["\x1b[2Jgone", "\\x1b[2Jgone"],
  ["\x1b]0;title\x07", "\\x1b]0;title\\x07"],
  ["\x9b31m", "\\x9b31m"],
  ["over\rwritten", "over\\x0dwritten"],
  ["\0\x7f\b", "\\x00\\x7f\\x08"],
  ["two\u2028lines\nthree", "two\\u2028lines\\x0athree"],
  ["\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"],
])("shows %j as %j", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

it("leaves nothing that drives a terminal", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      expect(printable(text)).not.toMatch(/\p{Cc}/u);
    }),
  );
});
