import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { InvalidSchema, InvalidURL, MissingSchema, URLRequired } from "./errors.ts";
import { parseUrl, resolveUrl } from "./url.ts";

describe("parseUrl", () => {
  test.each([
    ["http://example.com", "http://example.com/", "/"],
    ["HTTP://EXAMPLE.com/Path", "http://example.com/Path", "/Path"],
    ["https://example.com:443/", "https://example.com/", "/"],
    ["http://example.com:8080/a?b#c", "http://example.com:8080/a?b#c", "/a?b"],
    ["http://example.com/path%20a b", "http://example.com/path%20a%20b", "/path%20a%20b"],
    ["http://example.com//double", "http://example.com//double", "//double"],
    ["http://example.com/ünï?ö", "http://example.com/%C3%BCn%C3%AF?%C3%B6", "/%C3%BCn%C3%AF?%C3%B6"],
    ["http://ジェーピーニック.jp", "http://xn--hckqz9bzb1cyrb.jp/", "/"],
    ["http://straße.example", "http://xn--strae-oqa.example/", "/"],
    ["  http://example.com/  ", "http://example.com/", "/"],
    ["http://user:pass@example.com/x", "http://example.com/x", "/x"],
    ["http://[::1]:8080/", "http://[::1]:8080/", "/"],
    ["http://127.1/", "http://127.0.0.1/", "/"],
    ["http://example.com?q=1", "http://example.com/?q=1", "/?q=1"],
    ["http://example.com/a/../b", "http://example.com/b", "/b"],
    ["http://example.com/%zz", "http://example.com/%zz", "/%zz"],
  ])("%s", (text, href, path) => expect(parseUrl(text)).toMatchObject({ href, path }));

  test.each([
    ["http://user:pass@h/", "user", "pass"],
    ["http://user@h/", "user", ""],
    ["http://us%20er:p%40ss@h/", "us er", "p@ss"],
    ["http://%25%25:%zz@h/", "%%", "%zz"],
    ["http://:p@h/", "", "p"],
  ])("credentials of %s", (text, username, password) =>
    expect(parseUrl(text).credentials).toEqual({ username, password }),
  );

  test.each<[unknown, new (...args: never[]) => Error]>([
    ["", URLRequired],
    ["   ", URLRequired],
    [undefined, URLRequired],
    [null, URLRequired],
    [5, URLRequired],
    ["example.com/path", MissingSchema],
    ["/path", MissingSchema],
    ["//example.com/", MissingSchema],
    ["localhost:3128", MissingSchema],
    ["localhost.localdomain:3128/", MissingSchema],
    ["10.122.1.1:3128/", MissingSchema],
    ["hiwpefhipowhefopw", MissingSchema],
    ["ftp://example.com", InvalidSchema],
    ["file:///etc/passwd", InvalidSchema],
    ["data:text/plain,x", InvalidSchema],
    ["javascript:alert(1)", InvalidSchema],
    ["mailto:a@b", InvalidSchema],
    ["http://", InvalidURL],
    ["http:///path", InvalidURL],
    ["http:path", InvalidURL],
    ["http://?x", InvalidURL],
    ["http://*.example.com:x", InvalidURL],
    ["http://a b/", InvalidURL],
    ["http://a:99999/", InvalidURL],
    ["http://[::1", InvalidURL],
    ["http://a/\r\nX: y", InvalidURL],
    ["http://a/\0", InvalidURL],
    ["http://a\t.example/", InvalidURL],
  ])("%j is refused", (input, type) => expect(() => parseUrl(input as string)).toThrow(type));

  it("suggests a scheme", () => expect(() => parseUrl("example.com")).toThrow("did you mean https://example.com?"));
  it("never shows a password", () => {
    for (const text of ["ftp://me:hunter2@h/", "me:hunter2@h", "http://me:hunter2@h:x/"])
      expect(() => parseUrl(text)).toThrow(/^(?!.*hunter2@).*$/s);
  });
  it("gives a request line without white space or control, or an error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (tail) => {
        try {
          expect(parseUrl(`http://h/${tail}`).path).toMatch(/^\/[\x21-\x7e]*$/);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidURL);
        }
      }),
    );
  });
});

