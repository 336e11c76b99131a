/** Which URLs belong to the crawl: those of the start's origins, and of the origins that were added. */
export class Scope {
  readonly #origins = new Set<string>();

  constructor(urls: readonly string[]) {
    for (const url of urls) this.#origins.add(new URL(url).origin);
  }

  has(url: string): boolean {
    const { origin, protocol, port, host } = new URL(url);
    if (this.#origins.has(origin)) return true;
    // The same site by TLS: many sites answer http only with a redirect there.
    return protocol === "https:" && port === "" && this.#origins.has(`http://${host}`);
  }
}
