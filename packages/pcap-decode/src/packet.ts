import { plainBytes } from "./container/bytes.ts";
import type { CaptureInterface } from "./container/interface.ts";
import type { CaptureOption } from "./container/option.ts";
import { hexdump } from "./format/hexdump.ts";
import { type PacketJSON, packetToJSON } from "./format/json.ts";
import { packetSummary } from "./format/summary.ts";
import { packetTree } from "./format/tree.ts";
import { type LayerType, type LayerView, layerById } from "./layer.ts";
import { SLOT_SIZE } from "./step.ts";
import { Timestamp } from "./timestamp.ts";
import { type DecodeError, slots, state, walk } from "./walk.ts";

/**
 * A packet over the bytes it was read from. Nothing is decoded until asked for: the first question walks the layers
 * once, and each field is read from the bytes whenever it is used. Decoding never throws; what is wrong is `error`.
 */
export class Packet {
  /** The memory that holds the packet, and others; `bytes` is the packet alone. */
  readonly buffer: Uint8Array;
  /** Where the packet starts in `buffer`. */
  readonly offset: number;
  /** Bytes that are there. */
  readonly capturedLength: number;
  /** Bytes on the wire. */
  readonly originalLength: number;
  /** LINKTYPE_ number: what the first layer is. */
  readonly linkType: number;
  /** Whole seconds of `time`. */
  readonly seconds: number;
  /** Nanoseconds within the second of `time`. */
  readonly nanoseconds: number;
  /** What it was captured on, when it comes from a file. */
  readonly interface: CaptureInterface | undefined;
  /** pcapng options of the packet's block: flags, hash, comments, … */
  readonly options: readonly CaptureOption[] | undefined;
  /** Number of the last walk over the packet; see `WalkState`. */
  #walk = 0;

  static {
    state.walkOf = (packet) => (packet as Packet).#walk;
    state.setWalk = (packet, walk) => {
      (packet as Packet).#walk = walk;
    };
  }

  constructor(
    buffer: Uint8Array,
    offset: number,
    capturedLength: number,
    originalLength: number,
    linkType: number,
    seconds: number,
    nanoseconds: number,
    captureInterface?: CaptureInterface,
    options?: readonly CaptureOption[],
  ) {
    this.buffer = buffer;
    this.offset = offset;
    this.capturedLength = capturedLength;
    this.originalLength = originalLength;
    this.linkType = linkType;
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    this.interface = captureInterface;
    this.options = options;
  }

  /** A packet of `bytes`; Ethernet unless `linkType` says otherwise, time now unless given. The bytes are not copied. */
  static from(
    bytes: Uint8Array,
    options: {
      readonly linkType?: number;
      readonly time?: Date | number | bigint | Timestamp;
      readonly originalLength?: number;
    } = {},
  ): Packet {
    const time = Timestamp.from(options.time ?? new Date());
    const original = options.originalLength ?? bytes.length;
    return new Packet(
      plainBytes(bytes),
      0,
      bytes.length,
      original,
      options.linkType ?? 1,
      time.seconds,
      time.nanoseconds,
    );
  }

  /** When it was captured. */
  get time(): Timestamp {
    return new Timestamp(this.seconds, this.nanoseconds);
  }

  /** The captured bytes; shares memory with `buffer`. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(this.offset, this.offset + this.capturedLength);
  }

  /** Whether the packet has the layer. */
  has(layer: LayerType): boolean {
    return walk(this, layer.id, 0, false) !== undefined;
  }

  /** The view of the layer, or of its `nth` occurrence from 0 (tunnels, stacked tags); `undefined` without one. */
  get<V extends LayerView>(layer: LayerType<V>, nth = 0): V | undefined {
    return walk(this, layer.id, nth, true) as V | undefined;
  }

  /** The views of every occurrence of the layer, outermost first. */
  all<V extends LayerView>(layer: LayerType<V>): V[] {
    const views: V[] = [];
    for (let nth = 0; ; nth++) {
      const view = this.get(layer, nth);
      if (view === undefined) return views;
      views.push(view);
    }
  }

  /** The view of the layer; throws a `RangeError` that tells what the packet has instead. */
  require<V extends LayerView>(layer: LayerType<V>, nth = 0): V {
    const view = this.get(layer, nth);
    if (view !== undefined) return view;
    const found = this.layers.map((each) => each.layer.name).join(" / ") || "no layer that is known here";
    throw new RangeError(`The packet has no ${layer.name}${nth > 0 ? ` number ${nth}` : ""}: it is ${found}`);
  }

  /** Views of all layers, outermost first; at most 16. */
  get layers(): LayerView[] {
    walk(this, 0, 0, false);
    const views: LayerView[] = [];
    for (let slot = 0; slot < state.top; slot += SLOT_SIZE) {
      const layer = layerById[slots[slot]!]!;
      views.push(layer.code.create(this.buffer, this.offset + slots[slot + 1]!, this.offset + slots[slot + 2]!));
    }
    return views;
  }

  /** What the last layer leaves undecoded; the whole packet when no layer is known. */
  get payload(): Uint8Array {
    return this.layers.at(-1)?.payload ?? this.bytes;
  }

  /** What is wrong with the packet, or `undefined`: the layers before it are as usual. */
  get error(): DecodeError | undefined {
    walk(this, 0, 0, false);
    return state.error;
  }

  /** Whether the capture holds fewer bytes than were on the wire. */
  get truncated(): boolean {
    return this.capturedLength < this.originalLength;
  }

  /** Comments of the packet in a pcapng file. */
  get comments(): string[] {
    return (this.options ?? []).flatMap(({ name, value }) =>
      name === "opt_comment" && typeof value === "string" ? [value] : [],
    );
  }

  /** The packet without the memory around it: keep this when keeping a few packets of a large file. */
  copy(): Packet {
    const { capturedLength, originalLength, linkType, seconds, nanoseconds } = this;
    return new Packet(
      this.bytes.slice(),
      0,
      capturedLength,
      originalLength,
      linkType,
      seconds,
      nanoseconds,
      this.interface,
      this.options,
    );
  }

  /** One line: the layers and what the innermost says. */
  summary(): string {
    return packetSummary(this);
  }

  /** The same as `summary`. */
  toString(): string {
    return this.summary();
  }

  /** Every field of every layer, one a line. Control bytes are escaped. */
  show(): string {
    return packetTree(this);
  }

  /** Offsets, hexadecimal bytes and ASCII, sixteen bytes a line. */
  hexdump(): string {
    return hexdump(this.bytes);
  }

  /** Plain data from which `build` makes the same bytes. */
  toJSON(): PacketJSON {
    return packetToJSON(this);
  }

  /** What `console.log` shows: the summary instead of the memory around the packet. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Packet { ${this.summary()} }`;
  }
}
