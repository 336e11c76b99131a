import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import type { Progress } from "./body.ts";
import { ChunkedEncodingError, invalidArgument, RequestException } from "./errors.ts";
import type { RequestOptions } from "./options.ts";
import type { Response } from "./response.ts";

/** How a download is done. */
export interface DownloadOptions extends Omit<RequestOptions, "onDownloadProgress"> {
  /** Told about the file, what was there before included. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Go on with what an earlier attempt left in `<path>.part`, if the server's file is still the same. Default true. */
  readonly resume?: boolean | undefined;
}

/** What a download came to. */
export interface DownloadResult {
  readonly path: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Bytes that were there already. */
  readonly resumedAt: number;
  readonly response: Response;
}

interface Downloader {
  stream(method: string, url: string | URL, options?: RequestOptions): Promise<Response>;
}

/** Where a download goes: a path, or a function that chooses one when the head is there. */
export type DownloadPath = string | ((response: Response) => string);

/**
 * Streams a URL into a file. It is written to `<path>.part` and renamed when it is complete; an attempt that fails
 * leaves the part, with its validator beside it, for the next one. A path that is chosen by the response has no earlier
 * part. Rejects with HTTPError for 4xx and 5xx.
 */
export async function download(
  session: Downloader,
  url: string | URL,
  path: DownloadPath,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  const { onProgress, resume = true, ...request } = options;
  const fixed = typeof path === "function" ? null : await checkPath(path);
  const before = resume && fixed !== null ? await readPart(partOf(fixed), noteOf(fixed), String(url)) : null;
  const headers: Record<string, string> = { "Accept-Encoding": "identity" };
  // RFC 9110, section 13.1.5: without If-Range, a changed file would be glued to the old one.
  if (before) Object.assign(headers, { Range: `bytes=${before.size}-`, "If-Range": before.validator });
  let response = await session.stream("GET", url, withHeaders(request, headers));
  let offset = 0;
  if (before && response.status === 206 && rangeStart(response) === before.size) offset = before.size;
  else if (before && response.status !== 200) {
    // 416 says that the part is complete or that the file has changed; only a fresh start can tell.
    await response.close();
    response = await session.stream("GET", url, withHeaders(request, { "Accept-Encoding": "identity" }));
  }
  try {
    response.raiseForStatus();
    const chosen = fixed ?? (await checkPath((path as (response: Response) => string)(response)));
    const part = partOf(chosen);
    const note = noteOf(chosen);
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = Number.isNaN(length) || response.headers.has("content-encoding") ? null : offset + length;
    const validator = validatorOf(response);
    if (validator) await writeFile(note, JSON.stringify({ url: String(url), validator }));
    else await rm(note, { force: true });
    const size = await writeBody(response, part, offset, total, onProgress);
    if (total !== null && size !== total)
      throw new ChunkedEncodingError(`the download has ${size} bytes instead of ${total}`, {
        request: response.request,
        response,
      });
    await rename(part, chosen);
    await rm(note, { force: true });
    return { path: chosen, size, resumedAt: offset, response };
  } finally {
    await response.close();
  }
}

const partOf = (path: string): string => `${path}.part`;
const noteOf = (path: string): string => `${path}.part.json`;

async function checkPath(path: unknown): Promise<string> {
  if (typeof path !== "string" || path === "") throw invalidArgument("path", path, "the path of a file");
  const there = await stat(path).catch(() => null);
  if (there?.isDirectory()) throw invalidArgument("path", path, "the path of a file, and this is a folder");
  return path;
}

async function writeBody(
  response: Response,
  part: string,
  offset: number,
  total: number | null,
  onProgress: DownloadOptions["onProgress"],
): Promise<number> {
  const file = createWriteStream(part, { flags: offset > 0 ? "a" : "w" });
  let failed: unknown = null;
  file.on("error", (error) => {
    failed = error;
  });
  let size = offset;
  try {
    for await (const chunk of response.iterBytes()) {
      if (failed) throw failed;
      size += chunk.length;
      if (!file.write(chunk)) await once(file, "drain");
      onProgress?.({ transferred: size, total });
    }
  } catch (error) {
    if (failed === error)
      throw new RequestException(`cannot write ${part}: ${String(error)}`, {
        code: "ERR_HTTP_FILE",
        request: response.request,
        response,
        cause: error,
      });
    throw error;
  } finally {
    // What has arrived is kept for the next attempt, also when this one fails.
    await new Promise<void>((resolve) => (file.destroyed ? resolve() : file.end(resolve)));
  }
  if (failed) throw failed;
  return size;
}

function withHeaders(request: RequestOptions, headers: Record<string, string>): RequestOptions {
  const own = request.headers;
  const pairs =
    own === undefined
      ? []
      : Symbol.iterator in own
        ? [...(own as Iterable<readonly [string, string]>)]
        : Object.entries(own);
  return { ...request, headers: [...pairs, ...Object.entries(headers)] as [string, string][] };
}

async function readPart(part: string, note: string, url: string): Promise<{ size: number; validator: string } | null> {
  try {
    const { size } = await stat(part);
    const saved = JSON.parse(await readFile(note, "utf8")) as { url?: unknown; validator?: unknown };
    return size > 0 && saved.url === url && typeof saved.validator === "string"
      ? { size, validator: saved.validator }
      : null;
  } catch {
    return null;
  }
}

/** A strong ETag, else Last-Modified: what If-Range may carry. */
function validatorOf(response: Response): string | null {
  const etag = response.headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : response.headers.get("last-modified");
}

function rangeStart(response: Response): number | null {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  return match ? Number(match[1]) : null;
}
