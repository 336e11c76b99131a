import { inspect } from "node:util";
import { InvalidHeader, invalidArgument } from "./errors.ts";
import { redactHeader } from "./redact.ts";

/** What is accepted wherever headers are: a record, pairs, a Headers or a HeaderMap. `null` removes a default. */
export type HeadersInit =
  | Readonly<Record<string, HeaderValue>>
  | ReadonlyArray<readonly [string, HeaderValue]>
  | Iterable<readonly [string, HeaderValue]>;

/** A header's value; an array sends the header several times; `null` or `undefined` sends none. */
export type HeaderValue = string | number | boolean | readonly string[] | null | undefined;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// RFC 9110, section 5.5: visible characters, obs-text, and space or tab between them.
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
const UNREPEATABLE = new Set(["host", "content-length", "content-type", "authorization"]);

/** The name, or an InvalidHeader that says what is wrong. RFC 9110, section 5.1. */
export function checkHeaderName(name: unknown): string {
  if (typeof name === "string" && TOKEN.test(name)) return name;
  throw new InvalidHeader(`header name must be an RFC 9110 token; got ${JSON.stringify(name)}`);
}

/** The value as a string, checked after coercion. RFC 9110, section 5.5. */
export function checkHeaderValue(name: string, value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    throw new InvalidHeader(`value of header ${name} must be a string, a number or a boolean; got ${typeof value}`);
  }
  const text = String(value);
  if (VALUE.test(text)) return text;
  const shown = JSON.stringify(redactHeader(name, text));
  const why = /[^\0-\xff]/.test(text)
    ? "holds a character that is not Latin-1; encode it first"
    : /^[\t ]|[\t ]$/.test(text)
      ? "has white space at its start or end"
      : "holds a control character";
  throw new InvalidHeader(`value ${shown} of header ${name} ${why}`);
}

/** Case-insensitive headers that keep their order, their spelling and repeated lines. */
export class HeaderMap implements Iterable<[string, string]> {
  #list: string[];

  /** Throws InvalidHeader for a name or value that must not go on the wire. */
  constructor(init?: HeadersInit | null) {
    this.#list = [];
    if (init != null) this.assign(init);
  }

  /** Takes over a flat list `[name, value, name, value, …]` without checking it: for what came off the wire. */
  static fromWire(list: string[]): HeaderMap {
    const map = new HeaderMap();
    map.#list = list;
    return map;
  }

  /** The number of header lines. */
  get size(): number {
    return this.#list.length / 2;
  }

  /** The value, with repeated lines joined by ", "; null when there is none. */
  get(name: string): string | null {
    const values = this.getAll(name);
    if (values.length === 0) return null;
    return values.length === 1 ? values[0]! : values.join(", ");
  }

  /** Every value of the header, one a line. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const found: string[] = [];
    for (let i = 0; i < this.#list.length; i += 2) {
      if (this.#list[i]!.toLowerCase() === wanted) found.push(this.#list[i + 1]!);
    }
    return found;
  }

  /** The values of Set-Cookie, which must not be joined. */
  getSetCookie(): string[] {
    return this.getAll("set-cookie");
  }

  /** True when there is a header of that name. */
  has(name: string): boolean {
    const wanted = name.toLowerCase();
    for (let i = 0; i < this.#list.length; i += 2) if (this.#list[i]!.toLowerCase() === wanted) return true;
    return false;
  }

  /** Replaces every line of that name; the first one keeps its place. */
  set(name: string, value: string | number | boolean): void {
    const wanted = checkHeaderName(name).toLowerCase();
    const text = checkHeaderValue(name, value);
    for (let i = 0; i < this.#list.length; i += 2) {
      if (this.#list[i]!.toLowerCase() !== wanted) continue;
      this.#list[i] = name;
      this.#list[i + 1] = text;
      this.#deleteFrom(i + 2, wanted);
      return;
    }
    this.#list.push(name, text);
  }

  /** Adds a line. Throws InvalidHeader when a header that may occur once is there already. */
  append(name: string, value: string | number | boolean): void {
    const lower = checkHeaderName(name).toLowerCase();
    const text = checkHeaderValue(name, value);
    if (UNREPEATABLE.has(lower) && this.has(lower)) throw new InvalidHeader(`header ${name} is given twice`);
    this.#list.push(name, text);
  }

  /** Removes every line of that name; true when there was one. */
  delete(name: string): boolean {
    return this.#deleteFrom(0, name.toLowerCase());
  }

  #deleteFrom(start: number, wanted: string): boolean {
    const before = this.#list.length;
    for (let i = this.#list.length - 2; i >= start; i -= 2) {
      if (this.#list[i]!.toLowerCase() === wanted) this.#list.splice(i, 2);
    }
    return this.#list.length !== before;
  }

  /** Sets each header of `init`: `null` removes it, an array sends it several times. */
  assign(init: HeadersInit): void {
    const seen = new Set<string>();
    for (const [name, value] of headerEntries(init)) {
      const lower = checkHeaderName(name).toLowerCase();
      const first = !seen.has(lower);
      seen.add(lower);
      if (value == null) {
        this.delete(name);
      } else if (Array.isArray(value)) {
        if (first) this.delete(name);
        for (const item of value as readonly string[]) this.append(name, item);
      } else if (first) {
        this.set(name, value as string);
      } else {
        this.append(name, value as string);
      }
    }
  }

  /** A copy that shares nothing. */
  clone(): HeaderMap {
    return HeaderMap.fromWire(this.#list.slice());
  }

  /** The flat list `[name, value, …]` as it goes on the wire. Do not change it. */
  toWire(): string[] {
    return this.#list;
  }

  /** Name and value of each line, in order. */
  *entries(): IterableIterator<[string, string]> {
    for (let i = 0; i < this.#list.length; i += 2) yield [this.#list[i]!, this.#list[i + 1]!];
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** For logs: credentials are redacted. */
  toJSON(): Record<string, string> {
    const json: Record<string, string> = Object.create(null);
    for (const [name] of this) json[name] = redactHeader(name, this.get(name) ?? "");
    return json;
  }

  [inspect.custom](_depth: number, options: object): string {
    return `HeaderMap ${inspect({ ...this.toJSON() }, options)}`;
  }
}

function* headerEntries(init: HeadersInit): Iterable<readonly [string, HeaderValue]> {
  if (typeof init !== "object" || init === null) throw invalidArgument("headers", init, "an object, pairs or Headers");
  if (Symbol.iterator in init) {
    for (const pair of init as Iterable<readonly [string, HeaderValue]>) {
      if (!Array.isArray(pair) || pair.length !== 2) throw invalidArgument("headers", pair, "pairs of name and value");
      yield pair as unknown as [string, HeaderValue];
    }
    return;
  }
  for (const name of Object.keys(init)) yield [name, (init as Record<string, HeaderValue>)[name]];
}
