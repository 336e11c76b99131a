import { isRequestException, type Session } from "@sockeye/http-client";
import { htmlText } from "./charset.ts";
import { type Document, fetchDocument } from "./document.ts";
import { Frontier, type Target } from "./frontier.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { normalUrl } from "./normal-url.ts";
import { directives, readPage } from "./page.ts";
import type { Result } from "./result.ts";
import { type Robots, RobotsCache } from "./robots.ts";
import { Scope } from "./scope.ts";
import { readSitemap, SitemapError } from "./sitemap.ts";

/** What to crawl, and how. */
export interface CrawlOptions {
  readonly start: readonly string[];
  /** Origins that belong to the crawl besides those of the start. */
  readonly also?: readonly string[];
  /** Whether sitemaps are looked for. Default true. */
  readonly sitemaps?: boolean;
  /** The product token that robots.txt knows the crawler by. */
  readonly agent: string;
  readonly limits?: Partial<Limits>;
  readonly signal: AbortSignal;
}

const isHtml = (type: string): boolean => type === "text/html" || type === "application/xhtml+xml";

/** Crawls; yields a result for each URL that was visited or refused. Ends when the signal aborts, with what there is. */
export async function* crawl(session: Session, options: CrawlOptions): AsyncGenerator<Result, void> {
  yield* new Crawl(session, options).run();
}

class Crawl {
  readonly #session: Session;
  readonly #agent: string;
  readonly #limits: Limits;
  readonly #signal: AbortSignal;
  readonly #frontier: Frontier;
  readonly #robots: RobotsCache;
  readonly #scope: Scope;
  readonly #wantsSitemaps: boolean;
  readonly #results: Result[] = [];
  readonly #searched = new Set<string>();
  #sitemaps = 0;
  #pages = 0;
  /** Visits that have begun, of which it is not known yet whether they ask for a page. */
  #undecided = 0;
  #failure: unknown = null;
  #wake: () => void = () => {};

  constructor(session: Session, { start, also = [], sitemaps = true, agent, limits, signal }: CrawlOptions) {
    this.#session = session;
    this.#agent = agent;
    this.#limits = { ...defaultLimits, ...limits };
    this.#signal = signal;
    this.#frontier = new Frontier(this.#limits);
    this.#robots = new RobotsCache(session, agent, this.#limits);
    this.#wantsSitemaps = sitemaps;
    const urls = start.map((url) => {
      const normal = normalUrl(url, undefined, this.#limits.urlLength);
      if (normal === null) throw new TypeError(`start must be an http or https URL; got ${JSON.stringify(url)}`);
      return normal;
    });
    this.#scope = new Scope([...urls, ...also]);
    for (const url of urls) this.#add("page", url, 0, null);
  }

  async *run(): AsyncGenerator<Result, void> {
    const wake = (): void => this.#wake();
    this.#signal.addEventListener("abort", wake);
    const active = new Set<Promise<void>>();
    try {
      while (!this.#signal.aborted && this.#failure === null) {
        const wait = this.#begin(active);
        if (active.size === 0 && wait === null) break;
        if (this.#results.length === 0) await this.#somethingHappens(wait);
        yield* this.#results.splice(0);
      }
      await Promise.all(active);
      if (this.#failure !== null) throw this.#failure;
      yield* this.#results.splice(0);
    } finally {
      this.#signal.removeEventListener("abort", wake);
    }
  }

  /** Begins as many visits as may be under way; the milliseconds until there may be another, null when none waits for its time. */
  #begin(active: Set<Promise<void>>): number | null {
    while (active.size < this.#limits.concurrency && this.#pages + this.#undecided < this.#limits.pages) {
      const next = this.#frontier.take();
      if (typeof next === "number" || next === null) return next;
      this.#undecided++;
      const visit = this.#visit(next)
        .catch((error: unknown) => {
          this.#failure = error;
        })
        .then(() => {
          this.#frontier.release(next);
          active.delete(visit);
          this.#wake();
        });
      active.add(visit);
    }
    return null;
  }

  /** A visit is over, a host's time has come, or the crawl is interrupted. */
  #somethingHappens(wait: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = wait === null ? undefined : setTimeout(resolve, wait);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #visit(target: Target): Promise<void> {
    try {
      if (!(await this.#mayAsk(target))) return;
      await this.#ask(target);
    } catch (error) {
      if (this.#signal.aborted) return;
      if (!isRequestException(error)) throw error;
      this.#report(target, { error: (error as Error).message });
    }
  }

  async #mayAsk(target: Target): Promise<boolean> {
    try {
      const isNew = !this.#robots.has(target.url);
      const robots = await this.#robots.for(target.url, this.#signal);
      this.#frontier.slowDown(target.url, robots.delay);
      const refusal = robots.refusal(target.url);
      if (refusal !== null) this.#report(target, { skipped: refusal });
      else if (isNew) {
        // That was a request as well: this one takes its turn.
        this.#frontier.again(target);
        if (this.#wantsSitemaps) this.#findSitemaps(target.url, robots);
      } else {
        if (target.kind === "page") this.#pages++;
        return true;
      }
      return false;
    } finally {
      this.#undecided--;
    }
  }

  #findSitemaps(url: string, { sitemaps }: Robots): void {
    const { origin } = new URL(url);
    if (this.#searched.has(origin)) return;
    this.#searched.add(origin);
    for (const sitemap of sitemaps) this.#addSitemap(sitemap, `${origin}/robots.txt`, 0);
    // Where most sites have one; nobody says that this one has.
    if (sitemaps.length === 0) this.#addSitemap(`${origin}/sitemap.xml`, null, 0);
  }

  async #ask(target: Target): Promise<void> {
    const { pageBytes, sitemapBytes } = this.#limits;
    const document = await fetchDocument(this.#session, target.url, {
      signal: this.#signal,
      ...(target.kind === "page" ? { maxBytes: pageBytes, wants: isHtml } : { maxBytes: sitemapBytes }),
    });
    const { status, type, bytes, location } = document;
    const facts = { status, type, bytes: bytes.length, ...(document.isCut ? { isCut: true } : {}) };
    if ((status === 429 || status === 503) && target.attempts < this.#limits.retries) {
      this.#frontier.pause(target.url, this.#retryAfter(document, target.attempts));
      this.#frontier.again({ ...target, attempts: target.attempts + 1 });
      if (target.kind === "page") this.#pages--;
    } else if (location !== null) this.#redirect(target, location, facts);
    else if (status < 200 || status >= 300) {
      const isGuess = target.kind === "sitemap" && target.from === null;
      if (!isGuess || status >= 500) this.#report(target, facts);
    } else if (target.kind === "sitemap") await this.#readSitemap(target, document, facts);
    else if (isHtml(type)) this.#readPage(target, document, facts);
    else this.#report(target, { ...facts, skipped: "not HTML" });
  }

  /** What the server asks for in Retry-After, else 1, 2, 4 … seconds; within maxDelay. */
  #retryAfter({ header }: Document, attempts: number): number {
    const value = header("retry-after")?.trim() ?? "";
    const asked = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
    return Math.min(this.#limits.maxDelay, Number.isNaN(asked) ? 1000 * 2 ** attempts : Math.max(0, asked));
  }

  #redirect(target: Target, location: string, facts: Partial<Result>): void {
    const url = normalUrl(location, target.url, this.#limits.urlLength);
    const skipped =
      url === null
        ? "no http URL"
        : target.redirects >= this.#limits.redirects
          ? "too many redirects"
          : this.#add(target.kind, url, target.depth, target.url, target.redirects + 1);
    this.#report(target, {
      ...facts,
      redirect: url ?? location.slice(0, 200),
      ...(skipped === null ? {} : { skipped }),
    });
  }

