import { checkInteger, InvalidValueError } from "../errors.ts";
import { looksLikeTLS } from "../layers/tls.ts";
import { ja3, ja3s, ja4 } from "../layers/tls-fingerprint.ts";
import {
  type ClientHello,
  negotiatedVersion,
  protocols,
  readClientHello,
  readServerHello,
  type ServerHello,
  serverName,
  supportedVersions,
} from "../layers/tls-hello.ts";
import type { Packet } from "../packet.ts";
import type { Timestamp } from "../timestamp.ts";
import { Defragmenter } from "./defragment.ts";
import { TCPReassembler, type TCPReassemblyOptions } from "./reassemble.ts";
import type { TCPStream, TCPStreamHandler } from "./tcp-stream.ts";

/** What a `TLSTracker` holds. */
export interface TLSTrackerOptions extends TCPReassemblyOptions {
  /** Bytes of one side's hello; a longer one is not read. Default 64 KiB. */
  readonly maxHelloBytes?: number;
  /** Bytes of one side before TLS begins, as with STARTTLS; past it none is expected. Default 64 KiB. */
  readonly maxPlainBytes?: number;
}

/** A TLS session, by the hellos that open it. */
export class TLSSession {
  readonly stream: TCPStream;
  readonly time: Timestamp;
  clientHello: ClientHello | undefined;
  serverHello: ServerHello | undefined;

  /** @internal */
  constructor(stream: TCPStream, time: Timestamp) {
    this.stream = stream;
    this.time = time;
  }

  /** Host name that the client asks for. */
  get serverName(): string | undefined {
    return this.clientHello && serverName(this.clientHello);
  }

  /** Protocol that the server chose; in TLS 1.3 that is encrypted. */
  get alpn(): string | undefined {
    return this.serverHello && protocols(this.serverHello)[0];
  }

  /** Protocols that the client offers. */
  get offeredALPN(): readonly string[] {
    return this.clientHello ? protocols(this.clientHello) : [];
  }

  /** Version that the server chose: 0x0304 is TLS 1.3. */
  get version(): number | undefined {
    return this.serverHello && negotiatedVersion(this.serverHello);
  }

  /** Versions that the client offers. */
  get offeredVersions(): readonly number[] {
    return this.clientHello ? supportedVersions(this.clientHello) : [];
  }

  /** IANA number of the cipher suite that the server chose. */
  get cipherSuite(): number | undefined {
    return this.serverHello?.cipherSuite;
  }

  get ja3(): string | undefined {
    return this.clientHello && ja3(this.clientHello);
  }

  get ja3s(): string | undefined {
    return this.serverHello && ja3s(this.serverHello);
  }

  get ja4(): string | undefined {
    return this.clientHello && ja4(this.clientHello);
  }
}

/**
 * Finds the TLS sessions of a capture on any port, also behind STARTTLS; hellos may span segments and records.
 * `onSession` is called when both hellos were seen, or when the stream ends before.
 *
 * Throws an `InvalidValueError` for an option that is out of range.
 */
export class TLSTracker {
  readonly #onSession: (session: TLSSession) => void;
  readonly #maxHello: number;
  readonly #maxPlain: number;
  readonly #fragments = new Defragmenter();
  readonly #reassembler: TCPReassembler;

  constructor(onSession: (session: TLSSession) => void, options: TLSTrackerOptions = {}) {
    if (typeof onSession !== "function") throw new InvalidValueError("onSession", onSession, "a function");
    const { maxHelloBytes = 64 * 1024, maxPlainBytes = 64 * 1024 } = options;
    this.#onSession = onSession;
    this.#maxHello = checkInteger("maxHelloBytes", maxHelloBytes, 64, Number.MAX_SAFE_INTEGER);
    this.#maxPlain = checkInteger("maxPlainBytes", maxPlainBytes, 0, Number.MAX_SAFE_INTEGER);
    this.#reassembler = new TCPReassembler((stream) => this.handler(stream), options);
  }

  /** Takes the next packet of the capture. */
  add(packet: Packet): void {
    const whole = this.#fragments.add(packet);
    if (whole !== undefined) this.#reassembler.add(whole);
  }

  /** The capture ends: tells sessions that are under way. */
  finish(): void {
    this.#reassembler.finish();
  }

