import type { Response } from "./response.ts";
import type { SchemaOutput, StandardSchema } from "./schema.ts";

/** The promise of a response, with shortcuts to its body: `await http.get(url).json()`. */
export interface ResponsePromise extends Promise<Response> {
  /** The body as JSON, in one step; see `Response.json`. */
  json<T = unknown>(): Promise<T>;
  json<Schema extends StandardSchema>(schema: Schema): Promise<SchemaOutput<Schema>>;
  /** The body as text, in one step. */
  text(): Promise<string>;
  /** The body as bytes, in one step. */
  bytes(): Promise<Buffer>;
  /** The body as a Blob, in one step. */
  blob(): Promise<Blob>;
}

// Shared functions that find the promise as `this`: no closures for each request.
async function json(this: Promise<Response>, schema?: StandardSchema): Promise<unknown> {
  const response = await this;
  return schema === undefined ? response.json() : response.json(schema);
}

async function text(this: Promise<Response>): Promise<string> {
  return (await this).text();
}

async function bytes(this: Promise<Response>): Promise<Buffer> {
  return (await this).bytes();
}

async function blob(this: Promise<Response>): Promise<Blob> {
  return (await this).blob();
}

/** Puts the shortcuts on a promise. */
export function withShortcuts(promise: Promise<Response>): ResponsePromise {
  const extended = promise as ResponsePromise;
  extended.json = json as ResponsePromise["json"];
  extended.text = text;
  extended.bytes = bytes;
  extended.blob = blob;
  return extended;
}
