/** Splits ticks given as two 32-bit words into seconds and nanoseconds without leaving 53-bit integers. */
export interface Clock {
  readonly ticksPerSecond: bigint;
  seconds: number;
  nanoseconds: number;
  read(high: number, low: number): void;
}

/** A clock of `ticksPerSecond`, shifted by `offset` seconds. The result of `read` is left in its fields. */
export function createClock(ticksPerSecond: bigint, offset: bigint): Clock {
  const shift = Number(offset);
  const clock: Clock = { ticksPerSecond, seconds: 0, nanoseconds: 0, read: readWide };
  // Above 2^37 ticks a second the partial remainders below would not fit in 53 bits.
  if (ticksPerSecond <= 1n << 37n) clock.read = readNarrow;
  const divisor = Number(ticksPerSecond);
  const scale = 1e9 / divisor;
  const exact = Number.isInteger(scale);

  function readNarrow(high: number, low: number): void {
    let rest = high % divisor;
    const top = (high - rest) / divisor;
    const middle = rest * 65536 + (low >>> 16);
    rest = middle % divisor;
    const upper = (middle - rest) / divisor;
    const bottom = rest * 65536 + (low & 0xffff);
    rest = bottom % divisor;
    const lower = (bottom - rest) / divisor;
    clock.seconds = top * 4294967296 + upper * 65536 + lower + shift;
    clock.nanoseconds = exact ? rest * scale : Number((BigInt(rest) * 1_000_000_000n) / ticksPerSecond);
  }

  function readWide(high: number, low: number): void {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    clock.seconds = Number(ticks / ticksPerSecond) + shift;
    clock.nanoseconds = Number(((ticks % ticksPerSecond) * 1_000_000_000n) / ticksPerSecond);
  }
  return clock;
}

/** Ticks a second of an `if_tsresol` byte: powers of ten, or of two with the top bit set. */
export function resolutionTicks(tsresol: number): bigint {
  return tsresol & 0x80 ? 1n << BigInt(tsresol & 0x7f) : 10n ** BigInt(tsresol);
}
