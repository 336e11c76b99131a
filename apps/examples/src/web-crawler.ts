/**
 * A polite crawler: robots.txt and its delay, sitemaps, one request at a time for each host, limits everywhere. It
 * stays on the origins that it starts from, and away from private addresses. Results are JSON lines on standard output.
 */

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { Session } from "@sockeye/http-client";
import { crawl } from "./crawler/crawl.ts";
import { defaultLimits } from "./crawler/limits.ts";
import { printableJson } from "./terminal/printable.ts";
import { formatSize } from "./terminal/size.ts";
import { StatusLine } from "./terminal/status-line.ts";

const agent = "sockeye-crawler";
const { values, positionals: start } = parseArgs({
  options: {
    depth: { type: "string", default: String(defaultLimits.depth) },
    pages: { type: "string", default: String(defaultLimits.pages) },
    concurrency: { type: "string", default: String(defaultLimits.concurrency) },
    delay: { type: "string", default: String(defaultLimits.delay / 1000) },
    also: { type: "string", multiple: true, default: [] },
    output: { type: "string" },
    contact: { type: "string" },
    "no-sitemaps": { type: "boolean", default: false },
    "allow-private": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

if (values.help || start.length === 0) {
  console.log(`web-crawler [OPTION ...] URL ...
  --depth N          links away from the start (${defaultLimits.depth})
  --pages N          pages that are asked for (${defaultLimits.pages})
  --concurrency N    requests under way, one for each host (${defaultLimits.concurrency})
  --delay SECONDS    between two requests to a host, unless it asks for more (${defaultLimits.delay / 1000})
  --also ORIGIN      another origin that belongs to the crawl; can be given again
  --output FILE      JSON lines into FILE instead of standard output
  --contact WORDS    who asks, for the User-Agent header: a URL or an address
  --no-sitemaps      do not look for sitemaps
  --allow-private    also private and loopback addresses`);
  process.exit(values.help ? 0 : 1);
}

function whole(name: "depth" | "pages" | "concurrency", least: number): number {
  const number = Number(values[name]);
  if (values[name] === "" || !Number.isSafeInteger(number) || number < least)
    throw new Error(`--${name} must be a whole number from ${least}, got ${JSON.stringify(values[name])}`);
  return number;
}
const delay = Number(values.delay);
if (values.delay === "" || !(delay >= 0 && delay <= defaultLimits.maxDelay / 1000))
  throw new Error(
    `--delay must be seconds from 0 to ${defaultLimits.maxDelay / 1000}, got ${JSON.stringify(values.delay)}`,
  );
for (const url of [...start, ...values.also])
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Error(`expected an http or https URL, got ${JSON.stringify(url)}`);
const limits = {
  depth: whole("depth", 0),
  pages: whole("pages", 1),
  concurrency: whole("concurrency", 1),
  delay: delay * 1000,
};

const interrupt = new AbortController();
// A second Ctrl-C ends it at once.
process.once("SIGINT", () => interrupt.abort());
const out = values.output === undefined ? process.stdout : createWriteStream(values.output);
out.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read the results, `head` for one, has read enough.
  if (error.code !== "EPIPE") console.error(error.message);
  process.exitCode = error.code === "EPIPE" ? 0 : 1;
  interrupt.abort();
});

const session = new Session({
  headers: {
    "User-Agent": `${agent}/1.0${values.contact === undefined ? "" : ` (${values.contact})`}`,
    Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.1",
  },
  allowAddresses: values["allow-private"] ? "any" : "public",
  cookies: false,
  // A proxy would resolve names itself, past the check of addresses; credentials are not for strangers.
  trust: { proxy: false, netrc: false },
  timeout: { connect: 10_000, read: 20_000, total: 60_000 },
});

const line = new StatusLine(process.stderr);
const counts = { pages: 0, sitemaps: 0, skipped: 0, failed: 0, bytes: 0 };
try {
  const { signal } = interrupt;
  const sitemaps = !values["no-sitemaps"];
  for await (const result of crawl(session, { start, also: values.also, sitemaps, agent, limits, signal })) {
    if (result.error !== undefined || (result.status ?? 0) >= 400) counts.failed++;
    else if (result.skipped !== undefined) counts.skipped++;
    else if (result.kind === "sitemap") counts.sitemaps++;
    else counts.pages++;
    counts.bytes += result.bytes ?? 0;
    line.clear();
    if (!out.write(`${printableJson(result)}\n`) && !signal.aborted)
      await once(out, "drain", { signal }).catch(() => {});
    line.show(`${summary()}  ${result.url}`, { always: true });
  }
} finally {
  await session.close();
}
line.clear();
if (out !== process.stdout) {
  out.end();
  await finished(out).catch(() => {});
}
console.error(`${interrupt.signal.aborted ? "Interrupted" : "Done"}: ${summary()}`);
if (interrupt.signal.aborted) process.exitCode ??= 130;

function summary(): string {
  const { pages, sitemaps, skipped, failed, bytes } = counts;
  return `${pages} pages, ${sitemaps} sitemaps, ${skipped} skipped, ${failed} failed, ${formatSize(bytes)}`;
}