  #readPage(target: Target, document: Document, facts: Partial<Result>): void {
    const page = readPage(htmlText(document.bytes, document.charset), this.#agent, this.#limits);
    const { urlLength, depth } = this.#limits;
    const header = directives(document.header("x-robots-tag") ?? "");
    const base = (page.base === null ? null : normalUrl(page.base, target.url, urlLength)) ?? target.url;
    const canonical = page.canonical === null ? null : normalUrl(page.canonical, base, urlLength);
    const isCopy = canonical !== null && canonical !== target.url;
    // Of a copy the links are followed on the proper page.
    const isElsewhere = isCopy && this.#scope.has(canonical);
    if (isElsewhere) this.#add("page", canonical, target.depth, target.url);
    if (!page.isNofollow && !header.nofollow && !isElsewhere && target.depth < depth) {
      for (const link of page.links) {
        const url = normalUrl(link, base, urlLength);
        if (url !== null && this.#scope.has(url)) this.#add("page", url, target.depth + 1, target.url);
      }
    }
    this.#report(target, {
      ...facts,
      title: page.title,
      links: page.links.length,
      ...(isCopy ? { canonical } : {}),
      ...(page.isNoindex || header.noindex ? { noindex: true } : {}),
      ...(page.isCut ? { isCut: true } : {}),
    });
  }

  async #readSitemap(target: Target, { bytes, isCut }: Document, facts: Partial<Result>): Promise<void> {
    try {
      if (isCut) throw new SitemapError(`is larger than ${this.#limits.sitemapBytes} bytes`);
      const { pages, sitemaps } = await readSitemap(bytes, this.#limits);
      for (const url of pages) {
        const normal = normalUrl(url, target.url, this.#limits.urlLength);
        if (normal !== null && this.#scope.has(normal)) this.#add("page", normal, 1, target.url);
      }
      // An index names sitemaps and no further index.
      if (target.depth === 0) for (const url of sitemaps) this.#addSitemap(url, target.url, 1);
      this.#report(target, { ...facts, links: pages.length + sitemaps.length });
    } catch (error) {
      if (!(error instanceof SitemapError)) throw error;
      this.#report(target, { ...facts, error: `the sitemap ${error.message}` });
    }
  }

  #addSitemap(reference: string, from: string | null, depth: number): void {
    const url = normalUrl(reference, from ?? undefined, this.#limits.urlLength);
    if (url === null || !this.#scope.has(url) || this.#sitemaps >= this.#limits.sitemaps) return;
    if (this.#add("sitemap", url, depth, from) === null) this.#sitemaps++;
  }

  /** Null when the URL will be visited, else why it will not. */
  #add(kind: Target["kind"], url: string, depth: number, from: string | null, redirects = 0): string | null {
    if (!this.#scope.has(url)) return "another origin";
    if (depth > this.#limits.depth) return "too deep";
    return this.#frontier.add({ url, kind, depth, from, redirects, attempts: 0 }) ? null : "known";
  }

  #report({ url, kind, depth, from }: Target, rest: Partial<Result>): void {
    this.#results.push({ url, kind, depth, from, ...rest });
  }
}
