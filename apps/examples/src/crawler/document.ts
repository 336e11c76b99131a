import type { Session } from "@sockeye/http-client";

/** An answer, with as much of its body as was wanted. */
export interface Document {
  readonly url: string;
  readonly status: number;
  /** Where it redirects to, as the server says it; null when it does not. */
  readonly location: string | null;
  /** The media type in lower case, without parameters; "" when the server names none. */
  readonly type: string;
  /** What the header says; not the default for text, since a page may say more. */
  readonly charset: string | null;
  readonly header: (name: string) => string | null;
  readonly bytes: Buffer;
  /** The body is longer than was read. */
  readonly isCut: boolean;
}

/** How a document is asked for. */
export interface DocumentOptions {
  readonly signal: AbortSignal;
  /** The most that is read of the body, after decompression. */
  readonly maxBytes: number;
  /** Whether a body of this type is wanted at all. Default: every one. */
  readonly wants?: (type: string) => boolean;
}

/** Asks for a document without following redirects: the crawl decides about each. Rejects with a RequestException. */
export async function fetchDocument(
  session: Session,
  url: string,
  { signal, maxBytes, wants = () => true }: DocumentOptions,
): Promise<Document> {
  const response = await session.stream("GET", url, { allowRedirects: false, signal });
  try {
    const contentType = response.headers.get("content-type") ?? "";
    const type = contentType.split(";", 1)[0]!.trim().toLowerCase();
    const chunks: Buffer[] = [];
    let size = 0;
    if (response.status >= 200 && response.status < 300 && wants(type)) {
      for await (const chunk of response.iterBytes()) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > maxBytes) break;
      }
    }
    const { headers } = response;
    return {
      url,
      status: response.status,
      location: response.isRedirect ? headers.get("location") : null,
      type,
      charset: /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? null,
      header: (name) => headers.get(name),
      bytes: Buffer.concat(chunks).subarray(0, maxBytes),
      isCut: size > maxBytes,
    };
  } finally {
    await response.close();
  }
}
