import { describe, expect, it, test } from "vitest";
import { InvalidProxyURL } from "./errors.ts";
import { environmentProxies, parseProxy, resolveProxy, selectProxy, shouldBypass } from "./proxies.ts";
import { parseUrl } from "./url.ts";

describe("no_proxy", () => {
  test.each<[string, string, boolean]>([
    ["http://localhost/", "localhost", true],
    ["http://localhost./", "localhost", true],
    ["http://localhost/", "localhost.", true],
    ["http://LOCALHOST/", "localhost", true],
    ["http://localhost/", "LocalHost", true],
    ["http://example.com/", "example.com", true],
    ["http://www.example.com/", "example.com", true],
    ["http://www.example.com/", ".example.com", true],
    ["http://www.example.com/", "*.example.com", true],
    ["http://example.com/", ".example.com", true],
    ["http://badexample.com/", "example.com", false],
    ["http://badexample.com/", ".example.com", false],
    ["http://example.com.evil/", "example.com", false],
    ["http://example.com/", "www.example.com", false],
    ["http://example.com/", "*", true],
    ["http://example.com/", "a, *", true],
    ["http://example.com/", "", false],
    ["http://example.com/", " , ,", false],
    ["http://example.com/", "a b example.com", true],
    ["http://example.com/", "google.com,example.com", true],
    ["http://example.com:8080/", "example.com:8080", true],
    ["http://example.com:8080/", "example.com:80", false],
    ["http://example.com/", "example.com:80", true],
    ["https://example.com/", "example.com:443", true],
    ["https://example.com/", "example.com:80", false],
    ["http://www.example.com:6543/", "example.com:6543", true],
    ["http://192.168.0.1:5000/", "192.168.0.1", true],
    ["http://192.168.0.1:5000/", "192.168.0.0/24", true],
    ["http://192.168.1.1:5000/", "192.168.0.0/24", false],
    ["http://192.168.1.1:5000/", "192.168.1.1:5000", true],
    ["http://192.168.1.1:5000/", "192.168.1.1:80", false],
    ["http://172.16.1.12:5000/", "172.16.1.12/32", true],
    ["http://172.16.1.12/", "172.16.1.0/33", false],
    ["http://172.16.1.12/", "172.16.1.0/x", false],
    ["http://172.16.1.12/", "172.16.1.0", false],
    ["http://10.0.0.1/", "0.0.1", false],
    ["http://1.2.3.4/", "*.3.4", false],
    ["http://[::1]/", "::1", true],
    ["http://[::1]/", "[::1]", true],
    ["http://[::1]:8080/", "[::1]:8080", true],
    ["http://[::1]:8080/", "[::1]:80", false],
    ["http://[2001:db8::5]/", "2001:db8::/32", true],
    ["http://[2001:db9::5]/", "2001:db8::/32", false],
    ["http://[2001:db8::5]/", "2001:0db8:0:0::5", true],
    ["http://[::ffff:10.1.2.3]/", "10.1.2.3", true],
    ["http://[::ffff:10.1.2.3]/", "10.0.0.0/8", true],
    ["http://10.1.2.3/", "::ffff:10.1.2.3", true],
    ["http://127.0.0.1/", "localhost", false],
    ["http://xn--bcher-kva.example/", "xn--bcher-kva.example", true],
  ])("%s, %j: %s", (url, noProxy, bypassed) => expect(shouldBypass(parseUrl(url), noProxy)).toBe(bypassed));
});

describe("selectProxy", () => {
  const all = {
    all: "socks5://all",
    "all://some.host": "socks5://some",
    http: "http://http",
    "http://some.host": "http://some",
  };
  test.each<[string, Record<string, string>, string | null]>([
    ["http://a.com/", all, "http://http"],
    ["http://some.host/path", all, "http://some"],
    ["https://a.com/", all, "socks5://all"],
    ["https://some.host/", all, "socks5://some"],
    ["http://a.com/", {}, null],
    ["https://a.com/", { http: "http://http" }, null],
    ["http://a.com/", { "http://b.com": "x" }, null],
  ])("%s", (url, proxies, chosen) => expect(selectProxy(parseUrl(url), proxies)).toBe(chosen));
  it("reads own properties only", () => {
    expect(selectProxy(parseUrl("http://a/"), Object.create({ http: "http://polluted" }))).toBeNull();
  });
});

