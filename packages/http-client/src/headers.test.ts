import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { InvalidHeader } from "./errors.ts";
import { checkHeaderValue, HeaderMap } from "./headers.ts";

describe("what may go on the wire", () => {
  test.each(["a", "", "a b", "a\tb", "é", "ÿ", "!#$%^&*()", "0"])("value %j", (value) =>
    expect(checkHeaderValue("X", value)).toBe(value),
  );
  test.each([
    ["a\r\nX: y", "control"],
    ["a\nb", "control"],
    ["a\0", "control"],
    ["\x7f", "control"],
    [" a", "white space"],
    ["a ", "white space"],
    ["\ta", "white space"],
    ["€", "Latin-1"],
    ["\u{1f600}", "Latin-1"],
  ])("value %j is refused: %s", (value, why) => expect(() => checkHeaderValue("X", value)).toThrow(why));
  test.each(["", "a b", "a:", "é", "a\r\n", "\0", "(x)", "a/b"])("name %j is refused", (name) =>
    expect(() => new HeaderMap([[name, "x"]])).toThrow(InvalidHeader),
  );

  it("is checked after coercion", () => {
    const sneaky = { toString: () => "a\r\nEvil: 1" } as unknown as string;
    expect(() => new HeaderMap({ X: sneaky })).toThrow(InvalidHeader);
    expect(() => new HeaderMap({ X: ["a\r\nb"] })).toThrow(InvalidHeader);
    expect(() => new HeaderMap({ X: Symbol("x") as never })).toThrow(InvalidHeader);
    expect(new HeaderMap({ X: 5, Y: true }).get("x")).toBe("5");
  });
  test.each(["Host", "HOST", "content-length", "Authorization"])("%s may be given once", (name) => {
    expect(
      () =>
        new HeaderMap([
          ["host", "a"],
          ["Content-Length", "1"],
          ["authorization", "x"],
          [name, "b"],
        ]),
    ).toThrow("given twice");
  });
  it("never lets through a line end, whatever the value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        try {
          expect(checkHeaderValue("X", value)).not.toMatch(/[\r\n\0]/);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidHeader);
        }
      }),
    );
  });
  it("does not show a secret that is refused", () =>
    expect(() => new HeaderMap({ Authorization: "Bearer hunter2\n" })).toThrow(/^(?!.*hunter2).*$/s));
});

describe("map", () => {
  it("ignores case and keeps spelling and order", () => {
    const map = new HeaderMap([
      ["Accept", "a"],
      ["X-Two", "1"],
      ["x-two", "2"],
    ]);
    expect([...map]).toEqual([
      ["Accept", "a"],
      ["X-Two", "1"],
      ["x-two", "2"],
    ]);
    expect(map.get("X-TWO")).toBe("1, 2");
    expect(map.getAll("x-two")).toEqual(["1", "2"]);
    map.set("x-TWO", "3");
    expect([...map]).toEqual([
      ["Accept", "a"],
      ["x-TWO", "3"],
    ]);
    expect(map.delete("ACCEPT")).toBe(true);
    expect([map.has("accept"), map.size, map.get("none")]).toEqual([false, 1, null]);
  });
  it("takes records, pairs, Map, Headers and itself; null removes", () => {
    const map = new HeaderMap({ A: "1", B: "2", C: ["3", "4"], D: undefined });
    map.assign({ a: null, b: "5" });
    expect([...map]).toEqual([
      ["b", "5"],
      ["C", "3"],
      ["C", "4"],
    ]);
    expect(new HeaderMap(new Headers({ x: "y" })).get("X")).toBe("y");
    expect(new HeaderMap(new Map([["x", "y"]])).get("X")).toBe("y");
    expect(new HeaderMap(map).getAll("c")).toEqual(["3", "4"]);
  });
  it("prints no secrets", () => {
    const map = new HeaderMap({ Authorization: "s3cret", "X-Api-Key": "s3cret", Accept: "*/*" });
    expect(inspect(map) + JSON.stringify(map)).not.toContain("s3cret");
    expect(map.get("authorization")).toBe("s3cret");
  });
  it("reads own properties only", () => expect(new HeaderMap(Object.create({ evil: "1" })).size).toBe(0));
});
