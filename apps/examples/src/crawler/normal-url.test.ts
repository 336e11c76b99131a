import { expect, it } from "vitest";
import { normalUrl } from "./normal-url.ts";

const base = "http://a.example/dir/page?x=1";

it.each([
  ["other", "http://a.example/dir/other"],
  ["/Root", "http://a.example/Root"],
  ["//b.example", "http://b.example/"],
  ["?y=2", "http://a.example/dir/page?y=2"],
  ["#part", "http://a.example/dir/page?x=1"],
  ["HTTP://A.EXAMPLE:80/", "http://a.example/"],
  ["https://a.example:443/x/../y/./z", "https://a.example/y/z"],
  ["/%7euser/%41%2f%e2", "http://a.example/~user/A%2F%E2"],
  ["/a?", "http://a.example/a"],
  ["/a?b=%63%26", "http://a.example/a?b=c%26"],
  ["http://user:secret@a.example/", "http://a.example/"],
  [" /spaced \n", "http://a.example/spaced"],
  ["http://bücher.example/ä", "http://xn--bcher-kva.example/%C3%A4"],
])("%j is %s", (reference, expected) => {
  const normal = normalUrl(reference, base, 2048);
  expect(normal).toBe(expected);
  expect(normalUrl(normal!, undefined, 2048)).toBe(expected);
});

it.each(["mailto:a@b", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://", "http://a:b:c/"])(
  "%j is nothing to visit",
  (reference) => expect(normalUrl(reference, base, 2048)).toBeNull(),
);

it("leaves out what is too long", () => {
  expect(normalUrl(`/${"a".repeat(100)}`, base, 100)).toBeNull();
  expect(normalUrl("ä".repeat(30), base, 100)).toBeNull();
  expect(normalUrl("x".repeat(10_000_000), base, 100)).toBeNull();
});
