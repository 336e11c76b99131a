import { describe, expect, it } from "vitest";
import { htmlText } from "./charset.ts";
import { directives, readPage } from "./page.ts";

const limits = { linksPerPage: 50, nesting: 100 };
const read = (html: string) => readPage(html, "sockeye-crawler", limits);

describe("links", () => {
  it.each([
    ['<a href="/a">x</a><area href=b><iframe src="c"></iframe><frame src=d>', ["/a", "b", "c", "d"]],
    ['<a href="?a=1&amp;b=2">', ["?a=1&b=2"]],
    ['<a rel="nofollow" href="/a"></a><a rel="external NOFOLLOW" href="/b"></a><a rel="next" href="/c">', ["/c"]],
    ['<!-- <a href="/a"> --><script>"<a href=/b>"</script><a href="/c">', ["/c"]],
    ["<a name=x><a href>", [""]],
    ['<meta http-equiv="Refresh" content="5; url=/next">', ["/next"]],
    ["<meta http-equiv=refresh content=5>", []],
    ["<a href='/unfinished", []],
    ['<A HREF="/upper">', ["/upper"]],
  ])("%j", (html, links) => expect(read(html).links).toEqual(links));
});

it("reads the title, base and canonical URL, the first of each", () => {
  const page = read(`<title> A  title
    &amp; more </title><title>no</title><base href="/b/"><base href="/no/">
    <link rel="canonical" href="/proper"><link rel=canonical href=/no><svg><title>no</title></svg>`);
  expect(page).toMatchObject({ title: "A title & more", base: "/b/", canonical: "/proper" });
  expect(read(`<title>${"x".repeat(5000)}</title>`).title).toHaveLength(200);
});

it.each([
  ['<meta name="robots" content="noindex, nofollow">', { isNofollow: true, isNoindex: true }],
  ['<meta name="ROBOTS" content="none">', { isNofollow: true, isNoindex: true }],
  ['<meta name="sockeye-crawler" content="nofollow">', { isNofollow: true, isNoindex: false }],
  ['<meta name="another-crawler" content="nofollow">', { isNofollow: false, isNoindex: false }],
])("%s", (html, expected) => expect(read(html)).toMatchObject(expected));

it("understands X-Robots-Tag", () => {
  expect(directives("noindex,NOFOLLOW")).toEqual({ nofollow: true, noindex: true });
  expect(directives("max-snippet:5")).toEqual({ nofollow: false, noindex: false });
});

it("stops at too many links, and at elements that never end", () => {
  const many = read("<a href=x></a>".repeat(60));
  expect([many.links.length, many.isCut]).toEqual([50, true]);
  // Two megabytes of this would keep the parser busy for minutes.
  expect(read("<b>".repeat(700_000)).isCut).toBe(true);
  expect(read("<svg>".repeat(400_000)).isCut).toBe(true);
});

it("survives every cut and every change of a page", () => {
  const html = `<!doctype html><html><head><title>T</title><base href="/x"></head><body><a href="1" rel='a b'>&lt;</a></body>`;
  for (let at = 0; at <= html.length; at++) {
    read(html.slice(0, at));
    for (const wrong of ["<", ">", '"', "\0", "&#x", "</", "<!--", "]]>"])
      read(html.slice(0, at) + wrong + html.slice(at + 1));
  }
});

describe("the charset of a page", () => {
  const latin = Buffer.from("<p>é", "latin1");
  it.each([
    ["of its header", latin, "iso-8859-1", "<p>é"],
    ["UTF-8 by default", Buffer.from("<p>é"), null, "<p>é"],
    ["of its meta element", Buffer.concat([Buffer.from('<meta charset="windows-1252">'), latin]), null, /é$/],
    ["of its mark, first of all", Buffer.from("\ufeffé", "utf16le"), "iso-8859-1", "é"],
    ["not one that nobody knows", Buffer.from("é"), "no-such-charset", "é"],
    ["not UTF-16 if it can be read so far", Buffer.from("<meta charset=utf-16>é"), null, /é$/],
  ])("is that %s", (_, bytes, charset, expected) => expect(htmlText(bytes, charset)).toMatch(expected));
});