  /** The handler of one stream, for a `TCPReassembler` of your own that others use too. */
  handler(stream: TCPStream): TCPStreamHandler {
    const sides = {
      client: new HelloSide(this.#maxHello, this.#maxPlain),
      server: new HelloSide(this.#maxHello, this.#maxPlain),
    };
    let session: TLSSession | undefined;
    let told = false;
    const tell = () => {
      if (session === undefined || told) return;
      told = true;
      this.#onSession(session);
    };
    return {
      data({ from, bytes, missing, time }) {
        if (told) return;
        const side = sides[from];
        if (missing > 0) side.gap();
        else side.push(bytes);
        if (side.handshake === undefined || side.read) return;
        session ??= new TLSSession(stream, time);
        take(session, side);
        const over = (each: HelloSide) => each.read || each.lost;
        if (session.clientHello !== undefined && session.serverHello !== undefined) tell();
        else if (over(sides.client) && over(sides.server)) tell();
      },
      close: tell,
    };
  }
}

/** Reads the hello that a side's first handshake message is. */
function take(session: TLSSession, side: HelloSide): void {
  const message = side.handshake!;
  const client = readClientHello(message);
  const server = client === undefined ? readServerHello(message) : undefined;
  if (client !== undefined) session.clientHello ??= client;
  if (server !== undefined) session.serverHello ??= server;
  side.read = true;
}

const HANDSHAKE = 22;
const RECORD_HEADER = 5;

/** One side of a stream until its hello is there. */
class HelloSide {
  readonly #maxHello: number;
  #plainLeft: number;
  #records: Uint8Array = new Uint8Array(0);
  #filled = 0;
  /** Bytes without which there is nothing new to join. */
  #needed = 0;
  /** The first handshake message, when it is whole. */
  handshake: Uint8Array | undefined;
  /** Whether the hello was taken. */
  read = false;
  /** Whether no hello is expected any more. */
  lost = false;

  constructor(maxHello: number, maxPlain: number) {
    this.#maxHello = maxHello;
    this.#plainLeft = maxPlain;
  }

  /** A hello with a hole is none; one may still come behind the gap. */
  gap(): void {
    this.#filled = 0;
    this.#needed = 0;
  }

  push(bytes: Uint8Array): void {
    if (this.lost || this.read) return;
    if (this.#filled === 0 && !(looksLikeTLS(bytes, 0, bytes.length) && bytes[0] === HANDSHAKE) && !isCut(bytes)) {
      this.#plainLeft -= bytes.length;
      if (this.#plainLeft < 0) this.lost = true;
      return;
    }
    const length = this.#filled + bytes.length;
    if (length > this.#records.length) {
      const grown = new Uint8Array(Math.max(length, this.#records.length * 2));
      grown.set(this.#records);
      this.#records = grown;
    }
    this.#records.set(bytes, this.#filled);
    this.#filled = length;
    if (this.#collect() || this.#filled <= this.#maxHello) return;
    this.lost = true;
    this.#records = new Uint8Array(0);
  }

  /** Joins the fragments of handshake records until the first message is whole. */
  #collect(): boolean {
    if (this.#filled < this.#needed) return false;
    const b = this.#records;
    const parts: Uint8Array[] = [];
    let length = 0;
    for (let at = 0; this.#filled - at >= RECORD_HEADER && b[at] === HANDSHAKE; ) {
      const end = at + RECORD_HEADER + ((b[at + 3]! << 8) | b[at + 4]!);
      const stop = Math.min(this.#filled, end);
      this.#needed = end + (end <= this.#filled ? RECORD_HEADER : 0);
      parts.push(b.subarray(at + RECORD_HEADER, stop));
      length += stop - at - RECORD_HEADER;
      at = stop;
    }
    if (length < 4) return false;
    const all = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    if (length < 4 + ((all[1]! << 16) | (all[2]! << 8) | all[3]!)) return false;
    this.handshake = all;
    this.#records = new Uint8Array(0);
    return true;
  }
}

/** Whether so few bytes may be the start of a record. */
function isCut(bytes: Uint8Array): boolean {
  return bytes.length < 6 && bytes[0] === HANDSHAKE && (bytes[1] ?? 3) === 3;
}
