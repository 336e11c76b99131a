/** A moment since 1970-01-01T00:00:00Z, exact to the nanosecond. `Number(t)` and comparisons give seconds. */
export class Timestamp {
  /** Whole seconds. */
  readonly seconds: number;
  /** Nanoseconds within the second, 0 to 999 999 999. */
  readonly nanoseconds: number;

  constructor(seconds: number, nanoseconds: number) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }

  /** A `Timestamp` of a `Date`, of seconds as a number (exact to about a microsecond), or of nanoseconds as a bigint. */
  static from(time: Date | number | bigint | Timestamp): Timestamp {
    if (time instanceof Timestamp) return time;
    if (typeof time === "bigint") {
      const rest = ((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
      return new Timestamp(Number((time - rest) / 1_000_000_000n), Number(rest));
    }
    const seconds = time instanceof Date ? time.getTime() / 1000 : time;
    if (!Number.isFinite(seconds)) throw new RangeError(`Expected a finite time, got ${String(time)}`);
    const whole = Math.floor(seconds);
    const nanoseconds = Math.round((seconds - whole) * 1e6) * 1000;
    return nanoseconds === 1e9 ? new Timestamp(whole + 1, 0) : new Timestamp(whole, nanoseconds);
  }

  /** Nanoseconds since the epoch. */
  get ns(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds);
  }

  /** Seconds since the epoch; a double, so exact to about 200 nanoseconds in this century. */
  valueOf(): number {
    return this.seconds + this.nanoseconds / 1e9;
  }

  /** To the millisecond. */
  toDate(): Date {
    return new Date(this.seconds * 1000 + Math.floor(this.nanoseconds / 1e6));
  }

  /** `SECONDS.NNNNNNNNN`, as tshark's `frame.time_epoch`. */
  toString(): string {
    return `${this.seconds}.${String(this.nanoseconds).padStart(9, "0")}`;
  }

  /** ISO 8601 in UTC with nine decimals; out of `Date`'s range, the plain seconds. */
  toISOString(): string {
    const date = new Date(this.seconds * 1000);
    if (Number.isNaN(date.getTime())) return this.toString();
    return `${date.toISOString().slice(0, -5)}.${String(this.nanoseconds).padStart(9, "0")}Z`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.toPrimitive](hint: string): number | string {
    return hint === "string" ? this.toString() : this.valueOf();
  }
}
