/** The files of the page, in memory from the start: they are few, and no name from outside ever becomes a path. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

export interface StaticFile {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
  /** Its name changes with its content, so that it never needs to be asked for again. */
  readonly immutable: boolean;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** As bundlers put it: `page-4F2QK7RA.js`. */
const hashed = /[-.][A-Z0-9]{8,}\.[a-z0-9]+$/i;

/** Every file of a folder and the folders in it, by its path in a URL; nothing when there is no such folder. */
export function loadFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  let entries: ReturnType<typeof list>;
  try {
    entries = list(folder);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return files;
    throw error;
  }
  for (const path of entries) {
    const body = readFileSync(join(folder, path));
    const file: StaticFile = {
      body,
      type: types[extname(path)] ?? "application/octet-stream",
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`,
      immutable: hashed.test(path),
    };
    const url = `/${path}`;
    files.set(url, file);
    if (url.endsWith("/index.html")) files.set(url.slice(0, -"index.html".length), file);
  }
  return files;
}

function list(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
