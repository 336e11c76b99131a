/** Bytes and packets over time, by category, in a fixed number of buckets that grow wider as the capture gets longer. */

/** Buckets that are kept. */
const BUCKETS = 4096;
/** Seconds of a bucket at first. */
const FINEST = 0.001;
/** A packet that is further than this from the first is counted, but not drawn: clocks of packets can say anything. */
const MAX_SPAN = 400 * 86_400;

/** The chart's data: `step` seconds a point, the first at `start`. */
export interface Series {
  readonly start: number;
  readonly step: number;
  readonly points: number;
  /** One array for each category: bytes in each step. */
  readonly bytes: readonly Float64Array[];
  readonly packets: readonly Float64Array[];
}

export class Throughput {
  readonly #categories: number;
  #bytes: Float64Array[];
  #packets: Float64Array[];
  #width = FINEST;
  #origin = Number.NaN;
  #used = 0;

  constructor(categories: number) {
    this.#categories = categories;
    this.#bytes = this.#rows();
    this.#packets = this.#rows();
  }

  /** Counts a packet at `time`, in seconds. */
  add(time: number, category: number, bytes: number): void {
    if (this.#used === 0) this.#origin = Math.floor(time / FINEST) * FINEST;
    let at = Math.floor((time - this.#origin) / this.#width);
    if (at < 0 || at >= BUCKETS) {
      if (Math.abs(time - this.#origin) > MAX_SPAN) return;
      at = this.#makeRoom(time);
    }
    this.#bytes[category]![at]! += bytes;
    this.#packets[category]![at]! += 1;
    if (at >= this.#used) this.#used = at + 1;
  }

  /** At most `limit` points, of the last `window` seconds when given. */
  series(limit: number, window?: number): Series {
    const shown = window === undefined ? this.#used : Math.min(this.#used, Math.ceil(window / this.#width));
    const from = this.#used - shown;
    const join = Math.max(1, Math.ceil(shown / limit));
    // Whole groups counted from the origin: a point does not change its meaning while the chart moves on.
    const first = Math.floor(from / join);
    const points = shown === 0 ? 0 : Math.ceil(this.#used / join) - first;
    const sum = (rows: readonly Float64Array[]) =>
      rows.map((row) => {
        const out = new Float64Array(points);
        for (let at = first * join; at < this.#used; at++) out[Math.floor(at / join) - first]! += row[at]!;
        return out;
      });
    return {
      start: Number.isNaN(this.#origin) ? 0 : this.#origin + first * join * this.#width,
      step: this.#width * join,
      points,
      bytes: sum(this.#bytes),
      packets: sum(this.#packets),
    };
  }

  #rows(): Float64Array[] {
    return Array.from({ length: this.#categories }, () => new Float64Array(BUCKETS));
  }

  /** Widens and shifts the buckets until `time` has one, and gives it. */
  #makeRoom(time: number): number {
    for (;;) {
      const at = Math.floor((time - this.#origin) / this.#width);
      if (at >= 0 && at < BUCKETS) return at;
      if (at < 0 && this.#used - at <= BUCKETS) {
        for (const row of [...this.#bytes, ...this.#packets]) {
          row.copyWithin(-at, 0, this.#used);
          row.fill(0, 0, -at);
        }
        this.#used -= at;
        this.#origin += at * this.#width;
        return 0;
      }
      for (const row of [...this.#bytes, ...this.#packets]) {
        for (let i = 0; i < BUCKETS / 2; i++) row[i] = row[2 * i]! + row[2 * i + 1]!;
        row.fill(0, BUCKETS / 2);
      }
      this.#used = Math.ceil(this.#used / 2);
      this.#width *= 2;
    }
  }
}
