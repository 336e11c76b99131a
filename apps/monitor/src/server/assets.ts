/** The files of the page, read once: nothing that a request says ever becomes a path. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

export interface Asset {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The page loads what this server has, talks to this server, and nothing else; no frame may hold it. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * The worker has the packets, and may talk to nobody: connect-src is 'none' by default-src. It may compile filters and
 * layers to code, from integers and names that the decoder has checked.
 */
const WORKER_POLICY = "default-src 'none'; script-src 'unsafe-eval'";

/** What every answer says. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/** The files of a folder by name; the page itself has the name "". */
export function loadAssets(folder: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const policy = name === "worker.js" ? WORKER_POLICY : PAGE_POLICY;
    assets.set(name === "index.html" ? "" : name, {
      bytes: readFileSync(join(folder, name)),
      headers: { ...SAFE_HEADERS, "Content-Type": type, "Content-Security-Policy": policy },
    });
  }
  return assets;
}
