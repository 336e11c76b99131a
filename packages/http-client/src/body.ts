import { InvalidJSONError, invalidArgument, UnrewindableBodyError } from "./errors.ts";
import {
  type BodyData,
  encodeMultipart,
  FilePath,
  type Files,
  type FileValue,
  type Source,
  sourceOf,
} from "./multipart.ts";
import { encodeFields, type Fields } from "./query.ts";

/** The options that make a request's body. */
export interface BodyOptions {
  /** Sent as JSON in UTF-8. */
  json?: unknown;
  /** Sent as application/x-www-form-urlencoded, or as the fields of a multipart body when `files` is given. */
  form?: Fields | undefined;
  /** Raw data, or, as in requests, the fields of a form; a FormData is sent as multipart/form-data. */
  data?: BodyData | Fields | FormData | undefined;
  /** Sent as multipart/form-data. */
  files?: Files | undefined;
}

/** How far a transfer has got. */
export interface Progress {
  /** Bytes so far, as they are on the wire. */
  readonly transferred: number;
  /** Bytes in all; null when that is not known. */
  readonly total: number | null;
}

const SLICE = 65_536;

/** The body of a request: what to send, how long it is, and whether it can be sent again. */
export class RequestBody {
  readonly contentType: string | null;
  readonly #source: Source;
  #used = false;

  constructor(source: Source, contentType: string | null) {
    this.#source = source;
    this.contentType = contentType;
  }

  /** Bytes, or null when it is sent in chunks. */
  get length(): number | null {
    return this.#source.length;
  }

  /** The body, when it is in memory. */
  get bytes(): Buffer | null {
    return this.#source.bytes;
  }

  /** Whether the body can be sent now: once always, again only when it can be rewound. */
  get isSendable(): boolean {
    return !this.#used || this.#source.rewindable;
  }

  /** Opens the body for one sending. Throws UnrewindableBodyError for a stream that was sent before. */
  open(): AsyncIterable<Uint8Array> {
    if (!this.isSendable)
      throw new UnrewindableBodyError("the body is a stream that was sent already; it cannot be sent again");
    this.#used = true;
    return this.#chunks();
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void> {
    const bytes = this.#source.bytes;
    if (bytes) {
      for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
      return;
    }
    for await (const chunk of this.#source.open()) {
      if (typeof chunk === "string") yield Buffer.from(chunk);
      else if (chunk instanceof Uint8Array) yield chunk;
      else throw invalidArgument("a chunk of the body", chunk, "a string or bytes");
    }
  }

  /** The same, reporting how much the connection has taken. */
  async *withProgress(report: (progress: Progress) => void): AsyncGenerator<Uint8Array, void> {
    let transferred = 0;
    for await (const chunk of this.open()) {
      yield chunk;
      transferred += chunk.byteLength;
      report({ transferred, total: this.length });
    }
  }
}

/** Makes the body from the options of a call; null when there is none. At most one of json, data and form may be given. */
export function encodeBody(options: BodyOptions): RequestBody | null {
  const { json, form, data, files } = options;
  const given = [json !== undefined && "json", form !== undefined && "form", data != null && "data"].filter(Boolean);
  if (given.length > 1 || (files && json !== undefined)) {
    throw new TypeError(
      `only one body can be sent, but ${[...given, ...(files ? ["files"] : [])].join(" and ")} are given`,
    );
  }
  if (files) {
    const fields = form ?? (data == null ? undefined : isFields(data) ? data : undefined);
    if (data != null && !fields)
      throw invalidArgument("data", data, "an object or pairs of fields when files is given");
    const source = encodeMultipart(fields, files);
    return new RequestBody(source, source.contentType);
  }
  if (json !== undefined) return new RequestBody(sourceOf(encodeJson(json), "json"), "application/json");
  if (form !== undefined) return formBody(form, "form");
  if (data == null) return null;
  if (data instanceof FormData) {
    const source = encodeMultipart(undefined, [...data].map(formDataPart));
    return new RequestBody(source, source.contentType);
  }
  if (isFields(data)) return formBody(data, "data");
  const type =
    data instanceof Blob && data.type !== ""
      ? data.type
      : data instanceof FilePath
        ? (data.options.type ?? null)
        : null;
  return new RequestBody(sourceOf(data, "data"), type);
}

/** WHATWG HTML, section 4.10.21.8: line ends of text become CRLF, and a file has a type. */
function formDataPart([name, value]: [string, string | File]): [string, FileValue] {
  return typeof value === "string"
    ? [name, { data: value.replace(/\r\n?|\n/g, "\r\n"), filename: null }]
    : [name, { data: value, filename: value.name, type: value.type || "application/octet-stream" }];
}

function formBody(fields: Fields, name: string): RequestBody {
  return new RequestBody(sourceOf(encodeFields(fields, name), name), "application/x-www-form-urlencoded");
}

function encodeJson(value: unknown): string {
  let text: string | undefined;
  try {
    if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${value} is not JSON`);
    text = JSON.stringify(value);
  } catch (cause) {
    throw new InvalidJSONError(`json cannot be expressed: ${(cause as Error).message}`, { cause });
  }
  if (text === undefined) throw new InvalidJSONError(`json cannot be expressed: it is a ${typeof value}`);
  return text;
}

function isFields(data: BodyData | Fields | FormData): data is Fields {
  if (typeof data !== "object") return false;
  if (data instanceof URLSearchParams || data instanceof Map) return true;
  if (Array.isArray(data)) return data.every((item) => Array.isArray(item));
  const prototype = Object.getPrototypeOf(data) as unknown;
  return (
    (prototype === Object.prototype || prototype === null) &&
    !(Symbol.asyncIterator in data) &&
    !(Symbol.iterator in data)
  );
}
