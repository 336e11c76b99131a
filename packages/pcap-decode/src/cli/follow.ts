import { InvalidValueError } from "../errors.ts";
import { toHex } from "../hex.ts";
import { Defragmenter } from "../streams/defragment.ts";
import type { Endpoint } from "../streams/endpoint.ts";
import { TCPReassembler } from "../streams/reassemble.ts";
import type { StreamChunk, StreamSide } from "../streams/tcp-chunk.ts";
import type { TCPStream } from "../streams/tcp-stream.ts";
import { type CommonOptions, type SelectOptions, Session } from "./session.ts";

/** How bytes are printed. */
type FollowFormat = "ascii" | "hex" | "raw";

/** Options of `follow`. */
export interface FollowCommandOptions extends CommonOptions, SelectOptions {
  readonly format: FollowFormat;
  readonly from?: StreamSide | undefined;
}

const RULE = "=".repeat(67);
const LINE = 16;

/** Prints what TCP streams carry, laid out as tshark's `-z follow,tcp`: one by number, or all of a filter. */
export async function follow(path: string, words: readonly string[], options: FollowCommandOptions): Promise<number> {
  const isNumber = words.length === 1 && /^\d{1,15}$/.test(words[0]!);
  const wanted = isNumber ? Number(words[0]) : undefined;
  const session = new Session(options);
  const printers: StreamPrinter[] = [];
  const ready: StreamPrinter[] = [];
  const reassembler = new TCPReassembler(
    (stream) => {
      if (wanted !== undefined && stream.index !== wanted) return undefined;
      const printer = new StreamPrinter(stream, options);
      printers.push(printer);
      return { data: (chunk) => printer.add(chunk), close: () => void ready.push(printer) };
    },
    // A stream is printed when it is over; a pause is no end of it.
    { idleTimeout: Number.POSITIVE_INFINITY },
  );
  const fragments = new Defragmenter();
  const print = async () => {
    for (const printer of ready.splice(0)) await session.out.line(printer.text(session));
  };
  const filter = isNumber ? "" : words.join(" ");
  await session.each(session.open(path, { ...options, filter }), options, (packet) => {
    const whole = fragments.add(packet);
    if (whole !== undefined) reassembler.add(whole);
    return ready.length > 0 ? print() : undefined;
  });
  reassembler.finish();
  await print();
  if (wanted !== undefined && printers.length === 0) {
    const { streams } = reassembler.statistics;
    throw new InvalidValueError("STREAM", wanted, streams === 0 ? "a capture with TCP" : `a number below ${streams}`);
  }
  await session.out.flush();
  return session.exitCode;
}

/** Collects the text of one stream. */
class StreamPrinter {
  readonly #stream: TCPStream;
  readonly #options: FollowCommandOptions;
  readonly #lines: { readonly from: StreamSide; readonly text: string }[] = [];
  readonly #offsets = { client: 0, server: 0 };

  constructor(stream: TCPStream, options: FollowCommandOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  add({ from, bytes, missing }: StreamChunk): void {
    if (this.#options.from !== undefined && from !== this.#options.from) return;
    // tshark marks the second node's data by a tab, and counts gaps by a text of its own.
    const tab = from === this.#stream.firstSender ? "" : "\t";
    const data = missing > 0 ? new TextEncoder().encode(`[${missing} bytes missing in capture file]\0`) : bytes;
    this.#lines.push({ from, text: this.#text(data, tab, from) });
  }

  text(session: Session): string {
    const { client, server, firstSender, index } = this.#stream;
    const nodes = firstSender === "client" ? [client, server] : [server, client];
    const { paint } = session;
    return [
      "",
      RULE,
      `Follow: tcp,${this.#options.format}`,
      `Filter: tcp.stream eq ${index}`,
      ...nodes.map((node, i) => `Node ${i}: ${nodeText(node)}`),
      ...this.#lines.map(({ from, text }) => (from === firstSender ? paint.cyan(text) : paint.magenta(text))),
      RULE,
    ].join("\n");
  }

  #text(bytes: Uint8Array, tab: string, from: StreamSide): string {
    const { format } = this.#options;
    if (format === "raw") return tab + toHex(bytes);
    if (format === "ascii") return `${tab}${bytes.length}\n${asciiText(bytes)}`;
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += LINE) {
      lines.push(tab + hexLine(this.#offsets[from] + at, bytes.subarray(at, at + LINE)));
    }
    this.#offsets[from] += bytes.length;
    return lines.join("\n");
  }
}

function nodeText({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Printable characters, line ends and tabs; dots for the rest, so that nothing reaches the terminal but text. */
function asciiText(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    const isBreak = byte === 10 || byte === 9 || (byte === 13 && bytes[i + 1] === 10);
    text += isBreak || (byte >= 32 && byte < 127) ? String.fromCharCode(byte) : ".";
  }
  return text;
}

function hexLine(offset: number, bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const text = Array.from(bytes, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "."));
  const half = (items: string[], glue: string) =>
    `${items.slice(0, 8).join(glue)}${items.length > 8 ? (glue === "" ? " " : "  ") : ""}${items.slice(8).join(glue)}`;
  return `${offset.toString(16).padStart(8, "0")}  ${half(hex, " ").padEnd(48)}  ${half(text, "")}`.trimEnd();
}
