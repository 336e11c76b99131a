/** HTTP and DNS: requests and their responses, put together from whatever packets they came in. */
import {
  Defragmenter,
  DNSTracker,
  type DNSTransaction,
  DNSType,
  type Endpoint,
  escapeText,
  HTTPTracker,
  type HTTPTransaction,
  type Packet,
  TCPReassembler,
} from "@sockeye/pcap-decode";
import { endText } from "./detail.ts";
import type { Cell } from "./table.ts";

/** Rows that are kept of each kind; then the oldest tenth goes. */
const MAX_ROWS = 50_000;
/** What reassembly may hold: the library's limits are for programs that look at nothing else. */
const LIMITS = { maxStreams: 16_384, maxTotalWaitingBytes: 64 * 1024 * 1024 } as const;
/** Characters of a cell. */
const MAX_TEXT = 300;

const typeNames = new Map<number, string>(Object.entries(DNSType).map(([name, type]) => [type, name]));
const resultNames = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

export class Transactions {
  /** Times are seconds since 1970 here. */
  readonly http: Cell[][] = [];
  readonly dns: Cell[][] = [];
  /** Rows of requests that wait for their response. */
  readonly #open = new WeakMap<HTTPTransaction, Cell[]>();
  readonly #fragments = new Defragmenter();
  readonly #httpTracker: HTTPTracker;
  readonly #dnsTracker: DNSTracker;
  readonly #reassembler: TCPReassembler;

  constructor() {
    this.#httpTracker = new HTTPTracker((transaction) => this.#onHTTP(transaction), {
      maxBodyBytes: 0,
      onRequest: (transaction) => this.#onHTTP(transaction),
    });
    this.#dnsTracker = new DNSTracker((transaction) => keep(this.dns, dnsRow(transaction)));
    this.#reassembler = new TCPReassembler(
      (stream) => [this.#httpTracker.handler(stream), this.#dnsTracker.handler(stream)],
      LIMITS,
    );
  }

  /** Takes a TCP segment. */
  addSegment(packet: Packet): void {
    this.#reassembler.add(packet);
  }

  /** Takes a message of DNS over UDP. */
  addDatagram(packet: Packet): void {
    this.#dnsTracker.addDatagram(packet);
  }

  /** Takes a part of a datagram. */
  addFragment(packet: Packet): void {
    const whole = this.#fragments.add(packet);
    if (whole === undefined) return;
    this.#dnsTracker.addDatagram(whole);
    this.#reassembler.add(whole);
  }

  /** The capture ends: what waits for an answer has none. */
  finish(): void {
    this.#reassembler.finish();
    this.#dnsTracker.finish();
  }

  #onHTTP(transaction: HTTPTransaction): void {
    const row = httpRow(transaction);
    const waiting = this.#open.get(transaction);
    if (waiting !== undefined) waiting.splice(0, waiting.length, ...row);
    else {
      this.#open.set(transaction, row);
      keep(this.http, row);
    }
  }
}

function keep(rows: Cell[][], row: Cell[]): void {
  if (rows.length >= MAX_ROWS) rows.splice(0, MAX_ROWS / 10);
  rows.push(row);
}

function httpRow({ stream, request, response, url, duration }: HTTPTransaction): Cell[] {
  const time = request?.time ?? response?.time;
  const type = response?.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1];
  return [
    time === undefined ? undefined : Number(time),
    textOf(stream.client),
    cut(request?.method),
    cut(url),
    response?.status,
    cut(type?.split(";")[0]),
    response?.body.length,
    duration,
  ];
}

function dnsRow({ client, questions, query, response, latency }: DNSTransaction): Cell[] {
  const time = query?.time ?? response?.time;
  const question = questions[0];
  const answers = response?.answers.map(({ name: _name, type: _type, class: _class, ttl: _ttl, ...data }) =>
    Object.values(data).flat().join(" "),
  );
  const result = response && (resultNames[response.rcode] ?? `error ${response.rcode}`);
  return [
    time === undefined ? undefined : Number(time),
    textOf(client),
    question && (typeNames.get(question.type) ?? `TYPE${question.type}`),
    cut(question?.name),
    cut(answers?.join(", ")),
    result ?? "no answer",
    latency,
  ];
}

function textOf({ address, port }: Endpoint): string {
  return endText(address, port);
}

/** Text of a packet, as text that is safe to show. */
function cut(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escapeText(text.slice(0, MAX_TEXT));
}
