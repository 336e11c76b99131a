/** One link of a Link header: its URL and its parameters. */
export interface Link {
  readonly url: string;
  readonly rel?: string;
  readonly [parameter: string]: string | undefined;
}

const MAX_LINKS = 1000;

/** Parses a Link header (RFC 8288) as requests' `parse_header_links`, but without splitting inside `<…>` or quotes. */
export function parseLinks(header: string): Link[] {
  const links: Link[] = [];
  for (const part of split(header, ",")) {
    const [target = "", ...parameters] = split(part, ";");
    const url = target.trim().replace(/^[<'"\s]+|[>'"\s]+$/g, "");
    if (url === "" && parameters.length === 0) continue;
    const link: Record<string, string> = Object.create(null);
    link.url = url;
    for (const parameter of parameters) {
      const equals = parameter.indexOf("=");
      if (equals < 0) break;
      const key = parameter
        .slice(0, equals)
        .trim()
        .replace(/^['"]+|['"]+$/g, "")
        .toLowerCase();
      const value = unquote(parameter.slice(equals + 1).trim());
      if (key !== "" && key !== "url" && !(key in link)) link[key] = value;
    }
    links.push(link as unknown as Link);
    if (links.length === MAX_LINKS) break;
  }
  return links;
}

/** The links by relation, or by URL when a link has none; a relation list such as `"next last"` gives each. */
export function linksByRelation(header: string | null): Record<string, Link> {
  const byRelation: Record<string, Link> = Object.create(null);
  if (header === null) return byRelation;
  for (const link of parseLinks(header)) {
    for (const key of link.rel ? link.rel.trim().split(/\s+/) : [link.url]) byRelation[key] = link;
  }
  return byRelation;
}

function unquote(text: string): string {
  if (/^".*"$/s.test(text)) return text.slice(1, -1).replace(/\\(.)/g, "$1");
  return text.replace(/^['"]+|['"]+$/g, "");
}

function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let bracketed = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "\\" && quoted) i++;
    else if (c === '"' && !bracketed) quoted = !quoted;
    else if (c === "<" && !quoted) bracketed = true;
    else if (c === ">" && !quoted) bracketed = false;
    else if (c === separator && !quoted && !bracketed) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
