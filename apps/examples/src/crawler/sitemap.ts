import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { Limits } from "./limits.ts";

/** What a sitemap names: pages, or, when it is an index, more sitemaps. */
export interface Sitemap {
  readonly pages: readonly string[];
  readonly sitemaps: readonly string[];
}

/** It is no sitemap, or a larger one than may be; the message says which. */
export class SitemapError extends Error {
  override readonly name: string = "SitemapError";
}

/** Of a parser's message, which quotes what it did not understand. */
const shown = 100;

const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false, maxNestedTags: 20 });

/** Reads a sitemap or an index of them, as XML or as lines of text, also compressed. Rejects with SitemapError. */
export async function readSitemap(
  bytes: Buffer,
  { sitemapBytes, sitemapUrls }: Pick<Limits, "sitemapBytes" | "sitemapUrls">,
): Promise<Sitemap> {
  let plain = bytes;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      plain = await promisify(gunzip)(bytes, { maxOutputLength: sitemapBytes });
    } catch (cause) {
      throw new SitemapError(`cannot be decompressed within ${sitemapBytes} bytes`, { cause });
    }
  }
  const text = new TextDecoder().decode(plain).trim();
  if (!text.startsWith("<")) {
    const lines = text.split(/\r\n|\n|\r/).filter((line) => /^https?:\/\//i.test(line.trim()));
    return { pages: lines.slice(0, sitemapUrls).map((line) => line.trim()), sitemaps: [] };
  }
  // Entities of a document's own are how XML bombs are made, and sitemaps have none.
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new SitemapError("has a document type, which sitemaps have not");
  const root = parse(text);
  const locations = (list: unknown, name: string): string[] =>
    asArray((list as Record<string, unknown> | undefined)?.[name])
      .slice(0, sitemapUrls)
      .map((entry) => (entry as { loc?: unknown } | null)?.loc)
      .filter((loc): loc is string => typeof loc === "string");
  if (!("urlset" in root) && !("sitemapindex" in root)) throw new SitemapError("has neither urlset nor sitemapindex");
  return { pages: locations(root.urlset, "url"), sitemaps: locations(root.sitemapindex, "sitemap") };
}

function parse(text: string): Record<string, unknown> {
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new SitemapError(`is not XML: line ${valid.err.line}: ${valid.err.msg.slice(0, shown)}`);
  try {
    return parser.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new SitemapError(`is not XML: ${(cause as Error).message.slice(0, shown)}`, { cause });
  }
}

function asArray(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
