import { latin1 } from "../layers/content.ts";
import { startLine } from "../layers/text-message.ts";
import { Timestamp } from "../timestamp.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import type { BodyFraming, HTTPMessage } from "./http-message.ts";

/** What reads one direction of a connection asks, and tells. */
export interface HTTPParserEvents<M extends HTTPMessage> {
  /** The message of a head whose first line is `line`; `undefined` when it is none. */
  parse(line: string, head: string, time: Timestamp): M | undefined;
  /** A message with a head of so many bytes begins; how its body ends. */
  begin(message: M, headBytes: number): BodyFraming;
  /** A message ends; `complete` tells whether it is all there. */
  end(message: M): void;
  /** Keeps bytes of a body, or counts them. */
  body(message: M, bytes: Uint8Array): void;
  /** Whether the next bytes are a body without a head, as an answer to HTTP/0.9. */
  headless?(time: Timestamp): M | undefined;
  /** Whether a first line without a version ends the head. */
  readonly simple: boolean;
}

type State =
  | "head"
  | "length"
  | "chunk-size"
  | "chunk-data"
  | "chunk-end"
  | "trailer"
  | "close"
  /** Another protocol's bytes from here on. */
  | "tunnel"
  /** Bytes are missing: the next message is looked for at the start of each chunk. */
  | "lost";

const LF = 10;
const CR = 13;
/** A size line of a chunk with its extensions. */
const MAX_SIZE_LINE = 4096;
/** A first line is at least so far tellable from other protocols. */
const START = /^(?:http\/\d|[A-Z][A-Z_-]{1,31} )|^HTTP\/\d/;
const OPENING = 40;
const START_PREFIX = /^(?:http\/?|htt?|h|HTTP\/|[A-Z][A-Z_-]{0,31})$/;

/** Splits one direction of a connection into messages. Takes any cut of the bytes, and goes on behind gaps. */
export class HTTPParser<M extends HTTPMessage> {
  readonly #events: HTTPParserEvents<M>;
  readonly #maxHead: number;
  #state: State = "head";
  #message: M | undefined;
  /** What a head, a size line or a line of a trailer has so far. */
  readonly #line = new ByteBuffer();
  #scanned = 0;
  /** Whether the first line of the head under way was found to be one. */
  #checked = false;
  #left = 0;
  #time = new Timestamp(0, 0);
  #began = new Timestamp(0, 0);

  constructor(events: HTTPParserEvents<M>, maxHead: number) {
    this.#events = events;
    this.#maxHead = maxHead;
  }

  /** Whether the direction has turned out to be no HTTP, or to have become another protocol. */
  get tunnel(): boolean {
    return this.#state === "tunnel";
  }

  /** Whether bytes are missing that may have held messages. */
  get lost(): boolean {
    return this.#state === "lost";
  }

  /** Memory of what is under way and no message yet. */
  get gathered(): number {
    return this.#line.memory;
  }

