import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it, test } from "vitest";
import { LinkTitles, linksIn, titleIn } from "./link-titles.ts";

test.each([
  ["see http://a.example/x.", ["http://a.example/x"]],
  ["(https://a.example/?q=1), http://b.example!", ["https://a.example/?q=1", "http://b.example"]],
  ["http://a.example http://a.example", ["http://a.example"]],
  ["http://a.example http://b.example http://c.example", ["http://a.example", "http://b.example"]],
  ["ftp://a.example javascript:alert(1) a.example", []],
  [`http://a.example/${"x".repeat(2_000)}`, []],
])("finds the links of %j", (text, links) => {
  expect(linksIn(text)).toEqual(links);
});

test.each([
  ["<title>Chat</title>", "Chat"],
  ["<html><HEAD><TITLE lang=en>\n  A &amp; B\t&#8211; &#x43; &nope; \n</TITLE>", "A & B – C &nope;"],
  ["<title>\u202eevil\u0007</title>", "\\u202eevil\\x07"],
  [`<title>${"x".repeat(500)}</title>`, `${"x".repeat(120)} …`],
  ["<title></title>", undefined],
  ["<title>&#0;&#x110000;</title>", undefined],
  ["no title", undefined],
])("takes the title of %j", (html, title) => {
  expect(titleIn(html)).toBe(title);
});

it("gives one short line or nothing, whatever the page holds", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const title = titleIn(`<title>${text}</title>`);
      if (title === undefined) return;
      expect(title).not.toMatch(/\p{Cc}|\u2028|\u202e/u);
      expect([...title].length).toBeLessThanOrEqual(122);
    }),
  );
});

let server: Server;
let base = "";
const asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url === "/moved") response.writeHead(302, { Location: "/page" }).end();
    else if (request.url === "/text")
      response.writeHead(200, { "Content-Type": "text/plain" }).end("<title>No</title>");
    else if (request.url === "/endless") {
      response.writeHead(200, { "Content-Type": "text/html" });
      const more = (): void => void (response.writable && response.write("x".repeat(65_536), () => setImmediate(more)));
      more();
    } else response.writeHead(200, { "Content-Type": "text/html" }).end("<title>A page</title>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it("tells the titles of pages, once in a while for each", async () => {
  let now = 0;
  const titles = new LinkTitles({ allowAddresses: "any" }, () => now);
  expect(await titles.of(`look: ${base}/moved and ${base}/text`)).toEqual(["A page"]);
  expect(await titles.of(`${base}/moved`)).toEqual([]);
  now += 11 * 60_000;
  expect(await titles.of(`${base}/moved`)).toEqual(["A page"]);
  await titles.close();
});

it("stops reading a page that does not end", async () => {
  const titles = new LinkTitles({ allowAddresses: "any" });
  expect(await titles.of(`${base}/endless`)).toEqual([]);
  await titles.close();
});

it("asks nothing inside of the network, by whatever name or number it is called", async () => {
  asked.length = 0;
  const titles = new LinkTitles();
  const { port } = new URL(base);
  for (const host of ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]) {
    expect(await titles.of(`http://${host}:${port}/page`)).toEqual([]);
  }
  expect(asked).toEqual([]);
  await titles.close();
});
