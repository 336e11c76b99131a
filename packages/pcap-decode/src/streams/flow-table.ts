import { type FlowWords, sameFlow } from "./flow-key.ts";

/** Why a flow left its table. */
export type EndReason =
  /** Both sides sent FIN, and all before it was seen. */
  | "closed"
  /** A RST, and nothing after it. */
  | "reset"
  /** A SYN opened the same ports anew. */
  | "reused"
  /** Nothing for the idle timeout, in the time of the capture. */
  | "idle"
  /** The table was full, and nothing had been quiet for longer. */
  | "limit"
  /** The capture ended. */
  | "finished";

/** A place in a `FlowTable`. */
export interface FlowSlot<T> {
  readonly words: FlowWords;
  readonly value: T;
  lastSeen: number;
  /** The next slot of the same hash. */
  sibling: FlowSlot<T> | undefined;
  older: FlowSlot<T> | undefined;
  newer: FlowSlot<T> | undefined;
}

/** Flows by key, at most so many, the quietest first to go. */
export class FlowTable<T> {
  readonly #slots = new Map<number, FlowSlot<T>>();
  readonly #limit: number;
  readonly #timeout: number;
  readonly #removed: (value: T, reason: EndReason) => void;
  #oldest: FlowSlot<T> | undefined;
  #newest: FlowSlot<T> | undefined;
  size = 0;

  /** `timeout` is in seconds; `removed` is told of what the limit or the timeout takes out. */
  constructor(limit: number, timeout: number, removed: (value: T, reason: EndReason) => void) {
    this.#limit = limit;
    this.#timeout = timeout;
    this.#removed = removed;
  }

  find(key: FlowWords): FlowSlot<T> | undefined {
    let slot = this.#slots.get(key.hash);
    while (slot !== undefined && !sameFlow(slot.words, key)) slot = slot.sibling;
    return slot;
  }

  /** Adds a value that `find` does not find. `words` must be the table's to keep. */
  insert(words: FlowWords, value: T, now: number): FlowSlot<T> {
    while (this.size >= this.#limit) this.#evict("limit");
    const sibling = this.#slots.get(words.hash);
    const slot: FlowSlot<T> = { words, value, lastSeen: now, sibling, older: this.#newest, newer: undefined };
    this.#slots.set(words.hash, slot);
    if (this.#newest === undefined) this.#oldest = slot;
    else this.#newest.newer = slot;
    this.#newest = slot;
    this.size++;
    return slot;
  }

  /** Makes a slot the last one to go. */
  touch(slot: FlowSlot<T>, now: number): void {
    slot.lastSeen = now;
    if (slot === this.#newest) return;
    this.#unlink(slot);
    slot.older = this.#newest;
    slot.newer = undefined;
    if (this.#newest !== undefined) this.#newest.newer = slot;
    this.#newest = slot;
    this.#oldest ??= slot;
  }

  remove(slot: FlowSlot<T>): void {
    const { hash } = slot.words;
    let each = this.#slots.get(hash);
    if (each === slot) {
      if (slot.sibling === undefined) this.#slots.delete(hash);
      else this.#slots.set(hash, slot.sibling);
    } else {
      while (each !== undefined && each.sibling !== slot) each = each.sibling;
      if (each === undefined) return;
      each.sibling = slot.sibling;
    }
    this.#unlink(slot);
    this.size--;
  }

  /** Takes out what has been quiet for longer than the timeout. */
  expire(now: number): void {
    while (this.#oldest !== undefined && now - this.#oldest.lastSeen > this.#timeout) this.#evict("idle");
  }

  /** Takes out everything. */
  clear(reason: EndReason): void {
    while (this.#oldest !== undefined) this.#evict(reason);
  }

  /** Values, the quietest first. */
  *values(): Generator<T> {
    for (let slot = this.#oldest; slot !== undefined; slot = slot.newer) yield slot.value;
  }

  #evict(reason: EndReason): void {
    const slot = this.#oldest!;
    this.remove(slot);
    this.#removed(slot.value, reason);
  }

  #unlink(slot: FlowSlot<T>): void {
    if (slot.older === undefined) this.#oldest = slot.newer;
    else slot.older.newer = slot.newer;
    if (slot.newer === undefined) this.#newest = slot.older;
    else slot.newer.older = slot.older;
  }
}
