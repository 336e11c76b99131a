/** The last items of an endless row, within a number and a size. */
export class Ring<T> {
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #sizeOf: (item: T) => number;
  readonly #items: T[] = [];
  #first = 0;
  #bytes = 0;

  constructor(maxItems: number, maxBytes: number, sizeOf: (item: T) => number) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
    this.#sizeOf = sizeOf;
  }

  get size(): number {
    return this.#items.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an item; returns how many of the oldest had to go. */
  push(item: T): number {
    this.#items.push(item);
    this.#bytes += this.#sizeOf(item);
    let gone = 0;
    while (this.size > 1 && (this.size > this.#maxItems || this.#bytes > this.#maxBytes)) {
      this.#bytes -= this.#sizeOf(this.#items[this.#first]!);
      this.#first++;
      gone++;
    }
    // Moving the rest down once in a while is cheaper than at every push.
    if (this.#first > this.#maxItems) this.#items.splice(0, this.#first).length = this.#first = 0;
    return gone;
  }

  clear(): void {
    this.#items.length = this.#first = this.#bytes = 0;
  }

  /** From the oldest on. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = this.#first; i < this.#items.length; i++) yield this.#items[i]!;
  }
}