describe("params", () => {
  test.each<[string, object | string, string]>([
    ["http://h/", { a: 1, b: "x y" }, "http://h/?a=1&b=x+y"],
    ["http://h/?z=0", { a: 1 }, "http://h/?z=0&a=1"],
    ["http://h/?", { a: 1 }, "http://h/?a=1"],
    ["http://h/p#frag", { a: 1 }, "http://h/p?a=1#frag"],
    ["http://h/", { tag: ["a", "b"] }, "http://h/?tag=a&tag=b"],
    ["http://h/", { a: null, b: undefined, c: "" }, "http://h/?c="],
    ["http://h/", { a: [null, 1] }, "http://h/?a=1"],
    ["http://h/", {}, "http://h/"],
    [
      "http://h/",
      [
        ["a", 1],
        ["a", 2],
      ],
      "http://h/?a=1&a=2",
    ],
    ["http://h/", new URLSearchParams("q=1&q=2"), "http://h/?q=1&q=2"],
    ["http://h/", new Map([["a", true]]), "http://h/?a=true"],
    ["http://h/", "raw=%20x", "http://h/?raw=%20x"],
    ["http://h/", "?raw", "http://h/?raw"],
    ["http://h/", { ø: "é€" }, "http://h/?%C3%B8=%C3%A9%E2%82%AC"],
    ["http://h/", { a: "!'()*~-._" }, "http://h/?a=%21%27%28%29%2A~-._"],
    ["http://h/", { a: new Date(0), b: 10n }, "http://h/?a=1970-01-01T00%3A00%3A00.000Z&b=10"],
    ["http://u:p%40@h/", { a: 1 }, "http://h/?a=1"],
  ])("%s + %o = %s", (url, params, href) => expect(resolveUrl(url, { params: params as string }).href).toBe(href));

  it("keeps the credentials of the URL", () =>
    expect(resolveUrl("http://u:p%40@h/", { params: { a: 1 } }).credentials).toEqual({
      username: "u",
      password: "p@",
    }));
  it("names the field that is wrong", () =>
    expect(() => resolveUrl("http://h/", { params: { a: { b: 1 } as never } })).toThrow("params.a must be"));
});

describe("baseUrl", () => {
  test.each([
    ["https://h/v1", "users", "https://h/v1/users"],
    ["https://h/v1/", "users", "https://h/v1/users"],
    ["https://h/v1", "/users", "https://h/v1/users"],
    ["https://h", "", "https://h/"],
    ["https://h/v1?key=k", "users", "https://h/v1/users?key=k"],
    ["https://h/v1", "?q=1", "https://h/v1?q=1"],
    ["https://h/v1/", "a:b", null],
    ["https://h/v1", "users?x=1#y", "https://h/v1/users?x=1#y"],
    ["https://h/v1", "../x", "https://h/x"],
    ["https://h/v1", "@evil.example/", "https://h/v1/@evil.example/"],
  ])("%s + %s", (baseUrl, path, href) => {
    if (href === null) expect(() => resolveUrl(path, { baseUrl })).toThrow(InvalidURL);
    else expect(resolveUrl(path, { baseUrl }).href).toBe(href);
  });
  test.each([
    "https://evil.example/",
    "HTTP://evil.example",
    "//evil.example/",
    "\\\\evil.example",
    "/\\evil.example",
    "file:///x",
  ])("%s is refused", (url) => {
    expect(() => resolveUrl(url, { baseUrl: "https://h/v1" })).toThrow(InvalidURL);
  });
  it("lets absolute URLs through when told so", () => {
    expect(resolveUrl("https://other/x", { baseUrl: "https://h/", allowAbsoluteUrls: true }).href).toBe(
      "https://other/x",
    );
    expect(resolveUrl("//other/x", { baseUrl: "https://h/", allowAbsoluteUrls: true }).href).toBe("https://other/x");
  });
});
