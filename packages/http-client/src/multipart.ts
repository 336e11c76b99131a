import { randomBytes } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { InvalidHeader, invalidArgument } from "./errors.ts";
import { checkHeaderName, checkHeaderValue } from "./headers.ts";
import { type Fields, fieldPairs } from "./query.ts";

/** What a part, or a whole body, can be made of. */
export type BodyData =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array>
  | FilePath;

/** How a part is labelled. */
export interface PartOptions {
  /** Sent as the part's filename; null sends none. */
  readonly filename?: string | null;
  /** The part's Content-Type. Default: a Blob's own, else none, as in requests. */
  readonly type?: string;
  /** More headers of the part. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A part of a multipart body: data, data with labels, or requests' `[filename, data, type, headers]`. */
export type FileValue =
  | BodyData
  | (PartOptions & { readonly data: BodyData })
  | readonly [filename: string | null, data: BodyData, type?: string, headers?: Readonly<Record<string, string>>];

/** Parts by field name; an array of pairs repeats a name. */
export type Files =
  | Readonly<Record<string, FileValue>>
  | ReadonlyArray<readonly [string, FileValue]>
  | ReadonlyMap<string, FileValue>;

/** A file on disk, sent as a stream: made by `file()`. */
export class FilePath {
  readonly path: string;
  readonly options: PartOptions;

  constructor(path: string, options: PartOptions) {
    this.path = path;
    this.options = options;
  }

  /** The size in bytes now. Throws the system's error when there is no such file. */
  get size(): number {
    const stat = statSync(this.path);
    if (!stat.isFile()) throw invalidArgument("path", this.path, "a regular file");
    return stat.size;
  }

