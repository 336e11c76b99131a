import fc from "fast-check";
import { expect, it, test } from "vitest";
import { splitLinks } from "./link.ts";

test.each([
  ["see http://example.org/a?b=1#c now", ["http://example.org/a?b=1#c"]],
  ["(https://example.org/x).", ["https://example.org/x"]],
  ["https://example.org/a_(b), and HTTPS://EXAMPLE.ORG!", ["https://example.org/a_(b)", "https://example.org/"]],
  ["http://localhost:8080", ["http://localhost:8080/"]],
  ["javascript:alert(1) data:text/html,x ftp://example.org file:///etc/passwd", []],
  ["http://user:word@example.org http://paypal.com@example.org", []],
  ["http:// https://? http://[", []],
  [`http://example.org/${"a".repeat(2_000)}`, []],
  ['<img src="http://example.org/x.png" onerror=alert(1)>', ["http://example.org/x.png"]],
  ["plain", []],
  ["", []],
])("%j", (text, links) => {
  const parts = splitLinks(text);
  expect(parts.flatMap(({ href }) => href ?? [])).toEqual(links);
  expect(parts.map((part) => part.text).join("")).toBe(text);
});

it("loses nothing of any text, and links to nothing but the web", () => {
  const word = fc.oneof(
    fc.webUrl(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("http://", "https://", "javascript:", "(", ")", ".", " ", "@", "\u202e"),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const text = words.join("");
      const parts = splitLinks(text);
      expect(parts.map((part) => part.text).join("")).toBe(text);
      for (const { href } of parts) if (href !== undefined) expect(href).toMatch(/^https?:\/\/[^@/]+(\/|$)/);
    }),
  );
});