describe("environment", () => {
  test.each<[string, Record<string, string>, string, string | null]>([
    ["http", { HTTP_PROXY: "http://p:1" }, "http://a/", "http://p:1"],
    ["lower case first", { HTTP_PROXY: "http://upper:1", http_proxy: "http://lower:1" }, "http://a/", "http://lower:1"],
    ["https does not fall back to http", { HTTP_PROXY: "http://p:1" }, "https://a/", null],
    ["https", { https_proxy: "http://p:2" }, "https://a/", "http://p:2"],
    ["all", { ALL_PROXY: "socks5h://p:3" }, "https://a/", "socks5h://p:3"],
    ["a scheme beats all", { ALL_PROXY: "http://all:1", HTTPS_PROXY: "http://p:2" }, "https://a/", "http://p:2"],
    ["no scheme in the value", { http_proxy: "p:3128" }, "http://a/", "http://p:3128"],
    ["no_proxy", { http_proxy: "http://p:1", no_proxy: "a" }, "http://a/", null],
    ["NO_PROXY", { http_proxy: "http://p:1", NO_PROXY: "a" }, "http://sub.a/", null],
    [
      "lower-case no_proxy first, even when empty",
      { http_proxy: "http://p:1", NO_PROXY: "a", no_proxy: "" },
      "http://a/",
      "http://p:1",
    ],
    ["an empty variable is none", { http_proxy: "", HTTP_PROXY: "http://p:1" }, "http://a/", null],
    ["CGI: HTTP_PROXY is not trusted", { HTTP_PROXY: "http://evil:1", REQUEST_METHOD: "GET" }, "http://a/", null],
    ["CGI: http_proxy is", { http_proxy: "http://p:1", REQUEST_METHOD: "GET" }, "http://a/", "http://p:1"],
  ])("%s", (_, env, url, href) => expect(resolveProxy(parseUrl(url), undefined, env)?.href ?? null).toBe(href));

  it("is left alone when it is not trusted, or when proxies is false", () => {
    expect(resolveProxy(parseUrl("http://a/"), undefined, null)).toBeNull();
    expect(resolveProxy(parseUrl("http://a/"), false, { http_proxy: "http://p:1" })).toBeNull();
  });
  it("gives way to the option, whose no_proxy is its own", () => {
    const env = { http_proxy: "http://env:1", no_proxy: "a" };
    expect(resolveProxy(parseUrl("http://a/"), { http: "http://own:1" }, env)?.href).toBe("http://own:1");
    expect(resolveProxy(parseUrl("http://a/"), { http: "http://own:1", no_proxy: "a" }, env)).toBeNull();
    expect(resolveProxy(parseUrl("http://b/"), { https: "http://own:1" }, env)?.href).toBe("http://env:1");
    expect(resolveProxy(parseUrl("http://a/"), "http://own:9", env)?.port).toBe(9);
  });
  it("lists schemes without inheriting anything", () =>
    expect(Object.getPrototypeOf(environmentProxies({}).byScheme)).toBeNull());
});

describe("parseProxy", () => {
  test.each([
    ["http://p", "http://p:80", "", ""],
    ["https://p", "https://p:443", "", ""],
    ["https://p:80", "https://p:80", "", ""],
    ["p:3128", "http://p:3128", "", ""],
    ["//p:3128", "http://p:3128", "", ""],
    ["user:pass@p:3128", "http://p:3128", "user", "pass"],
    ["http://user@p", "http://p:80", "user", ""],
    ["http://u%40x:p%3Aq@p:8080", "http://p:8080", "u@x", "p:q"],
    ["socks5://p", "socks5://p:1080", "", ""],
    ["socks5h://u:p@p:9050/", "socks5h://p:9050", "u", "p"],
    ["socks4a://p:80", "socks4a://p:80", "", ""],
    ["socks://p", "socks5h://p:1080", "", ""],
    ["http://[::1]:8080", "http://[::1]:8080", "", ""],
    ["socks5://[::1]", "socks5://[::1]:1080", "", ""],
  ])("%s", (text, href, username, password) => {
    expect(parseProxy(text)).toMatchObject({ href, username, password });
  });
  test.each(["ftp://p", "http://", "http:///x", "http://a b", "file:///x"])("refuses %s", (text) => {
    expect(() => parseProxy(text)).toThrow(InvalidProxyURL);
  });
  it("does not show the password", () => expect(() => parseProxy("ftp://u:hunter2@p")).toThrow(/^(?!.*hunter2).*$/s));
});
