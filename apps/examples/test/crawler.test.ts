import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Session } from "@sockeye/http-client";
import { afterEach, describe, expect, it } from "vitest";
import { type CrawlOptions, crawl } from "../src/crawler/crawl.ts";
import type { Result } from "../src/crawler/result.ts";
import { endPrograms, example, onTerminal } from "./program.ts";
import { links, type Pages, reply, type Site, startSite } from "./site.ts";

const sites: Site[] = [];
const sessions: Session[] = [];

afterEach(async () => {
  await endPrograms();
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await Promise.all(sites.splice(0).map((site) => site.close()));
});

async function site(pages: Pages | ((url: string) => Pages)): Promise<Site> {
  const started = await startSite(pages);
  sites.push(started);
  return started;
}

/** Crawls without a pause; the results by their URL without the site. */
async function results(
  start: Site,
  { limits, ...options }: Partial<CrawlOptions> = {},
): Promise<Record<string, Partial<Result>>> {
  const session = new Session({ cookies: false, trust: { proxy: false, netrc: false } });
  sessions.push(session);
  const found: Record<string, Partial<Result>> = {};
  const all = { start: [start.url], agent: "sockeye-crawler", signal: new AbortController().signal, ...options };
  for await (const result of crawl(session, { ...all, limits: { delay: 0, ...limits } })) {
    const { url, ...rest } = result;
    const name = url.replace(start.url, "");
    expect(found, `${name} was reported twice`).not.toHaveProperty([name]);
    found[name] = rest;
  }
  return found;
}

const robots = (text: string): Pages => ({ "/robots.txt": reply(200, { "Content-Type": "text/plain" }, text) });

describe("finds", () => {
  it("each page once, however it is spelled, and goes round no loop", async () => {
    const a = await site({
      "/": links("/a", "/./a", "/a#part", "/%61", "/b/../a"),
      "/a": links("/", "/a", "/b"),
      "/b": links("/a", "/b?", "/c"),
      "/c": reply(302, { Location: "/d" }),
      "/d": reply(302, { Location: "/c" }),
    });
    const found = await results(a);
    expect(Object.keys(found).sort()).toEqual(["/", "/a", "/b", "/c", "/d"]);
    expect(a.asked.sort()).toEqual(["/", "/a", "/b", "/c", "/d", "/robots.txt", "/sitemap.xml"]);
    expect(found["/a"]).toEqual({
      kind: "page",
      depth: 1,
      from: `${a.url}/`,
      status: 200,
      type: "text/html",
      bytes: 55,
      title: "",
      links: 3,
    });
    expect(found["/c"]).toMatchObject({ status: 302, redirect: `${a.url}/d` });
    expect(found["/d"]).toMatchObject({ status: 302, redirect: `${a.url}/c`, skipped: "known" });
  });

  it("links by the page's base, and the proper URL of a copy", async () => {
    const a = await site({
      "/": links("/dir/based", "/copy?session=1", "/copy?session=2"),
      "/dir/based": `<base href="/other/"><title>Based</title>${links("page")}`,
      "/other/page": "",
      "/copy?session=1": `<link rel="canonical" href="/copy">${links("/only-by-copy")}`,
      "/copy?session=2": `<link rel="canonical" href="/copy">${links("/only-by-copy")}`,
      "/copy": "the proper one",
    });
    const found = await results(a);
    expect(found["/dir/based"]).toMatchObject({ title: "Based" });
    expect(found["/other/page"]).toMatchObject({ status: 200, depth: 2 });
    expect(found["/copy?session=1"]).toMatchObject({ canonical: `${a.url}/copy` });
    expect(found["/copy"]).toMatchObject({ status: 200 });
    expect(found).not.toHaveProperty("/only-by-copy");
  });

  it("nothing behind nofollow, in a link, a page or a header", async () => {
    const a = await site({
      "/": `${links("/page", "/header")}<a rel="nofollow" href="/link">x</a>`,
      "/page": `<meta name="robots" content="nofollow, noindex">${links("/behind")}`,
      "/header": reply(200, { "Content-Type": "text/html", "X-Robots-Tag": "nofollow" }, links("/behind")),
    });
    const found = await results(a);
    expect(Object.keys(found).sort()).toEqual(["/", "/header", "/page"]);
    expect(found["/page"]).toMatchObject({ noindex: true });
  });

  it("what sitemaps name: one of robots.txt, an index, compressed ones", async () => {
    const xml = { "Content-Type": "application/xml" };
    const urls = (...paths: string[]): string =>
      `<urlset>${paths.map((path) => `<url><loc>${path}</loc></url>`).join("")}</urlset>`;
    const a = await site((url) => ({
      ...robots(`Sitemap: ${url}/index.xml\nSitemap: http://other.example/sitemap.xml`),
      "/": "",
      "/index.xml": reply(
        200,
        xml,
        "<sitemapindex><sitemap><loc>/one.xml</loc></sitemap><sitemap><loc>/two.xml.gz</loc></sitemap>" +
          "<sitemap><loc>/nested.xml</loc></sitemap><sitemap><loc>/broken.xml</loc></sitemap></sitemapindex>",
      ),
      "/one.xml": reply(200, xml, urls("/first", "http://other.example/")),
      "/two.xml.gz": reply(200, { "Content-Type": "application/gzip" }, gzipSync(urls("/second"))),
      "/nested.xml": reply(200, xml, "<sitemapindex><sitemap><loc>/too-deep.xml</loc></sitemap></sitemapindex>"),
      "/broken.xml": reply(200, xml, "<urlset><url>"),
      "/first": "",
      "/second": "",
    }));
    const found = await results(a);
    expect(Object.keys(found).sort()).toEqual([
      "/",
      "/broken.xml",
      "/first",
      "/index.xml",
      "/nested.xml",
      "/one.xml",
      "/second",
      "/two.xml.gz",
    ]);
    expect(found["/second"]).toMatchObject({ status: 200, depth: 1, from: `${a.url}/two.xml.gz` });
    expect(found["/broken.xml"]!.error).toMatch(/^the sitemap is not XML/);
    expect(a.asked).not.toContain("/sitemap.xml");
  });

  it("a sitemap where most sites have one, unless it shall not look", async () => {
    const pages = { "/": "", "/sitemap.xml": reply(200, {}, "<urlset><url><loc>/x</loc></url></urlset>"), "/x": "" };
    expect(Object.keys(await results(await site(pages))).sort()).toEqual(["/", "/sitemap.xml", "/x"]);
    expect(Object.keys(await results(await site(pages), { sitemaps: false }))).toEqual(["/"]);
  });
});

