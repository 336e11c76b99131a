import { inspect } from "node:util";
import { describe, expect, it, test } from "vitest";
import { CookieJar, parseSetCookies } from "./cookies.ts";
import { InvalidHeader } from "./errors.ts";
import { parseUrl } from "./url.ts";

function jarWith(url: string, ...lines: string[]): CookieJar {
  const jar = new CookieJar();
  jar.store(parseUrl(url), lines);
  return jar;
}
const header = (jar: CookieJar, url: string): string | null => jar.header(parseUrl(url));

describe("which cookies go where", () => {
  test.each<[string, string, string, string, string | null]>([
    ["same host", "http://a.example/", "x=1", "http://a.example/", "x=1"],
    ["another host", "http://a.example/", "x=1", "http://b.example/", null],
    ["host-only: no subdomain", "http://a.example/", "x=1", "http://s.a.example/", null],
    ["domain: subdomains", "http://a.example/", "x=1; Domain=a.example", "http://s.a.example/", "x=1"],
    ["domain with a dot", "http://a.example/", "x=1; Domain=.a.example", "http://s.a.example/", "x=1"],
    ["a foreign domain is refused", "http://a.example/", "x=1; Domain=b.example", "http://b.example/", null],
    ["a public suffix is refused", "http://a.co.uk/", "x=1; Domain=co.uk", "http://b.co.uk/", null],
    ["path", "http://a.example/p/q", "x=1; Path=/p", "http://a.example/p/z", "x=1"],
    ["path boundary", "http://a.example/", "x=1; Path=/p", "http://a.example/pq", null],
    ["default path", "http://a.example/p/q", "x=1", "http://a.example/other", null],
    ["Secure over http", "https://a.example/", "x=1; Secure", "http://a.example/", null],
    ["Secure over https", "https://a.example/", "x=1; Secure", "https://a.example/", "x=1"],
    ["any port", "http://a.example:1/", "x=1", "http://a.example:2/", "x=1"],
    [
      "__Host- with Secure and /",
      "https://a.example/",
      "__Host-x=1; Secure; Path=/",
      "https://a.example/",
      "__Host-x=1",
    ],
    ["__Host- without Secure", "https://a.example/", "__Host-x=1; Path=/", "https://a.example/", null],
    [
      "__Host- with Domain",
      "https://a.example/",
      "__Host-x=1; Secure; Path=/; Domain=a.example",
      "https://a.example/",
      null,
    ],
    ["__Secure- without Secure", "https://a.example/", "__Secure-x=1", "https://a.example/", null],
    ["Max-Age=0", "http://a.example/", "x=1; Max-Age=0", "http://a.example/", null],
    ["expired", "http://a.example/", "x=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://a.example/", null],
    ["quotes stay", "http://a.example/", 'x="1 2"', "http://a.example/", 'x="1 2"'],
    ["an address", "http://127.0.0.1:80/", "x=1", "http://127.0.0.1:81/", "x=1"],
  ])("%s", (_, from, line, to, expected) => expect(header(jarWith(from, line), to)).toBe(expected));
});

describe("jar", () => {
  it("is empty, and loads nothing, until the first cookie", () => {
    const jar = new CookieJar();
    expect([jar.isEmpty, header(jar, "http://a/"), [...jar]]).toEqual([true, null, []]);
  });
  it("sets, gets, lists, deletes and clears", () => {
    const jar = new CookieJar();
    jar.set("a", "1", { url: "http://x.example/" });
    jar.set("b", 2, { domain: "x.example", path: "/p", secure: true, httpOnly: true });
    expect([jar.get("a"), jar.get("b"), jar.get("b", "other"), jar.get("none")]).toEqual([
      "1",
      "2",
      undefined,
      undefined,
    ]);
    expect([...jar].map(({ name, hostOnly, path, secure }) => [name, hostOnly, path, secure])).toEqual([
      ["a", true, "/", false],
      ["b", false, "/p", true],
    ]);
    expect([jar.delete("a"), jar.delete("a"), [...jar].length]).toEqual([1, 0, 1]);
    jar.clear();
    expect(jar.isEmpty).toBe(true);
  });
  it("survives being saved", () => {
    const jar = jarWith("https://a.example/", "x=1; Max-Age=1000; Secure", "y=2");
    const copy = CookieJar.deserialize(JSON.parse(JSON.stringify(jar.serialize())));
    expect(header(copy, "https://a.example/")).toBe(header(jar, "https://a.example/"));
    expect(CookieJar.deserialize(new CookieJar().serialize()).isEmpty).toBe(true);
  });
  it("copies", () => {
    const jar = jarWith("http://a.example/", "x=1");
    const copy = jar.clone();
    copy.store(parseUrl("http://a.example/"), ["y=2"]);
    expect([header(jar, "http://a.example/"), header(copy, "http://a.example/")]).toEqual(["x=1", "x=1; y=2"]);
  });
  it("takes a hundred cookies of one answer, and none above 8 KiB", () => {
    const many = jarWith("http://a.example/", ...Array.from({ length: 500 }, (_, i) => `c${i}=1`));
    expect([...many]).toHaveLength(100);
    expect(jarWith("http://a.example/", `x=${"1".repeat(9000)}`).isEmpty).toBe(true);
  });
  test.each([
    ["a;b", "1"],
    ["a", "1;b"],
    ["a", "1\r\nX: y"],
    ["a b", "1"],
    ["", "1"],
    ["a", "\0"],
    ["a=b", "1"],
    ["a", " x"],
    ["a", "€"],
  ])("refuses %j=%j", (name, value) => {
    expect(() => new CookieJar().set(name, value, { url: "http://a/" })).toThrow(InvalidHeader);
  });
  it("refuses a path or domain that would end the attribute", () => {
    expect(() => new CookieJar().set("a", "1", { url: "http://a/", path: "/;x" })).toThrow(InvalidHeader);
    expect(() => new CookieJar().set("a", "1", {})).toThrow("either url or domain");
  });
});

test("the cookies of one answer", () => {
  expect([...parseSetCookies(["a=1; Path=/", "b=2", "bad"])]).toEqual([
    ["a", "1"],
    ["b", "2"],
  ]);
  expect(parseSetCookies([]).size).toBe(0);
});

it("prints names and whose they are, and no values", () => {
  expect(inspect(new CookieJar())).toBe("CookieJar []");
  expect(inspect(jarWith("http://a.example/", "x=hunter2; Path=/p"))).toBe("CookieJar [ 'x of a.example/p' ]");
});
