import { fromHex, toHex } from "../hex.ts";
import { latin1 } from "./content.ts";

/** An extension of a hello; `data` is hexadecimal. */
export interface TLSExtension {
  readonly type: number;
  readonly data: string;
}

/** A ClientHello (RFC 8446 section 4.1.2), as far as the packet has it. */
export interface ClientHello {
  readonly version: number;
  readonly random: string;
  readonly sessionId: string;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: readonly number[];
  readonly extensions: readonly TLSExtension[];
}

/** A ServerHello (RFC 8446 section 4.1.3). */
export interface ServerHello {
  readonly version: number;
  readonly random: string;
  readonly sessionId: string;
  readonly cipherSuite: number;
  readonly compressionMethod: number;
  readonly extensions: readonly TLSExtension[];
}

const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;

/** Reads length-prefixed parts one after the other; past the end everything is empty and `ok` is false. */
class Cursor {
  readonly #b: Uint8Array;
  #at: number;
  readonly #end: number;
  ok = true;

  constructor(b: Uint8Array, at: number, end: number) {
    this.#b = b;
    this.#at = at;
    this.#end = end;
  }
  get left(): number {
    return this.#end - this.#at;
  }
  number(bytes: number): number {
    if (bytes > this.left) {
      this.ok = false;
      this.#at = this.#end;
      return 0;
    }
    let value = 0;
    for (let i = 0; i < bytes; i++) value = value * 256 + this.#b[this.#at++]!;
    return value;
  }
  /** The next `length` bytes, or what there is of them. */
  part(length: number): Cursor {
    if (length > this.left) this.ok = false;
    const stop = Math.min(this.#end, this.#at + length);
    const part = new Cursor(this.#b, this.#at, stop);
    this.#at = stop;
    return part;
  }
  hex(): string {
    return toHex(this.#b, this.#at, this.#end);
  }
  text(): string {
    return latin1(this.#b, this.#at, this.#end);
  }
}

function extensions(cursor: Cursor): TLSExtension[] {
  const list: TLSExtension[] = [];
  const block = cursor.part(cursor.number(2));
  while (block.left >= 4) {
    const type = block.number(2);
    const data = block.part(block.number(2));
    if (!block.ok) break;
    list.push({ type, data: data.hex() });
  }
  return list;
}

/** A message of this type with a plausible length and version: encrypted messages may start with any byte. */
function isHello(b: Uint8Array, type: number): boolean {
  return b.length >= 4 + 2 + 32 && b[0] === type && b[1] === 0 && (b[4] === 3 || b[4] === 0x7f);
}

/** Where the first message ends: others may follow it. */
function messageEnd(b: Uint8Array): number {
  return Math.min(b.length, 4 + ((b[1]! << 16) | (b[2]! << 8) | b[3]!));
}

/** The ClientHello in handshake bytes, or `undefined`. */
export function readClientHello(b: Uint8Array): ClientHello | undefined {
  if (!isHello(b, 1)) return undefined;
  const cursor = new Cursor(b, 4, messageEnd(b));
  const version = cursor.number(2);
  const random = cursor.part(32).hex();
  const sessionId = cursor.part(cursor.number(1)).hex();
  const suites = cursor.part(cursor.number(2));
  const cipherSuites: number[] = [];
  while (suites.left >= 2) cipherSuites.push(suites.number(2));
  const methods = cursor.part(cursor.number(1));
  const compressionMethods: number[] = [];
  while (methods.left >= 1) compressionMethods.push(methods.number(1));
  return { version, random, sessionId, cipherSuites, compressionMethods, extensions: extensions(cursor) };
}

/** The ServerHello in handshake bytes, or `undefined`. */
export function readServerHello(b: Uint8Array): ServerHello | undefined {
  if (!isHello(b, 2)) return undefined;
  const cursor = new Cursor(b, 4, messageEnd(b));
  const version = cursor.number(2);
  const random = cursor.part(32).hex();
  // Drafts of TLS 1.3 before 22 had neither session nor compression here.
  const isEarlyDraft = version >= 0x7f00 && version < 0x7f16;
  const sessionId = isEarlyDraft ? "" : cursor.part(cursor.number(1)).hex();
  const cipherSuite = cursor.number(2);
  const compressionMethod = isEarlyDraft ? 0 : cursor.number(1);
  return { version, random, sessionId, cipherSuite, compressionMethod, extensions: extensions(cursor) };
}

function find(hello: { readonly extensions: readonly TLSExtension[] }, type: number): Cursor | undefined {
  const found = hello.extensions.find((extension) => extension.type === type);
  if (found === undefined) return undefined;
  const bytes = fromHex(found.data);
  return new Cursor(bytes, 0, bytes.length);
}

/** Host name of the server name extension (RFC 6066 section 3). */
export function serverName(hello: ClientHello): string | undefined {
  const cursor = find(hello, SERVER_NAME);
  if (cursor === undefined) return undefined;
  const list = cursor.part(cursor.number(2));
  while (list.left >= 3) {
    const type = list.number(1);
    const name = list.part(list.number(2));
    if (type === 0 && list.ok) return name.text();
  }
  return undefined;
}

/** Protocols of the application-layer protocol negotiation (RFC 7301). */
export function protocols(hello: { readonly extensions: readonly TLSExtension[] }): string[] {
  const cursor = find(hello, ALPN);
  if (cursor === undefined) return [];
  const list = cursor.part(cursor.number(2));
  const names: string[] = [];
  while (list.left >= 1) names.push(list.part(list.number(1)).text());
  return names;
}

/** The numbers of a list extension, each `size` bytes, behind a length of `prefix` bytes. */
export function numberList(
  hello: { readonly extensions: readonly TLSExtension[] },
  type: number,
  prefix: number,
  size: number,
): number[] {
  const cursor = find(hello, type);
  if (cursor === undefined) return [];
  const list = cursor.part(cursor.number(prefix));
  const numbers: number[] = [];
  while (list.left >= size) numbers.push(list.number(size));
  return numbers;
}

/** Versions a client offers; the field of old when the extension is missing. */
export function supportedVersions(hello: ClientHello): number[] {
  const versions = numberList(hello, SUPPORTED_VERSIONS, 1, 2);
  return versions.length > 0 ? versions : [hello.version];
}

/** The version that a server chose: that of its extension, which has two bytes in a ServerHello (RFC 8446 section 4.2.1). */
export function negotiatedVersion(hello: ServerHello): number {
  return find(hello, SUPPORTED_VERSIONS)?.number(2) ?? hello.version;
}