describe("stays", () => {
  it("on its site, also when a page redirects out of it", async () => {
    const other = await site({ "/": links("/more"), "/more": "" });
    const a = await site({
      "/": links(other.url, "/out", "/meta", "mailto:a@b.example", "http://[::"),
      "/out": reply(301, { Location: `${other.url}/` }),
      "/meta": `<meta http-equiv="refresh" content="0;url=${other.url}/more">`,
    });
    const found = await results(a);
    expect(found["/out"]).toMatchObject({ redirect: `${other.url}/`, skipped: "another origin" });
    expect(other.asked).toEqual([]);

    const both = await results(a, { also: [other.url] });
    expect(both[`${other.url}/more`]).toMatchObject({ status: 200 });
    // Another site has rules of its own.
    expect(other.asked[0]).toBe("/robots.txt");
  });

  it("within its depth and its number of pages", async () => {
    const a = await site({ "/": links("/1"), "/1": links("/2"), "/2": links("/3"), "/3": "" });
    expect(Object.keys(await results(a, { limits: { depth: 2 } })).sort()).toEqual(["/", "/1", "/2"]);
    expect(Object.keys(await results(a, { limits: { depth: 0 } }))).toEqual(["/"]);
    const wide = await site({ "/": links("/1", "/2", "/3", "/4", "/5", "/6"), "/1": "", "/2": "", "/3": "", "/4": "" });
    expect(Object.keys(await results(wide, { limits: { pages: 3, hostConcurrency: 4 } }))).toHaveLength(3);
  });

  it("out of a trap without end", async () => {
    const a = await site(() => {
      const page = (path: string): string => links(`${path}x`, `${path}y`);
      return new Proxy<Pages>(
        {},
        {
          get: (_, path: string) =>
            path.startsWith("/trap") || path === "/" ? page(path === "/" ? "/trap" : path) : undefined,
        },
      );
    });
    expect(Object.keys(await results(a, { limits: { pages: 30, depth: 100 } }))).toHaveLength(30);
    const few = await results(a, { limits: { pages: 1000, depth: 1000, urls: 20, urlLength: 60 } });
    expect(Object.keys(few).length).toBeLessThanOrEqual(20);
  });

  it("out of redirects that never repeat", async () => {
    const a = await site(
      () =>
        new Proxy<Pages>(
          { "/": links("/r") },
          {
            get: (own, path: string) =>
              own[path] ??
              (path.startsWith("/r") && path !== "/robots.txt" ? reply(302, { Location: `${path}r` }) : undefined),
          },
        ),
    );
    const found = await results(a);
    expect(found["/rrrrrr"]).toMatchObject({ status: 302, skipped: "too many redirects" });
    expect(Object.keys(found)).toHaveLength(7);
  });

  it("with what it can read: huge pages are cut, other types are left, the rest is an error", async () => {
    const a = await site({
      "/": links("/huge", "/endless", "/image", "/none", "/bomb", "/liar", "/reset", "/bad-gzip"),
      "/huge": `${links("/early")}${"x".repeat(300_000)}${links("/late")}`,
      "/endless": (_, response) => {
        response.writeHead(200, { "Content-Type": "text/html" });
        const more = (): void => {
          while (!response.destroyed && response.write("y".repeat(16_384)));
        };
        response.on("drain", more);
        more();
      },
      "/early": "",
      "/late": "",
      "/image": reply(200, { "Content-Type": "image/png" }, links("/behind-image")),
      "/none": reply(200, {}, links("/behind-none")),
      "/bomb": reply(
        200,
        { "Content-Type": "text/html", "Content-Encoding": "gzip" },
        gzipSync(Buffer.alloc(50_000_000)),
      ),
      "/liar": reply(200, { "Content-Type": "text/html" }, Buffer.from([0xff, 0xfe, 0, 1, 2, 3])),
      "/reset": (request) => void request.socket.destroy(),
      "/bad-gzip": reply(200, { "Content-Type": "text/html", "Content-Encoding": "gzip" }, "this is not gzip"),
    });
    const found = await results(a, { limits: { pageBytes: 100_000 } });
    for (const path of ["/huge", "/endless", "/bomb"])
      expect(found[path], path).toMatchObject({ status: 200, bytes: 100_000, isCut: true });
    expect(found["/early"]).toMatchObject({ status: 200 });
    expect(found).not.toHaveProperty("/late");
    for (const path of ["/image", "/none"]) expect(found[path]).toMatchObject({ bytes: 0, skipped: "not HTML" });
    expect(found["/liar"]).toMatchObject({ status: 200 });
    for (const path of ["/reset", "/bad-gzip"]) expect(found[path]!.error, path).toMatch(/./);
  });
});

