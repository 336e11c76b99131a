/** The worker's part without the worker: takes packets, looks at each once, answers questions about them. */
import { CaptureWriter, openCapture, type Packet, readCapture } from "@sockeye/pcap-decode";
import { Analysis } from "./analysis.ts";
import { detail, endText, infoText } from "./detail.ts";
import { IndexList } from "./index-list.ts";
import type { EngineAnswer, EngineRequest, PacketRow, Snapshot } from "./messages.ts";
import { PacketFilter } from "./packet-filter.ts";
import { classify } from "./protocol.ts";
import { DEFAULT_LIMITS, PacketStore, type StoreLimits } from "./store.ts";
import { type Cell, type Sort, sortRows, type TableName } from "./table.ts";

/** Milliseconds of work before questions get their turn. */
const SLICE = 12;
/** Milliseconds between two snapshots. */
const SNAPSHOT_INTERVAL = 200;
/** Points of the chart. */
const CHART_POINTS = 240;
/** Rows that are given at a time. */
const MAX_ROWS = 1000;
const LINKTYPE_ETHERNET = 1;
const TCP_RESET = 4;

/** What the engine needs of where it runs. */
export interface Surroundings {
  answer(message: EngineAnswer, transfer?: Transferable[]): void;
  /** Resolves when messages that wait have been handled. */
  breathe(): Promise<void>;
  /** Milliseconds, of a clock that does not go back. */
  now(): number;
}

export class Engine {
  readonly #to: Surroundings;
  #limits: StoreLimits = DEFAULT_LIMITS;
  #store = new PacketStore();
  #analysis = new Analysis();
  #filter: PacketFilter | undefined;
  #matches: IndexList | undefined;
  /** The next packet to look at. */
  #cursor = 0;
  #generation = 0;
  /** Rises with each source: what belongs to an older one stops. */
  #source = 0;
  #state: "empty" | "loading" | "ready" | "live" = "empty";
  #read = 0;
  #size = 0;
  #scanning = false;
  #window: number | undefined;
  #lastSnapshot = Number.NEGATIVE_INFINITY;
  #due: ReturnType<typeof setTimeout> | undefined;
  #sorted: { key: string; rows: Cell[][] } | undefined;

  constructor(to: Surroundings) {
    this.#to = to;
  }

  /** Handles a message of the page. Resolves when its work is done. */
  async handle(request: EngineRequest): Promise<void> {
    switch (request.type) {
      case "open":
        return this.#open(request.file);
      case "live":
        this.#reset("live");
        return this.#snapshot(true);
      case "chunk":
        return this.#take(request.bytes);
      case "filter":
        return this.#setFilter(request.id, request.expression);
      case "window":
        this.#window = request.seconds;
        return this.#snapshot(true);
      case "limits":
        this.#limits = request.limits;
        this.#store = new PacketStore(this.#limits);
        return this.#reset("empty");
      case "packets": {
        const { id, from, count } = request;
        const generation = this.#generation;
        return this.#to.answer({ type: "packets", id, generation, from, rows: this.#rows(from, count) });
      }
      case "table":
        return this.#table(request);
      case "detail": {
        const packet = this.#store.packet(request.number);
        const found = packet && detail(packet, request.number);
        return this.#to.answer({ type: "detail", id: request.id, detail: found });
      }
      case "ordinal":
        return this.#to.answer({ type: "ordinal", id: request.id, ordinal: this.#ordinal(request.number) });
      case "export":
        return this.#export(request.id);
    }
  }

