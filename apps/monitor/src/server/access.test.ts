import { expect, test } from "vitest";
import { createToken, isOwnHost, isOwnOrigin, sameToken, splitPath } from "./access.ts";

test("tokens differ, and only the same one is the same", () => {
  const token = createToken();
  expect(token).toMatch(/^[\w-]{32}$/);
  expect(createToken()).not.toBe(token);
  expect(sameToken(token, token)).toBe(true);
  for (const wrong of ["", token.slice(1), `${token}x`, createToken(), "é".repeat(32)]) {
    expect(sameToken(wrong, token)).toBe(false);
  }
});

test.each([
  ["127.0.0.1:8080", true],
  ["localhost:8080", true],
  ["LOCALHOST", true],
  ["[::1]:8080", true],
  ["192.168.1.5:8080", true],
  ["probe.internal:8080", true],
  ["evil.example:8080", false],
  ["127.0.0.1.evil.example", false],
  ["", false],
  [undefined, false],
])("the Host %s: %s", (header, expected) => {
  expect(isOwnHost(header, "probe.internal")).toBe(expected);
});

test.each([
  [undefined, "127.0.0.1:1", true],
  ["http://127.0.0.1:1", "127.0.0.1:1", true],
  ["http://127.0.0.1:2", "127.0.0.1:1", false],
  ["https://127.0.0.1:1", "127.0.0.1:1", false],
  ["null", "127.0.0.1:1", false],
  ["http://evil.example", "127.0.0.1:1", false],
  ["http://evil.example", undefined, false],
])("the Origin %s at %s: %s", (origin, host, expected) => {
  expect(isOwnOrigin(origin, host)).toBe(expected);
});

test.each([
  ["/abc/", { token: "abc", rest: "" }],
  ["/abc/main.js?x=1", { token: "abc", rest: "main.js" }],
  ["/abc/../../etc/passwd", { token: "abc", rest: "../../etc/passwd" }],
  ["/", undefined],
  ["/abc", undefined],
  [undefined, undefined],
  [`/${"x".repeat(200)}/`, undefined],
])("the path %s", (url, expected) => {
  expect(splitPath(url)).toEqual(expected);
});