describe("robots.txt", () => {
  const pages = { "/": links("/open", "/closed/x"), "/open": "", "/closed/x": "" };

  it("is obeyed, by the rules for this crawler, and asked for once", async () => {
    const a = await site({
      ...pages,
      ...robots("User-agent: *\nDisallow: /\n\nUser-agent: Sockeye-Crawler\nDisallow: /closed\nAllow: /closed/y"),
    });
    const found = await results(a);
    expect(found["/open"]).toMatchObject({ status: 200 });
    expect(found["/closed/x"]).toEqual({ kind: "page", depth: 1, from: `${a.url}/`, skipped: "robots.txt" });
    expect(a.asked.filter((path) => path === "/robots.txt")).toHaveLength(1);
    expect(a.asked[0]).toBe("/robots.txt");
    expect(a.asked).not.toContain("/closed/x");
  });

  it.each([
    [200, "", { status: 200 }],
    [401, "User-agent: *\nDisallow: /", { status: 200 }],
    [404, "", { status: 200 }],
    [429, "", { skipped: "robots.txt could not be read: status 429" }],
    [500, "", { skipped: "robots.txt could not be read: status 500" }],
    [503, "User-agent: *\nAllow: /", { skipped: "robots.txt could not be read: status 503" }],
  ])("of status %d decides as RFC 9309 says", async (status, body, expected) => {
    const a = await site({ ...pages, "/robots.txt": reply(status, {}, body) });
    expect((await results(a))["/"]).toMatchObject(expected);
    if ("skipped" in expected) expect(a.asked).toEqual(["/robots.txt"]);
  });

  it("that breaks off forbids everything", async () => {
    const a = await site({ ...pages, "/robots.txt": (request) => void request.socket.destroy() });
    expect((await results(a))["/"]!.skipped).toMatch(/^robots\.txt could not be read: .+/);
  });

  it("is followed through five redirects, and counts as none after more", async () => {
    const hops = (count: number): Pages => ({
      ...pages,
      "/robots.txt": reply(301, { Location: "/hop1" }),
      ...Object.fromEntries(
        Array.from({ length: count - 1 }, (_, i) => [`/hop${i + 1}`, reply(302, { Location: `/hop${i + 2}` })]),
      ),
      [`/hop${count}`]: reply(200, {}, "User-agent: *\nDisallow: /"),
    });
    expect((await results(await site(hops(5))))["/"]).toMatchObject({ skipped: "robots.txt" });
    expect((await results(await site(hops(6))))["/"]).toMatchObject({ status: 200 });
  });

  it("is read as far as 500 KiB", async () => {
    const filler = `# ${"x".repeat(98)}\n`;
    const a = await site({
      ...pages,
      ...robots(`User-agent: *\nDisallow: /closed\n${filler.repeat(6000)}Disallow: /`),
    });
    const found = await results(a);
    expect([found["/open"]!.status, found["/closed/x"]!.skipped]).toEqual([200, "robots.txt"]);
  });

  it("sets the pace, and takes a site that is too slow out", async () => {
    const a = await site({ ...pages, ...robots("User-agent: *\nCrawl-delay: 0.2") });
    const start = performance.now();
    await results(a, { sitemaps: false });
    expect(a.asked).toHaveLength(4);
    // Three times the delay, however slow the machine; timers count whole milliseconds.
    expect(a.times.at(-1)! - start).toBeGreaterThan(3 * 200 - 5);
    const slow = await site({ ...pages, ...robots("User-agent: *\nCrawl-delay: 3600") });
    expect((await results(slow))["/"]).toMatchObject({ skipped: "robots.txt asks for 3600 s between requests" });
  });
});

