import { isRequestException, type Session } from "@sockeye/http-client";
import * as robotsParser from "robots-parser";
import { type Document, fetchDocument } from "./document.ts";
import type { Limits } from "./limits.ts";
import { normalUrl } from "./normal-url.ts";

// The package is CommonJS, and declares as `default` what is the module itself.
const parse = robotsParser.default as unknown as typeof robotsParser.default.default;

/** What a site allows. */
export interface Robots {
  /** Why the URL may not be visited; null when it may. */
  refusal(url: string): string | null;
  /** Milliseconds between two requests; 0 when the site names none. */
  readonly delay: number;
  readonly sitemaps: readonly string[];
}

/** RFC 9309, section 2.4: not longer than 24 hours. */
const lifetime = 24 * 3_600_000;

const unrestricted: Robots = { refusal: () => null, delay: 0, sitemaps: [] };

/** The robots.txt of each origin, asked for once and kept for a day. */
export class RobotsCache {
  readonly #session: Session;
  readonly #agent: string;
  readonly #limits: Limits;
  readonly #now: () => number;
  readonly #known = new Map<string, { until: number; robots: Promise<Robots> }>();

  /** `agent` is the product token that rules are looked up by. */
  constructor(session: Session, agent: string, limits: Limits, now: () => number = Date.now) {
    this.#session = session;
    this.#agent = agent;
    this.#limits = limits;
    this.#now = now;
  }

  /** Whether the rules for this URL are known. */
  has(url: string): boolean {
    return (this.#known.get(new URL(url).origin)?.until ?? 0) > this.#now();
  }

  /** The rules for a URL. Rejects only when the crawl is interrupted. */
  for(url: string, signal: AbortSignal): Promise<Robots> {
    const { origin } = new URL(url);
    if (!this.has(url)) {
      const robots = this.#fetch(`${origin}/robots.txt`, signal);
      this.#known.set(origin, { until: this.#now() + lifetime, robots });
    }
    return this.#known.get(origin)!.robots;
  }

  async #fetch(url: string, signal: AbortSignal): Promise<Robots> {
    try {
      let document: Document | null = null;
      let next: string | null = url;
      for (let hop = 0; next !== null; hop++) {
        // Section 2.3.1.2: five redirects are followed, also to other hosts; after more it counts as unavailable.
        if (hop > this.#limits.redirects) return unrestricted;
        document = await fetchDocument(this.#session, next, { signal, maxBytes: this.#limits.robotsBytes });
        next = document.location === null ? null : normalUrl(document.location, next, this.#limits.urlLength);
      }
      return this.#rules(url, document!);
    } catch (error) {
      if (signal.aborted || !isRequestException(error)) throw error;
      return unreachable((error as Error).message);
    }
  }

  #rules(url: string, { status, bytes, isCut }: Document): Robots {
    // Sections 2.3.1.3 and 2.3.1.4: what is not there forbids nothing, and a server in trouble is left alone.
    if (status >= 500 || status === 429) return unreachable(`status ${status}`);
    if (status < 200 || status >= 300) return unrestricted;
    // One star is as good as many, and the parser's time grows with them.
    const text = bytes.toString("utf8").replace(/\*{2,}/g, "*");
    const rules = parse(url, isCut ? text.slice(0, text.lastIndexOf("\n") + 1) : text);
    const delay = Math.max(0, (rules.getCrawlDelay(this.#agent) ?? 0) * 1000) || 0;
    const tooSlow = delay > this.#limits.maxDelay ? `robots.txt asks for ${delay / 1000} s between requests` : null;
    return {
      refusal: (page) => tooSlow ?? (rules.isAllowed(page, this.#agent) === false ? "robots.txt" : null),
      delay: tooSlow === null ? delay : 0,
      sitemaps: rules.getSitemaps(),
    };
  }
}

function unreachable(reason: string): Robots {
  return { ...unrestricted, refusal: () => `robots.txt could not be read: ${reason}` };
}
