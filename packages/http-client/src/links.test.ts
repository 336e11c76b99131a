import { describe, expect, it, test } from "vitest";
import { linksByRelation, parseLinks } from "./links.ts";

describe("parseLinks", () => {
  test.each<[string, object[]]>([
    [
      '<http:/.../front.jpeg>; rel=front; type="image/jpeg"',
      [{ url: "http:/.../front.jpeg", rel: "front", type: "image/jpeg" }],
    ],
    ["<http:/.../front.jpeg>", [{ url: "http:/.../front.jpeg" }]],
    ["<http:/.../front.jpeg>;", [{ url: "http:/.../front.jpeg" }]],
    [
      '<http:/.../front.jpeg>; type="image/jpeg",<http://.../back.jpeg>;',
      [{ url: "http:/.../front.jpeg", type: "image/jpeg" }, { url: "http://.../back.jpeg" }],
    ],
    ["", []],
    ['<https://a/?x=1,2;3>; rel="next"', [{ url: "https://a/?x=1,2;3", rel: "next" }]],
    ['<https://a/>; rel="next"; title="a, b; c \\"d\\""', [{ url: "https://a/", rel: "next", title: 'a, b; c "d"' }]],
    ["<a>; REL=next", [{ url: "a", rel: "next" }]],
    ["<a>; rel=one; rel=two", [{ url: "a", rel: "one" }]],
    ["<a>; flag; rel=next", [{ url: "a" }]],
  ])("%j", (header, links) => expect(parseLinks(header).map((link) => ({ ...link }))).toEqual(links));

  it("has a limit", () => expect(parseLinks("<a>,".repeat(5000))).toHaveLength(1000));
  it("is not fooled by __proto__", () => {
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    linksByRelation("<x>; rel=__proto__; polluted=1");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

test("by relation, with several in one value", () => {
  const links = linksByRelation('<https://a/2>; rel="next last", <https://a/1>; rel=prev, <https://a/x>');
  expect(Object.keys(links)).toEqual(["next", "last", "prev", "https://a/x"]);
  expect(links.last?.url).toBe("https://a/2");
});
