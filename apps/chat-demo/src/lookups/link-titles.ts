/** The titles of pages that people link to. */
import { Session, type SessionOptions } from "@sockeye/http-client";
import { printable } from "../protocol/text.ts";

const link = /https?:\/\/[^\s<>"'`{}|\\^]+/g;
/** Links of one message that are looked at. */
const MAX_LINKS = 2;
const MAX_URL_LENGTH = 1_000;
/** A title stands at the front of a page; so much of it is read, in bytes. */
const MAX_READ = 64 * 1024;
/** What is told of it, in characters. */
const MAX_TITLE = 120;
/** Pages at a time; further links are left alone. */
const MAX_CONCURRENT = 4;
/** A page that was looked at is not looked at again for so many milliseconds. */
const REMEMBER = 10 * 60_000;
const MAX_REMEMBERED = 500;
const TIMEOUT = { connect: 3_000, read: 3_000, total: 5_000 };

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** The links in a text, without the full stop or bracket that ends the sentence. */
export function linksIn(text: string): string[] {
  const found = text.match(link) ?? [];
  const links = found.map((url) => url.replace(/[.,;:!?)\]]+$/, "")).filter((url) => url.length <= MAX_URL_LENGTH);
  return [...new Set(links)].slice(0, MAX_LINKS);
}

/** The title of a page, on one line and without what drives terminals; undefined without one. */
export function titleIn(html: string): string | undefined {
  const [, content] = /<title\b[^>]*>([^<]*)/i.exec(html) ?? [];
  if (content === undefined) return undefined;
  const text = content
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{1,8}));/gi, (whole, decimal, hex, name: string | undefined) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
    })
    .replace(/\s+/g, " ")
    .trim();
  const characters = [...printable(text)];
  if (characters.length === 0) return undefined;
  return characters.length > MAX_TITLE ? `${characters.slice(0, MAX_TITLE).join("")} …` : characters.join("");
}

export class LinkTitles {
  readonly #session: Session;
  readonly #clock: () => number;
  /** When a page was looked at, the oldest first. */
  readonly #seen = new Map<string, number>();
  #fetching = 0;

  /** Pages of the public Internet only, unless somebody says otherwise: links are a stranger's choice. */
  constructor({ allowAddresses = "public" }: Pick<SessionOptions, "allowAddresses"> = {}, clock = Date.now) {
    this.#clock = clock;
    this.#session = new Session({
      allowAddresses,
      trust: { proxy: false, netrc: false },
      cookies: false,
      timeout: TIMEOUT,
      maxRedirects: 3,
      headers: { "User-Agent": "sockeye-chat", Accept: "text/html", Range: `bytes=0-${MAX_READ - 1}` },
    });
  }

  /** The titles of what a message links to, as far as they can be had. Never rejects. */
  async of(text: string): Promise<string[]> {
    const titles = await Promise.all(linksIn(text).map((url) => this.#title(url)));
    return titles.filter((title) => title !== undefined);
  }

  async #title(url: string): Promise<string | undefined> {
    const now = this.#clock();
    const seen = this.#seen.get(url);
    if ((seen !== undefined && now - seen < REMEMBER) || this.#fetching >= MAX_CONCURRENT) return undefined;
    this.#seen.delete(url);
    this.#seen.set(url, now);
    if (this.#seen.size > MAX_REMEMBERED) {
      const [oldest] = this.#seen.keys();
      this.#seen.delete(oldest!);
    }
    this.#fetching++;
    try {
      return await this.#fetch(url);
    } catch {
      // That a stranger's page cannot be read is no news, whyever it is.
      return undefined;
    } finally {
      this.#fetching--;
    }
  }

  async #fetch(url: string): Promise<string | undefined> {
    const response = await this.#session.get(url, { stream: true });
    try {
      if (!response.ok || !/^text\/html\b/i.test(response.headers.get("content-type") ?? "")) return undefined;
      const decoder = new TextDecoder();
      let html = "";
      let read = 0;
      for await (const chunk of response.iterBytes()) {
        html += decoder.decode(chunk.subarray(0, MAX_READ - read), { stream: true });
        read += chunk.length;
        if (read >= MAX_READ || /<\/title/i.test(html)) break;
      }
      return titleIn(html);
    } finally {
      await response.close();
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
