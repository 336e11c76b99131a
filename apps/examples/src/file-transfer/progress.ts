/** How far a transfer is: a bar on a terminal, a line every tenth elsewhere. */

/** Where it is written. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** The rate is that of the last so many milliseconds. */
const WINDOW = 5_000;
/** The bar is drawn at most once in so many milliseconds. */
const REDRAW = 100;
const MAX_BAR = 30;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** For people: `"1.5 MiB"`. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  // 1023.96 would be shown as 1024.0.
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** For people: `"1:02:03"`. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const digits = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  return `${hours > 0 ? `${hours}:${digits(minutes)}` : minutes}:${digits(whole % 60)}`;
}

export class Progress {
  readonly #label: string;
  readonly #size: number;
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  /** Oldest first: when the transfer was where. */
  #samples: { time: number; position: number }[] = [];
  #drawn = Number.NEGATIVE_INFINITY;
  #tenth: number;
  #isOpen = false;

  /** `now` tells milliseconds; by default those of the process. */
  constructor(name: string, size: number, from: number, output: ProgressOutput, now = () => performance.now()) {
    this.#label = name;
    this.#size = size;
    this.#output = output;
    this.#now = now;
    this.#tenth = this.#tenthOf(from);
    this.#samples.push({ time: now(), position: from });
  }

  #tenthOf(position: number): number {
    return this.#size === 0 ? 10 : Math.floor((position / this.#size) * 10);
  }

  /** So many bytes are there now. */
  update(position: number): void {
    const time = this.#now();
    // One sample a tenth of the window, so that a fast transfer keeps few.
    if (time - this.#samples.at(-1)!.time >= WINDOW / 10) this.#samples.push({ time, position });
    while (this.#samples.length > 1 && time - this.#samples[1]!.time >= WINDOW) this.#samples.shift();
    const first = this.#samples[0]!;
    const rate = time > first.time ? ((position - first.position) / (time - first.time)) * 1_000 : 0;
    if (this.#output.isTTY) {
      if (time - this.#drawn < REDRAW && position < this.#size) return;
      this.#drawn = time;
      this.#isOpen = true;
      this.#output.write(`\r${this.#bar(position, rate)}\u001b[K`);
    } else if (this.#tenthOf(position) > this.#tenth) {
      this.#tenth = this.#tenthOf(position);
      this.#output.write(`${this.#label}: ${this.#figures(position, rate)}\n`);
    }
  }

  /** Whether the transfer is over or cut: what is written next begins on a line of its own. */
  end(): void {
    if (this.#isOpen) this.#output.write("\n");
    this.#isOpen = false;
  }

  #figures(position: number, rate: number): string {
    const percent = this.#size === 0 ? 100 : Math.floor((position / this.#size) * 100);
    const left = rate > 0 ? `, ${formatDuration((this.#size - position) / rate)} left` : "";
    return `${percent} %, ${formatBytes(position)} of ${formatBytes(this.#size)}, ${formatBytes(Math.round(rate))}/s${left}`;
  }

  #bar(position: number, rate: number): string {
    const figures = this.#figures(position, rate);
    // The last column stays free: a line that fills it would wrap.
    const room = (this.#output.columns ?? 80) - 1;
    const width = Math.min(MAX_BAR, room - figures.length - this.#label.length - 4);
    if (width < 5) return figures.slice(0, room);
    const filled = this.#size === 0 ? width : Math.floor((position / this.#size) * width);
    return `${this.#label} [${"#".repeat(filled)}${"-".repeat(width - filled)}] ${figures}`;
  }
}
