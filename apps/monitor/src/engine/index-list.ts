/** A list of rising numbers that loses its oldest ones: which packets pass the filter. */
export class IndexList {
  #numbers = new Uint32Array(1024);
  #start = 0;
  #end = 0;
  #dropped = 0;

  /** Ordinal of the oldest number that is there. */
  get first(): number {
    return this.#dropped;
  }
  /** One past the ordinal of the newest. */
  get end(): number {
    return this.#dropped + this.#end - this.#start;
  }

  push(number: number): void {
    if (this.#end === this.#numbers.length) this.#makeRoom();
    this.#numbers[this.#end++] = number;
  }

  /** The number at an ordinal, which keeps its meaning when older ones are dropped. */
  at(ordinal: number): number | undefined {
    if (!(ordinal >= this.first && ordinal < this.end)) return undefined;
    return this.#numbers[this.#start + ordinal - this.#dropped];
  }

  /** Forgets the numbers below `number`. */
  dropBelow(number: number): void {
    while (this.#start < this.#end && this.#numbers[this.#start]! < number) {
      this.#start++;
      this.#dropped++;
    }
  }

  /** The ordinal of the first number that is not below `number`. */
  ordinalOf(number: number): number {
    let low = this.#start;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#numbers[middle]! < number) low = middle + 1;
      else high = middle;
    }
    return this.#dropped + low - this.#start;
  }

  #makeRoom(): void {
    const live = this.#numbers.subarray(this.#start, this.#end);
    const next = live.length * 2 > this.#numbers.length ? new Uint32Array(this.#numbers.length * 2) : this.#numbers;
    next.set(live);
    this.#numbers = next;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