  open(): AsyncIterable<Uint8Array> {
    return createReadStream(this.path, { highWaterMark: 262_144 });
  }
}

/** A file on disk for `files` or `data`: streamed, never loaded whole, and read again for a redirect or retry. */
export function file(path: string, options: PartOptions = {}): FilePath {
  if (typeof path !== "string" || path === "") throw invalidArgument("path", path, "the path of a file");
  return new FilePath(path, options);
}

/** Where bytes come from: how many, and how to get them. */
export interface Source {
  /** Bytes, or null when that is not known before reading. */
  readonly length: number | null;
  /** All of it, when it is in memory anyway. */
  readonly bytes: Buffer | null;
  readonly rewindable: boolean;
  open(): AsyncIterable<Uint8Array | string>;
}

/** A source over anything that can be sent. `name` is the option's name, for the error. */
export function sourceOf(data: BodyData, name: string): Source {
  if (typeof data === "string") return bytesSource(Buffer.from(data));
  if (data instanceof Uint8Array) return bytesSource(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  if (data instanceof ArrayBuffer) return bytesSource(Buffer.from(data));
  if (data instanceof FilePath) return { length: data.size, bytes: null, rewindable: true, open: () => data.open() };
  if (data instanceof Blob) {
    return {
      length: data.size,
      bytes: null,
      rewindable: true,
      open: () => data.stream() as unknown as AsyncIterable<Uint8Array>,
    };
  }
  if (typeof data === "object" && data !== null && (Symbol.asyncIterator in data || Symbol.iterator in data)) {
    return { length: null, bytes: null, rewindable: false, open: () => data as AsyncIterable<Uint8Array> };
  }
  throw invalidArgument(name, data, "a string, bytes, a Blob, file(path), or a stream or iterable of bytes");
}

function bytesSource(bytes: Buffer): Source {
  return {
    length: bytes.length,
    bytes,
    rewindable: true,
    async *open() {
      yield bytes;
    },
  };
}

/** Escapes a name or filename as WHATWG HTML, section 4.10.21.8, does; the text is UTF-8. */
export function escapeParameter(text: string): string {
  return text.replace(/["\r\n]/g, (c) => (c === '"' ? "%22" : c === "\r" ? "%0D" : "%0A"));
}

/** The head of one part, with its empty line (RFC 7578, section 4). */
function partHead(name: string, options: PartOptions): string {
  if (/\0/.test(name) || /\0/.test(options.filename ?? ""))
    throw new InvalidHeader(`part ${JSON.stringify(name)}: a name must not hold NUL`);
  let head = `Content-Disposition: form-data; name="${escapeParameter(name)}"`;
  if (options.filename != null) head += `; filename="${escapeParameter(options.filename)}"`;
  if (options.type !== undefined) head += `\r\nContent-Type: ${checkHeaderValue("Content-Type", options.type)}`;
  for (const key of Object.keys(options.headers ?? {})) {
    if (/^content-(disposition|type)$/i.test(key))
      throw new InvalidHeader(`part ${JSON.stringify(name)}: set ${key} by filename and type`);
    head += `\r\n${checkHeaderName(key)}: ${checkHeaderValue(key, options.headers![key])}`;
  }
  return `${head}\r\n\r\n`;
}

/** A multipart/form-data body: first the fields, then the files, byte for byte as requests writes it. */
export function encodeMultipart(
  fields: Fields | undefined,
  files: Files,
  boundary: string = randomBytes(16).toString("hex"),
): Source & { readonly contentType: string } {
  const parts: { head: string; source: Source }[] = [];
  for (const [name, value] of fields ? fieldPairs(fields, "data") : []) {
    parts.push({ head: partHead(name, {}), source: sourceOf(value, name) });
  }
  for (const [name, value] of fileEntries(files)) parts.push(filePart(name, value));
  const opening = parts.map(({ head }) => Buffer.from(`--${boundary}\r\n${head}`));
  const closing = Buffer.from(`--${boundary}--\r\n`);
  const crlf = Buffer.from("\r\n");
  const lengths = parts.map(({ source }, i) =>
    source.length === null ? null : opening[i]!.length + source.length + 2,
  );
  const length = lengths.includes(null) ? null : lengths.reduce<number>((sum, n) => sum + n!, closing.length);
  const bytes = parts.every(({ source }) => source.bytes)
    ? Buffer.concat([...parts.flatMap(({ source }, i) => [opening[i]!, source.bytes!, crlf]), closing])
    : null;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length,
    bytes,
    rewindable: parts.every(({ source }) => source.rewindable),
    async *open() {
      for (const [i, { source }] of parts.entries()) {
        yield opening[i]!;
        yield* source.open();
        yield crlf;
      }
      yield closing;
    },
  };
}

function* fileEntries(files: Files): Iterable<readonly [string, FileValue]> {
  if (typeof files !== "object" || files === null)
    throw invalidArgument("files", files, "an object or pairs of name and file");
  if (Symbol.iterator in files) yield* files as Iterable<readonly [string, FileValue]>;
  else for (const name of Object.keys(files)) yield [name, files[name]!];
}

function filePart(name: string, value: FileValue): { head: string; source: Source } {
  let data: BodyData;
  let options: PartOptions;
  if (Array.isArray(value)) {
    const [filename, content, type, headers] = value as [string | null, BodyData, string?, Record<string, string>?];
    data = content;
    options = { filename, ...(type === undefined ? {} : { type }), ...(headers === undefined ? {} : { headers }) };
  } else if (isLabelled(value)) {
    data = value.data;
    options = value;
  } else {
    data = value as BodyData;
    options = {};
  }
  const own = data instanceof FilePath ? data.options : {};
  const filename =
    options.filename !== undefined
      ? options.filename
      : own.filename !== undefined
        ? own.filename
        : guessFilename(data, name);
  const type = options.type ?? own.type ?? (data instanceof Blob && data.type !== "" ? data.type : undefined);
  const head = partHead(name, { ...own, ...options, filename, ...(type === undefined ? {} : { type }) });
  return { head, source: sourceOf(data, `files.${name}`) };
}

function isLabelled(value: unknown): value is PartOptions & { data: BodyData } {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array) && Object.hasOwn(value, "data");
}

/** The name of the file that data comes from, else the field's name. */
function guessFilename(data: BodyData, name: string): string {
  if (data instanceof FilePath) return basename(data.path);
  if (typeof File !== "undefined" && data instanceof File && data.name !== "") return data.name;
  const path = typeof data === "object" && "path" in data ? (data as { path: unknown }).path : undefined;
  return typeof path === "string" && path !== "" ? basename(path) : name;
}
