import { Parser } from "htmlparser2";
import type { Limits } from "./limits.ts";

/** What a crawl wants to know of an HTML page. */
export interface Page {
  readonly title: string;
  /** As they are written, in their order; relative to `base`. */
  readonly links: readonly string[];
  readonly base: string | null;
  readonly canonical: string | null;
  /** `<meta name="robots">`: its links are not to be followed. */
  readonly isNofollow: boolean;
  readonly isNoindex: boolean;
  /** Not all of it was looked at: there are too many links, or elements within each other. */
  readonly isCut: boolean;
}

const titleLength = 200;
const piece = 16_384;

/** Reads an HTML page. It never throws: whatever it is given, some HTML parser has seen worse. */
export function readPage(html: string, agent: string, limits: Pick<Limits, "linksPerPage" | "nesting">): Page {
  const links: string[] = [];
  let title: string | null = null;
  let inTitle = false;
  let base: string | null = null;
  let canonical: string | null = null;
  let isNofollow = false;
  let isNoindex = false;
  let depth = 0;
  let isCut = false;

  const addLink = (href: string | undefined, rel = ""): void => {
    if (href === undefined || tokens(rel).includes("nofollow")) return;
    if (links.length < limits.linksPerPage) links.push(href);
    else isCut = true;
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      depth++;
      const { href, rel, content = "", src } = attributes;
      if (name === "a" || name === "area") addLink(href, rel);
      else if (name === "frame" || name === "iframe") addLink(src);
      else if (name === "base") base ??= href ?? null;
      else if (name === "link" && tokens(rel).includes("canonical")) canonical ??= href ?? null;
      else if (name === "title") inTitle = title === null;
      else if (name === "meta" && /^refresh$/i.test(attributes["http-equiv"] ?? ""))
        addLink(/^[\d.\s]*[;,]\s*url\s*=\s*["']?([^"']+)/i.exec(content.slice(0, 4096))?.[1]);
      else if (name === "meta" && ["robots", agent].includes(attributes.name?.toLowerCase() ?? "")) {
        const rules = directives(content);
        isNofollow ||= rules.nofollow;
        isNoindex ||= rules.noindex;
      }
    },
    onclosetag(name) {
      depth--;
      if (name === "title") inTitle = false;
    },
    ontext(text) {
      if (inTitle) title = ((title ?? "") + text).slice(0, titleLength * 4);
    },
  });
  for (let at = 0; at < html.length && !isCut; at += piece) {
    parser.write(html.slice(at, at + piece));
    // Its stack makes the parser's time quadratic.
    if (depth > limits.nesting) isCut = true;
  }
  if (!isCut) parser.end();
  title = (title ?? "").replace(/\s+/g, " ").trim().slice(0, titleLength);
  return { title, links, base, canonical, isNofollow, isNoindex, isCut };
}

/** `noindex` and `nofollow`, or `none` for both, in a robots meta element or an X-Robots-Tag header. */
export function directives(text: string): { nofollow: boolean; noindex: boolean } {
  const found = text.toLowerCase().split(/[\s,]+/);
  const none = found.includes("none");
  return { nofollow: none || found.includes("nofollow"), noindex: none || found.includes("noindex") };
}

function tokens(rel: string | undefined): string[] {
  return (rel ?? "").toLowerCase().split(/\s+/);
}
