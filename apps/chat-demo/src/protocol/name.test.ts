import { expect, test } from "vitest";
import { checkName, nameKey, nickKey } from "./name.ts";

test.each([
  ["ada", "ada"],
  ["Ada_Lovelace-2", "Ada_Lovelace-2"],
  ["7of9", "7of9"],
  ["Zoë", "Zoë"],
  ["Zoe\u0308", "Zoë"],
  ["你好", "你好"],
  ["мария", "мария"],
  ["ａｄａ", "ada"],
  ["a".repeat(24), "a".repeat(24)],
])("accepts %s", (text, name) => {
  expect(checkName(text)).toEqual({ name });
});

test.each([
  ["", /missing/],
  ["a".repeat(25), /25 characters; 24 are the most/],
  ["two words", /letters, digits, _ and -/],
  ["-dash", /letters, digits/],
  ["a\x1b[31m", /"a\\x1b\[31m" is no name/],
  ["a:b", /letters, digits/],
  ["a\u202eb", /"a\\u202eb" is no name/],
  ["а" /* Cyrillic */ + "da", /mixes alphabets/],
  ["\u{1f600}", /letters, digits/],
])("refuses %j", (text, problem) => {
  expect(checkName(text)).toEqual({ problem: expect.stringMatching(problem) });
});

test("names differ by more than case", () => {
  expect(nameKey("ADA")).toBe(nameKey("ada"));
  expect(nameKey("ada")).not.toBe(nameKey("adb"));
});

test.each([
  ["ada", "Ada"],
  ["caco", "сасо"],
  ["HENPAX", "НЕΝРАХ".replace("Ν", "N")],
  ["lan", "Ian"],
  ["b0b", "bob"],
  ["player1", "playerl"],
  ["ｗide", "wide"],
])("%s and %s are one nickname", (one, other) => {
  expect(nickKey(one)).toBe(nickKey(other));
});

test.each([
  ["ada", "adb"],
  ["guest-1", "guest-11"],
  ["жук", "зук"],
])("%s and %s are two nicknames", (one, other) => {
  expect(nickKey(one)).not.toBe(nickKey(other));
});
