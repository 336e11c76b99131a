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
import { ByteBuffer } from "./byte-buffer.ts";
import { Defragmenter } from "./defragment.ts";
import { TCPReassembler, type TCPReassemblyOptions } from "./reassemble.ts";
import { SharedLimit } from "./shared-limit.ts";
import type { StreamChunk, StreamSide } from "./tcp-chunk.ts";
import type { TCPStream, TCPStreamHandler } from "./tcp-stream.ts";

/** What a `TLSTracker` holds. */
export interface TLSTrackerOptions extends TCPReassemblyOptions {
  /** Bytes of one side's hello; a longer one is not read. Default 64 KiB. */
  readonly maxHelloBytes?: number;
  /**
   * Memory, in bytes, of the hellos of all sessions that are under way, with what objects take for them; past it the
   * session that waits for longest is told as it is. Default 64 MiB.
   */
  readonly maxTotalHelloBytes?: number;
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
  readonly #held: SharedLimit<HelloPair>;
  readonly #fragments = new Defragmenter();
  readonly #reassembler: TCPReassembler;

  constructor(onSession: (session: TLSSession) => void, options: TLSTrackerOptions = {}) {
    if (typeof onSession !== "function") throw new InvalidValueError("onSession", onSession, "a function");
    const { maxHelloBytes = 64 * 1024, maxPlainBytes = 64 * 1024, maxTotalHelloBytes = 64 * 2 ** 20 } = options;
    this.#onSession = onSession;
    this.#maxHello = checkInteger("maxHelloBytes", maxHelloBytes, 64, Number.MAX_SAFE_INTEGER);
    this.#maxPlain = checkInteger("maxPlainBytes", maxPlainBytes, 0, Number.MAX_SAFE_INTEGER);
    const total = checkInteger("maxTotalHelloBytes", maxTotalHelloBytes, 1, Number.MAX_SAFE_INTEGER);
    this.#held = new SharedLimit(total, (pair) => pair.end());
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
    const pair = new HelloPair(stream, this.#maxHello, this.#maxPlain, this.#onSession);
    return {
      data: (chunk) => {
        if (pair.over) return;
        pair.take(chunk);
        this.#held.set(pair, pair.memory);
      },
      close: () => {
        pair.end();
        this.#held.set(pair, 0);
      },
    };
  }
}

/** The two hellos of a stream, until both were seen or none is expected any more. */
class HelloPair {
  readonly #stream: TCPStream;
  readonly #onSession: (session: TLSSession) => void;
  #sides: Readonly<Record<StreamSide, HelloSide>> | undefined;
  #session: TLSSession | undefined;

  constructor(stream: TCPStream, maxHello: number, maxPlain: number, onSession: (session: TLSSession) => void) {
    this.#stream = stream;
    this.#onSession = onSession;
    this.#sides = { client: new HelloSide(maxHello, maxPlain), server: new HelloSide(maxHello, maxPlain) };
  }

  /** Whether nothing more is looked at. */
  get over(): boolean {
    return this.#sides === undefined;
  }

  /** Memory that it takes. */
  get memory(): number {
    if (this.#sides === undefined) return 0;
    const { client, server } = this.#sides;
    return (
      client.memory + server.memory + helloMemory(this.#session?.clientHello) + helloMemory(this.#session?.serverHello)
    );
  }

  take({ from, bytes, missing, time }: StreamChunk): void {
    const sides = this.#sides!;
    const side = sides[from];
    if (missing > 0) side.gap();
    else side.push(bytes);
    if (side.handshake === undefined) return;
    this.#session ??= new TLSSession(this.#stream, time);
    take(this.#session, side);
    const { clientHello, serverHello } = this.#session;
    const over = (each: HelloSide) => each.read || each.lost;
    if ((clientHello && serverHello) || (over(sides.client) && over(sides.server))) this.end();
  }

  /** Tells the session, if there is one, as far as it was seen, and lets go of everything. */
  end(): void {
    const session = this.#session;
    this.#sides = undefined;
    this.#session = undefined;
    if (session !== undefined) this.#onSession(session);
  }
}

/** Memory of the objects of a hello, of an extension and of a cipher suite, as measured on V8. */
const HELLO_OVERHEAD = 1024;
const EXTENSION_OVERHEAD = 96;
const SUITE_SIZE = 8;

function helloMemory(hello: ClientHello | ServerHello | undefined): number {
  if (hello === undefined) return 0;
  const suites = "cipherSuites" in hello ? hello.cipherSuites.length : 1;
  const data = hello.extensions.reduce((sum, extension) => sum + extension.data.length + EXTENSION_OVERHEAD, 0);
  return HELLO_OVERHEAD + suites * SUITE_SIZE + data;
}

/** Reads the hello that a side's first handshake message is. */
function take(session: TLSSession, side: HelloSide): void {
  const message = side.handshake!;
  side.handshake = undefined;
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
  readonly #records = new ByteBuffer();
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

  /** Memory of what is there of the hello. */
  get memory(): number {
    return this.#records.memory;
  }

  /** A hello with a hole is none; one may still come behind the gap. */
  gap(): void {
    this.#records.clear();
    this.#needed = 0;
  }

  push(bytes: Uint8Array): void {
    if (this.lost || this.read) return;
    const isStart = this.#records.length === 0;
    if (isStart && !(looksLikeTLS(bytes, 0, bytes.length) && bytes[0] === HANDSHAKE) && !isCut(bytes)) {
      this.#plainLeft -= bytes.length;
      if (this.#plainLeft < 0) this.lost = true;
      return;
    }
    this.#records.push(bytes);
    if (this.#collect() || this.#records.length <= this.#maxHello) return;
    this.lost = true;
    this.#records.clear();
  }

  /** Joins the fragments of handshake records until the first message is whole. */
  #collect(): boolean {
    const b = this.#records.bytes;
    if (b.length < this.#needed) return false;
    const parts: Uint8Array[] = [];
    let length = 0;
    for (let at = 0; b.length - at >= RECORD_HEADER && b[at] === HANDSHAKE; ) {
      const end = at + RECORD_HEADER + ((b[at + 3]! << 8) | b[at + 4]!);
      const stop = Math.min(b.length, end);
      this.#needed = end + (end <= b.length ? RECORD_HEADER : 0);
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
    this.#records.clear();
    return true;
  }
}

/** Whether so few bytes may be the start of a record. */
function isCut(bytes: Uint8Array): boolean {
  return bytes.length < 6 && bytes[0] === HANDSHAKE && (bytes[1] ?? 3) === 3;
}