  #reset(state: "empty" | "loading" | "live"): void {
    this.#source++;
    this.#state = state;
    this.#store = new PacketStore(this.#limits);
    this.#read = 0;
    this.#size = 0;
    this.#restart();
  }

  /** Looks at everything again. */
  #restart(): void {
    this.#generation++;
    this.#analysis = new Analysis();
    this.#matches = this.#filter && new IndexList();
    this.#cursor = this.#store.first;
    this.#sorted = undefined;
  }

  async #open(file: Blob): Promise<void> {
    this.#reset("loading");
    const source = this.#source;
    const begun = this.#to.now();
    this.#size = file.size;
    this.#snapshot(true);
    try {
      const capture = openCapture(file);
      let last = this.#to.now();
      for await (const batch of capture.batches(512)) {
        if (source !== this.#source) return;
        for (const packet of batch) this.#store.append(packet);
        while (this.#look()) {
          await this.#to.breathe();
          if (source !== this.#source) return;
        }
        this.#read = capture.bytesRead;
        if (this.#to.now() - last > SLICE) {
          this.#snapshot(false);
          await this.#to.breathe();
          if (source !== this.#source) return;
          last = this.#to.now();
        }
      }
      if (source !== this.#source) return;
      this.#read = this.#size;
      this.#state = "ready";
      this.#analysis.finish();
      this.#snapshot(true);
      const milliseconds = this.#to.now() - begun;
      const problem = capture.problem?.message ?? "";
      this.#to.answer({ type: "loaded", packets: this.#store.end, milliseconds, problem });
    } catch (error) {
      if (source !== this.#source) return;
      this.#state = this.#store.end > 0 ? "ready" : "empty";
      this.#snapshot(true);
      this.#to.answer({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #take(bytes: ArrayBuffer): Promise<void> {
    if (this.#state !== "live") return;
    try {
      for (const packet of readCapture(new Uint8Array(bytes))) this.#store.append(packet);
    } catch (error) {
      this.#to.answer({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    }
    this.#to.answer({ type: "taken", bytes: bytes.byteLength });
    await this.#scan();
  }

  async #setFilter(id: number, expression: string): Promise<void> {
    const linkType = this.#store.packet(this.#store.first)?.linkType ?? LINKTYPE_ETHERNET;
    const problem = PacketFilter.check(expression, linkType);
    this.#to.answer({ type: "filter", id, problem: problem?.message ?? "", column: problem?.column });
    if (problem !== undefined || expression.trim() === (this.#filter?.expression ?? "")) return;
    this.#filter = expression.trim() === "" ? undefined : new PacketFilter(expression.trim());
    this.#restart();
    await this.#scan();
  }

  /** Looks at what is left, and lets others speak in between. */
  async #scan(): Promise<void> {
    // The loop that runs takes up what came; while a file loads, that is the loader's.
    if (this.#scanning || this.#state === "loading") return;
    this.#scanning = true;
    try {
      while (this.#look()) {
        this.#snapshot(false);
        await this.#to.breathe();
      }
    } finally {
      this.#scanning = false;
    }
    if (this.#state === "ready") this.#analysis.finish();
    this.#snapshot(this.#state !== "live");
  }

  /** Looks at packets for one slice of time; true when more are left. */
  #look(): boolean {
    const store = this.#store;
    const end = this.#to.now() + SLICE;
    if (this.#cursor < store.first) this.#cursor = store.first;
    for (let n = 0; this.#cursor < store.end; n++) {
      if (n > 0 && n % 64 === 0 && this.#to.now() > end) break;
      const number = this.#cursor++;
      const packet = store.packet(number)!;
      if (this.#filter !== undefined) {
        if (!this.#filter.match(packet)) continue;
        this.#matches!.push(number);
      }
      this.#analysis.add(packet);
    }
    return this.#cursor < store.end;
  }

  /** Ordinals of the list. */
  #range(): { first: number; end: number } {
    if (this.#matches === undefined)
      return { first: this.#store.first, end: Math.max(this.#store.first, this.#cursor) };
    this.#matches.dropBelow(this.#store.first);
    return { first: this.#matches.first, end: this.#matches.end };
  }

  #number(ordinal: number): number | undefined {
    return this.#matches === undefined ? ordinal : this.#matches.at(ordinal);
  }

  #ordinal(number: number): number | undefined {
    const { first, end } = this.#range();
    const ordinal = this.#matches === undefined ? number : this.#matches.ordinalOf(number);
    return ordinal >= first && ordinal < end && this.#number(ordinal) === number ? ordinal : undefined;
  }

  #rows(from: number, count: number): PacketRow[] {
    const rows: PacketRow[] = [];
    const { first, end } = this.#range();
    const begin = Math.max(first, from);
    let before = this.#packetAt(begin - 1);
    for (let ordinal = begin; ordinal < Math.min(end, from + Math.min(count, MAX_ROWS)); ordinal++) {
      const packet = this.#packetAt(ordinal);
      if (packet === undefined) break;
      const what = classify(packet);
      rows.push({
        number: this.#number(ordinal)!,
        seconds: packet.seconds,
        nanoseconds: packet.nanoseconds,
        delta: before === undefined ? 0 : elapsed(before, packet),
        source: endText(what.source, what.sourcePort),
        destination: endText(what.destination, what.destinationPort),
        protocol: what.protocol,
        category: what.category,
        length: packet.originalLength,
        info: infoText(packet),
        mark: packet.error !== undefined ? "malformed" : isReset(packet) ? "reset" : "",
      });
      before = packet;
    }
    return rows;
  }

  #packetAt(ordinal: number): Packet | undefined {
    const number = this.#number(ordinal);
    return number === undefined ? undefined : this.#store.packet(number);
  }

  #table({ id, table, from, count, sort }: EngineRequest & { type: "table" }): void {
    const rows = this.#sortedRows(table, sort);
    const shown = rows.slice(from, from + Math.min(count, MAX_ROWS));
    this.#to.answer({ type: "table", id, from, total: rows.length, rows: shown });
  }

  /** A table in order; kept until a packet changes it, as scrolling asks for it again and again. */
  #sortedRows(table: TableName, sort: Sort): Cell[][] {
    const key = `${table} ${sort.column} ${sort.descending} ${this.#generation} ${this.#analysis.packets} ${this.#state}`;
    if (this.#sorted?.key !== key) {
      const first = this.#store.packet(this.#store.first);
      const start = first === undefined ? 0 : first.seconds + first.nanoseconds / 1e9;
      this.#sorted = { key, rows: sortRows(this.#analysis.rows(table, start), sort) };
    }
    return this.#sorted.rows;
  }

  #snapshot(always: boolean): void {
    const now = this.#to.now();
    if (!always && now - this.#lastSnapshot < SNAPSHOT_INTERVAL) {
      // Not now, but surely: it may be the last packet for a long time.
      this.#due ??= setTimeout(() => this.#snapshot(true), SNAPSHOT_INTERVAL);
      return;
    }
    clearTimeout(this.#due);
    this.#due = undefined;
    this.#lastSnapshot = now;
    const { first, end } = this.#range();
    const store = this.#store;
    const oldest = store.packet(store.first);
    const behind = Math.max(0, store.end - this.#cursor);
    const snapshot: Snapshot = {
      type: "snapshot",
      generation: this.#generation,
      state: this.#state === "ready" && behind > 0 ? "scanning" : this.#state,
      first,
      end,
      received: store.end,
      kept: store.count,
      keptBytes: store.bytes,
      packets: this.#analysis.packets,
      bytes: this.#analysis.bytes,
      malformed: this.#analysis.malformed,
      behind,
      read: this.#read,
      size: this.#size,
      seconds: oldest?.seconds ?? 0,
      nanoseconds: oldest?.nanoseconds ?? 0,
      shares: this.#analysis.shares(),
      series: this.#analysis.throughput.series(CHART_POINTS, this.#window),
      tables: this.#analysis.sizes(),
    };
    this.#to.answer(snapshot);
  }

  async #export(id: number): Promise<void> {
    const pieces: BlobPart[] = [];
    const source = this.#source;
    const writer = await CaptureWriter.open(
      { write: (bytes) => void pieces.push(bytes as Uint8Array<ArrayBuffer>) },
      { format: "pcapng" },
    );
    const { first, end } = this.#range();
    for (let ordinal = first; ordinal < end && source === this.#source; ordinal++) {
      const packet = this.#packetAt(ordinal);
      if (packet !== undefined) await writer.write(packet);
      if (ordinal % 4096 === 0) await this.#to.breathe();
    }
    await writer.close();
    this.#to.answer({ type: "export", id, file: new Blob(pieces, { type: "application/vnd.tcpdump.pcap" }) });
  }
}

function elapsed(before: Packet, packet: Packet): number {
  return packet.seconds - before.seconds + (packet.nanoseconds - before.nanoseconds) / 1e9;
}

function isReset(packet: Packet): boolean {
  const tcp = packet.layers.find((view) => view.layer.name === "TCP") as { flags?: number } | undefined;
  return ((tcp?.flags ?? 0) & TCP_RESET) !== 0;
}
