import { describe, expect, it, test } from "vitest";
import { InvalidSchema, InvalidURL } from "./errors.ts";
import { HeaderMap } from "./headers.ts";
import { isRedirectStatus, planRedirect, redirectMethod, shouldStripAuth } from "./redirect.ts";
import { parseUrl } from "./url.ts";

describe("method × status", () => {
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  const expected: Record<number, Record<string, string>> = {
    301: { POST: "GET" },
    302: { POST: "GET", PUT: "GET", PATCH: "GET", DELETE: "GET", OPTIONS: "GET" },
    303: { POST: "GET", PUT: "GET", PATCH: "GET", DELETE: "GET", OPTIONS: "GET" },
    307: {},
    308: {},
  };
  const table = Object.keys(expected).flatMap((status) => methods.map((method) => [Number(status), method] as const));
  test.each(table)("%i %s", (status, method) => {
    expect(redirectMethod(status, method)).toBe(expected[status]![method] ?? method);
  });

  test.each([
    [200, false],
    [300, false],
    [301, true],
    [302, true],
    [303, true],
    [304, false],
    [305, false],
    [306, false],
    [307, true],
    [308, true],
    [400, false],
  ])("%i is followed: %s", (status, followed) => expect(isRedirectStatus(status)).toBe(followed));
});

describe("shouldStripAuth", () => {
  test.each([
    ["http://example.com/foo", "http://another.example.com/", true],
    ["http://example.com/foo", "http://example.com/bar", false],
    ["http://example.com/foo", "https://example.com/bar", false],
    ["https://example.com/foo", "http://example.com/bar", true],
    ["http://example.com/foo", "http://example.com:80/bar", false],
    ["https://example.com/foo", "https://example.com:443/bar", false],
    ["http://example.com:1234/foo", "https://example.com:4321/bar", true],
    ["http://example.com:80/foo", "https://example.com:443/bar", false],
    ["http://example.com:8080/foo", "https://example.com/bar", true],
    ["http://example.com/foo", "https://example.com:8443/bar", true],
    ["https://example.com/foo", "https://example.com:8443/bar", true],
    ["http://example.com/", "http://EXAMPLE.com/", false],
    ["http://example.com/", "http://example.com.evil/", true],
    ["http://[::1]/", "http://[::1]:80/", false],
  ])("%s → %s: %s", (from, to, stripped) => expect(shouldStripAuth(parseUrl(from), parseUrl(to))).toBe(stripped));
});

function plan(
  status: number,
  location: string,
  method = "GET",
  from = "https://a.example/start",
  headers: Record<string, string> = {},
) {
  return planRedirect({ status, location, method, url: parseUrl(from), headers: new HeaderMap(headers) });
}

describe("location", () => {
  test.each([
    ["/next", "https://a.example/next"],
    ["next?x=1", "https://a.example/next?x=1"],
    ["//b.example/p", "https://b.example/p"],
    ["http://b.example", "http://b.example/"],
    ["?q=2", "https://a.example/start?q=2"],
    ["/#own", "https://a.example/#own"],
    [
      "/ünï"
        .split("")
        .map((c) => Buffer.from(c).toString("latin1"))
        .join(""),
      "https://a.example/%C3%BCn%C3%AF",
    ],
    ["http://user:secret@b.example/x", "http://b.example/x"],
  ])("%s", (location, url) => expect(plan(302, location).url.href).toBe(url));

  it("inherits the fragment of the request", () => {
    expect(plan(302, "/next", "GET", "https://a.example/start#part").url.href).toBe("https://a.example/next#part");
    expect(plan(302, "/next#own", "GET", "https://a.example/start#part").url.hash).toBe("#own");
  });

  test.each([
    "file:///etc/passwd",
    "data:text/html,x",
    "javascript:alert(1)",
    "unix:/run/docker.sock",
    "ftp://a.example/",
  ])("refuses %s", (location) => expect(() => plan(302, location)).toThrow(InvalidSchema));
  test.each(["http://", "http://[", "http://a b/"])("refuses %s as unparsable", (location) => {
    expect(() => plan(302, location)).toThrow(InvalidURL);
  });
  it("does not show the credentials of a bad Location", () => {
    expect(() => plan(302, "ftp://me:hunter2@b.example/")).toThrow(/^(?!.*hunter2).*$/s);
  });
});

describe("headers", () => {
  const all = {
    Authorization: "Bearer t",
    "Proxy-Authorization": "Basic x",
    Cookie: "a=b",
    Cookie2: "x",
    Host: "vhost",
    "X-Api-Key": "k",
    "X-Mine": "m",
    "Content-Type": "text/plain",
    "Content-Length": "3",
    "Content-Encoding": "gzip",
    "Content-Language": "en",
    "Content-Location": "/c",
    Accept: "*/*",
  };
  const names = (headers: HeaderMap) => [...headers].map(([name]) => name);

  it("keeps credentials on the same origin, but makes Cookie anew", () => {
    const kept = names(plan(307, "/x", "POST", "https://a.example/", all).headers);
    expect(kept).toContain("Authorization");
    expect(kept).toContain("X-Api-Key");
    expect(kept).toContain("Host");
    expect(kept).not.toContain("Cookie");
  });
  it("drops them when the origin changes", () => {
    const { headers, stripped } = plan(307, "https://b.example/", "POST", "https://a.example/", all);
    expect(stripped).toBe(true);
    expect(names(headers)).toEqual([
      "X-Mine",
      "Content-Type",
      "Content-Length",
      "Content-Encoding",
      "Content-Language",
      "Content-Location",
      "Accept",
    ]);
  });
  it("drops what the caller marked as sensitive", () => {
    const { headers } = planRedirect({
      status: 307,
      location: "https://b.example/",
      method: "GET",
      url: parseUrl("https://a.example/"),
      headers: new HeaderMap(all),
      sensitiveHeaders: new Set(["x-mine"]),
    });
    expect(headers.has("x-mine")).toBe(false);
  });
  it("drops what describes the body when the body goes", () => {
    const { headers, keepBody } = plan(303, "/x", "POST", "https://a.example/", all);
    expect(keepBody).toBe(false);
    expect(names(headers).filter((name) => name.startsWith("Content"))).toEqual([]);
  });
  it("drops Host, but not Authorization, on the upgrade to https", () => {
    const { headers } = plan(301, "https://a.example/", "GET", "http://a.example/", all);
    expect(headers.has("authorization")).toBe(true);
    expect(headers.has("host")).toBe(false);
  });
});
