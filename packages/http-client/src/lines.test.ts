import { describe, expect, it, test } from "vitest";
import { LineSplitter } from "./lines.ts";

describe("lines", () => {
  test.each<[string, string | null, string[]]>([
    ["a\nb\n", null, ["a", "b"]],
    ["a\r\nb", null, ["a", "b"]],
    ["a\rb\r", null, ["a", "b"]],
    ["a\n\nb", null, ["a", "", "b"]],
    ["\r\n\r\n", null, ["", ""]],
    ["", null, []],
    ["a\u2028b\x85c\vd", null, ["a\u2028b\x85c\vd"]],
    ["a||b||", "||", ["a", "b"]],
    ["a|b", "||", ["a|b"]],
    ["a\r\nb", "\n", ["a\r", "b"]],
  ])("%j by %j", (text, delimiter, lines) => {
    const whole = new LineSplitter(delimiter);
    expect([...whole.push(text), ...whole.end()]).toEqual(lines);
    const byOne = new LineSplitter(delimiter);
    expect([...[...text].flatMap((c) => byOne.push(c)), ...byOne.end()]).toEqual(lines);
  });
  it("has a limit", () => {
    expect(() => new LineSplitter(null, 3).push("abcd")).toThrow("a line is longer than 3 characters");
    expect(new LineSplitter(null, 3).push("abc\nabc\n")).toEqual(["abc", "abc"]);
  });
});
