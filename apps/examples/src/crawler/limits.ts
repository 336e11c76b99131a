/** What a crawl keeps within; times in milliseconds, sizes in bytes. */
export interface Limits {
  /** Pages that are asked for. */
  readonly pages: number;
  /** Links away from the start; 0 is the start only. */
  readonly depth: number;
  /** Requests under way in all, and to one host. */
  readonly concurrency: number;
  readonly hostConcurrency: number;
  /** From one request to a host to the next, unless its robots.txt asks for more. */
  readonly delay: number;
  /** A host that asks for more than this is left out. */
  readonly maxDelay: number;
  /** Of a page this much is read, after decompression, and links are taken from that. */
  readonly pageBytes: number;
  readonly linksPerPage: number;
  /** Elements within each other; parsers grow slow on more, and no author writes as many. */
  readonly nesting: number;
  /** URLs that are remembered, visited or not. */
  readonly urls: number;
  readonly urlLength: number;
  readonly redirects: number;
  /** After 429 and 503, how often a page is asked for again. */
  readonly retries: number;
  /** RFC 9309, section 2.5: at least 500 KiB. */
  readonly robotsBytes: number;
  /** Of one sitemap, after decompression. */
  readonly sitemapBytes: number;
  readonly sitemaps: number;
  /** sitemaps.org: a sitemap holds 50,000 URLs at the most. */
  readonly sitemapUrls: number;
}

export const defaultLimits: Limits = {
  pages: 100,
  depth: 3,
  concurrency: 4,
  hostConcurrency: 1,
  delay: 1_000,
  maxDelay: 60_000,
  pageBytes: 2 * 2 ** 20,
  linksPerPage: 2_000,
  nesting: 1_000,
  urls: 100_000,
  urlLength: 2_048,
  redirects: 5,
  retries: 2,
  robotsBytes: 500 * 1024,
  sitemapBytes: 10 * 2 ** 20,
  sitemaps: 100,
  sitemapUrls: 50_000,
};