it("asks a host one thing at a time, unless it may ask more", async () => {
  const pages = { "/": links("/1", "/2", "/3", "/4"), "/1": "", "/2": "", "/3": "", "/4": "" };
  const a = await site(pages);
  await results(a);
  expect(a.mostAtOnce()).toBe(1);
});

it("waits when it is told to, and gives up after three times", async () => {
  let busy = 0;
  const a = await site({
    "/": links("/busy", "/never"),
    "/busy": (_, response) => {
      if (busy++ < 2) response.writeHead(429, { "Retry-After": "0" }).end();
      else response.writeHead(200, { "Content-Type": "text/html" }).end();
    },
    "/never": reply(503, { "Retry-After": "0" }),
  });
  const found = await results(a);
  expect(found["/busy"]).toMatchObject({ status: 200 });
  expect(found["/never"]).toMatchObject({ status: 503 });
  expect(a.asked.filter((path) => path === "/never")).toHaveLength(3);
});

describe("the program", () => {
  const lines = (output: string): Result[] =>
    output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Result);

  it("writes JSON lines and a summary, and says who it is", async () => {
    const a = await site({ "/": `<title>Start</title>${links("/a", "/none")}`, "/a": "" });
    const args = ["--allow-private", "--delay", "0", "--contact", "crawler@example.org", a.url];
    const { output, code } = await example("web-crawler", ...args).ended;
    expect(code).toBe(0);
    expect(lines(output).map(({ url, status }) => [url.replace(a.url, ""), status])).toEqual([
      ["/", 200],
      ["/a", 200],
      ["/none", 404],
    ]);
    expect(output).toMatch(/^Done: 2 pages, 0 sitemaps, 0 skipped, 1 failed, \d+ B$/m);
    expect([...a.agents]).toEqual(["sockeye-crawler/1.0 (crawler@example.org)"]);
  });

  it("does not go to private addresses unless it may", async () => {
    const a = await site({ "/": "" });
    const { output } = await example("web-crawler", a.url).ended;
    expect(lines(output)).toMatchObject([{ skipped: expect.stringMatching(/127\.0\.0\.1 is not an address that/) }]);
    expect(a.asked).toEqual([]);
  });

  it("shows on a terminal how far it is, and leaves what it has found on Ctrl-C", async () => {
    const folder = mkdtempSync(join(tmpdir(), "crawler-"));
    const file = join(folder, "results.jsonl");
    const a = await site({ "/": links("/a", "/stuck"), "/a": "", "/stuck": () => {} });
    const crawler = onTerminal("web-crawler", "--allow-private", "--delay", "0", "--output", file, a.url);
    await crawler.find(/2 pages, 0 sitemaps, 0 skipped, 0 failed, \d+ B {2}http/);
    crawler.type("\u0003");
    const { code, output } = await crawler.ended;
    expect(code).toBe(130);
    expect(output).toMatch(/Interrupted: 2 pages, 0 sitemaps, 0 skipped, 0 failed, \d+ B\r?\n$/);
    expect(lines(readFileSync(file, "utf8")).map(({ url }) => url)).toEqual([`${a.url}/`, `${a.url}/a`]);
    rmSync(folder, { recursive: true });
  });

  it.each([
    [["ftp://a.example"], /^expected an http or https URL, got "ftp:\/\/a\.example"\n$/],
    [["--also", "x", "http://a.example"], /^expected an http or https URL, got "x"\n$/],
    [["--pages", "0", "http://a.example"], /^--pages must be a whole number from 1, got "0"\n$/],
    [["--depth", "-1.5", "http://a.example"], /--depth/],
    [["--delay", "61", "http://a.example"], /^--delay must be seconds from 0 to 60, got "61"\n$/],
    [["--no-such"], /^Unknown option '--no-such'; web-crawler --help says what there is\n$/],
    [[], /^web-crawler \[OPTION \.\.\.\] URL/],
  ])("refuses %j before it asks for anything", async (args, message) => {
    expect(await example("web-crawler", ...args).ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(message),
    });
  });
});