  /** Lets go of what is under way: the next message is looked for at the start of each chunk. */
  giveUp(): void {
    if (this.#state !== "tunnel") this.#fail();
  }

  /** The bytes from here on are another protocol's. */
  leave(): void {
    this.#state = "tunnel";
    this.#forget();
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array, time: Timestamp): void {
    this.#time = time;
    if (this.#state === "lost" && START.test(latin1(bytes, 0, Math.min(bytes.length, OPENING)))) this.#state = "head";
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "tunnel" || this.#state === "lost") return;
      at = this.#step(bytes, at);
    }
  }

  /** Takes a gap of `missing` bytes. */
  gap(missing: number, time: Timestamp): void {
    this.#time = time;
    const message = this.#message;
    const inside =
      this.#state === "close" || ((this.#state === "length" || this.#state === "chunk-data") && missing <= this.#left);
    if (message !== undefined && inside) {
      message.body.length += missing;
      message.body.missing += missing;
      if (this.#state !== "close") this.#consume(missing);
      return;
    }
    if (this.#state === "tunnel") return;
    this.#abandon();
    this.#state = "lost";
  }

  /** The direction ends. `orderly`: by a FIN, so that a body which goes on until then is whole. */
  finish(orderly: boolean): void {
    if (this.#state === "close" && orderly) this.#complete();
    else this.#abandon();
    if (this.#state !== "tunnel") this.#state = "head";
    this.#forget();
  }

  /** Gives up the message that is under way. */
  #abandon(): void {
    const message = this.#message;
    this.#message = undefined;
    this.#forget();
    if (message === undefined) return;
    message.endTime = this.#time;
    this.#events.end(message);
  }

  #complete(): void {
    const message = this.#message;
    this.#message = undefined;
    if (this.#state !== "tunnel") this.#state = "head";
    if (message === undefined) return;
    message.endTime = this.#time;
    const { body } = message;
    message.complete = body.missing === 0;
    body.complete = message.complete && body.kept === body.length;
    this.#events.end(message);
  }

  #step(bytes: Uint8Array, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#head(bytes, at);
      case "length":
      case "chunk-data": {
        const stop = Math.min(bytes.length, at + this.#left);
        this.#body(bytes.subarray(at, stop));
        this.#consume(stop - at);
        return stop;
      }
      case "close":
        this.#body(bytes.subarray(at));
        return bytes.length;
      case "chunk-end":
        // The line break behind a chunk's data; whatever else is there is no chunked body any more.
        if (bytes[at] === LF) this.#state = "chunk-size";
        else if (bytes[at] !== CR) this.#fail();
        return at + 1;
      default:
        return this.#lineStep(bytes, at);
    }
  }

  #body(bytes: Uint8Array): void {
    const message = this.#message!;
    message.body.length += bytes.length;
    message.endTime = this.#time;
    this.#events.body(message, bytes);
  }

  #consume(length: number): void {
    this.#left -= length;
    if (this.#left > 0) return;
    if (this.#state === "chunk-data") this.#state = "chunk-end";
    else this.#complete();
  }

  /** What follows cannot be understood. */
  #fail(): void {
    this.#abandon();
    this.#state = "lost";
  }

  /** Lets go of the line under way. */
  #forget(): void {
    this.#line.clear();
    this.#scanned = 0;
    this.#checked = false;
  }

  /** A size line of a chunk, or a line of the trailer. */
  #lineStep(bytes: Uint8Array, at: number): number {
    const end = bytes.indexOf(LF, at);
    const stop = end < 0 ? bytes.length : end + 1;
    const limit = this.#state === "trailer" ? this.#maxHead : MAX_SIZE_LINE;
    if (this.#line.length + stop - at > limit) {
      this.#fail();
      return stop;
    }
    this.#line.push(bytes.subarray(at, stop));
    if (end < 0) return stop;
    const line = latin1(this.#line.bytes, 0, this.#line.length).trim();
    this.#forget();
    if (this.#state === "trailer") {
      if (line === "") this.#complete();
      return stop;
    }
    const size = /^([0-9a-fA-F]{1,13})[ \t]*(?:;.*)?$/.exec(line);
    if (size === null) this.#fail();
    else {
      this.#left = Number.parseInt(size[1]!, 16);
      this.#state = this.#left === 0 ? "trailer" : "chunk-data";
    }
    return stop;
  }

  #head(bytes: Uint8Array, start: number): number {
    let at = start;
    if (this.#line.length === 0) {
      // Empty lines before a message are to be ignored (RFC 9112 section 2.2).
      while (at < bytes.length && (bytes[at] === CR || bytes[at] === LF)) at++;
      if (at === bytes.length) return at;
      this.#began = this.#time;
      const message = this.#events.headless?.(this.#time);
      if (
        message !== undefined &&
        !latin1(bytes, at, Math.min(bytes.length, at + 5))
          .toUpperCase()
          .startsWith("HTTP/")
      ) {
        this.#begin(message, 0);
        return at;
      }
    }
    const before = this.#line.length;
    const stop = Math.min(bytes.length, at + this.#maxHead - before);
    this.#line.push(bytes.subarray(at, stop));
    const line = this.#line.bytes;
    const opening = before < OPENING ? latin1(line, 0, Math.min(line.length, OPENING)) : "";
    const end = this.#headEnd();
    const isForeign = opening !== "" && !START.test(opening) && !START_PREFIX.test(opening);
    if (isForeign || (!this.#checked && !this.#checkFirstLine()) || (end < 0 && line.length >= this.#maxHead)) {
      this.#fail();
      return bytes.length;
    }
    if (end < 0) return stop;
    const text = latin1(line, 0, end);
    this.#forget();
    const message = this.#events.parse(startLine(text).trimEnd(), text, this.#began);
    if (message === undefined) this.#fail();
    else this.#begin(message, end);
    return at + end - before;
  }

  /** False when the first line is there and is none of HTTP: nothing more is gathered then. */
  #checkFirstLine(): boolean {
    const { bytes } = this.#line;
    const lf = bytes.indexOf(LF);
    if (lf < 0) return true;
    this.#checked = true;
    const line = latin1(bytes, 0, lf).trimEnd();
    return this.#events.parse(line, line, this.#began) !== undefined;
  }

  /** Where the head ends, behind its empty line, or -1. Each byte is looked at once. */
  #headEnd(): number {
    const line = this.#line.bytes;
    let at = this.#scanned;
    for (;;) {
      const lf = line.indexOf(LF, at);
      if (lf < 0) break;
      const isFirst = this.#events.simple && !this.#checked && line.indexOf(LF) === lf;
      if (isFirst && !/HTTP\/\d\.\d\s*$/i.test(latin1(line, 0, lf))) return lf + 1;
      if (line[lf + 1] === LF) return lf + 2;
      if (line[lf + 1] === CR && line[lf + 2] === LF) return lf + 3;
      // The break that ends the head may still be under way.
      if (lf + 2 >= line.length) {
        this.#scanned = lf;
        return -1;
      }
      at = lf + 1;
    }
    this.#scanned = line.length;
    return -1;
  }

  #begin(message: M, headBytes: number): void {
    this.#message = message;
    message.endTime = this.#time;
    const framing = this.#events.begin(message, headBytes);
    // A handler may have left for another protocol meanwhile.
    if (framing.kind === "tunnel") {
      this.#state = "tunnel";
      this.#complete();
    } else if (framing.kind === "none" || (framing.kind === "length" && framing.length === 0)) this.#complete();
    else if (framing.kind === "invalid") this.#fail();
    else if (framing.kind === "length") {
      this.#left = framing.length;
      this.#state = "length";
    } else this.#state = framing.kind === "chunked" ? "chunk-size" : "close";
  }
}
