import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readSitemap, SitemapError } from "./sitemap.ts";

const limits = { sitemapBytes: 100_000, sitemapUrls: 3 };
const read = (text: string | Buffer) => readSitemap(Buffer.from(text), limits);
const urlset = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:i="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc> http://a.example/1?x=1&amp;y=2 </loc><lastmod>2026-01-01</lastmod></url>
  <url><loc>http://a.example/2</loc><i:image><i:loc>http://a.example/2.png</i:loc></i:image></url>
</urlset>`;
const pages = ["http://a.example/1?x=1&y=2", "http://a.example/2"];

describe("reads", () => {
  it.each([
    ["pages", urlset, { pages, sitemaps: [] }],
    ["one page", "<urlset><url><loc>http://a/</loc></url></urlset>", { pages: ["http://a/"], sitemaps: [] }],
    ["a compressed one", gzipSync(urlset), { pages, sitemaps: [] }],
    ["an index", "<sitemapindex><sitemap><loc>/s</loc></sitemap></sitemapindex>", { pages: [], sitemaps: ["/s"] }],
    ["prefixes", "<s:urlset xmlns:s='x'><s:url><s:loc>/p</s:loc></s:url></s:urlset>", { pages: ["/p"], sitemaps: [] }],
    ["numbers", "<urlset><url><loc>007</loc></url></urlset>", { pages: ["007"], sitemaps: [] }],
    ["lines of text", "http://a/1\r\nnonsense\nhttp://a/2\n", { pages: ["http://a/1", "http://a/2"], sitemaps: [] }],
    ["none", "<urlset/>", { pages: [], sitemaps: [] }],
    ["entries without a place", "<urlset><url/><url>x</url><url><loc/></url></urlset>", { pages: [""], sitemaps: [] }],
  ])("%s", async (_, text, expected) => expect(await read(text)).toEqual(expected));

  it("no more URLs than may be", async () => {
    const many = `<urlset>${"<url><loc>/x</loc></url>".repeat(10)}</urlset>`;
    expect((await read(many)).pages).toHaveLength(3);
    expect((await read("http://a/\n".repeat(10))).pages).toHaveLength(3);
  });
});

describe("refuses", () => {
  it.each([
    ["other XML", "<html></html>", /neither urlset nor sitemapindex/],
    ["broken XML", "<urlset><url>", /is not XML: line \d/],
    ["HTML", "<!DOCTYPE html><p>", /document type/],
    [
      "a bomb of entities",
      '<!DOCTYPE u [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
      /document type/,
    ],
    ["a bomb of gzip", gzipSync(Buffer.alloc(1_000_000)), /cannot be decompressed within 100000 bytes/],
    ["a tag without end", `<urlset>${"<".repeat(100_000)}`, /^is not XML.{1,150}$/],
    ["half of gzip", gzipSync(urlset).subarray(0, 60), /cannot be decompressed/],
    ["deep XML", `<urlset>${"<a>".repeat(5000)}${"</a>".repeat(5000)}</urlset>`, /is not XML/],
  ])("%s", async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(SitemapError);
    await expect(read(text)).rejects.toThrow(message);
  });

  it("every cut and every change in its own way, or reads it", async () => {
    for (let at = 0; at <= urlset.length; at++) {
      for (const text of [urlset.slice(0, at), `${urlset.slice(0, at)}<${urlset.slice(at + 1)}`]) {
        const outcome = await read(text).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(SitemapError);
      }
    }
  });
});
