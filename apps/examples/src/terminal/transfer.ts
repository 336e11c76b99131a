import { formatSize } from "./size.ts";

interface Mark {
  readonly time: number;
  readonly bytes: number;
}

/** The rate is that of the last five seconds: it follows the network, and does not jump with every packet. */
const span = 5_000;

/** How fast something is transferred, and how long the rest will take. */
export class Transfer {
  readonly #marks: Mark[] = [];
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Bytes a second over the last five seconds; 0 before there is anything to compare. */
  get rate(): number {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!first || !last || last.time <= first.time) return 0;
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.time - first.time));
  }

  /** Notes that `bytes` in all have been transferred, and describes that: `1.0 of 4.0 MiB, 25 %, 1.0 MiB/s, 3 s left`. */
  at(bytes: number, total: number | null): string {
    const time = this.#now();
    // Fewer than before: it was begun again.
    if (bytes < (this.#marks.at(-1)?.bytes ?? 0)) this.#marks.length = 0;
    this.#marks.push({ time, bytes });
    while (this.#marks.length > 2 && time - this.#marks[1]!.time > span) this.#marks.shift();
    const { rate } = this;
    const parts = [total === null ? formatSize(bytes) : `${formatSize(bytes)} of ${formatSize(total)}`];
    if (total) parts.push(`${Math.floor((bytes / total) * 100)} %`);
    parts.push(`${formatSize(Math.round(rate))}/s`);
    if (total !== null && rate > 0 && bytes < total) parts.push(`${formatTime((total - bytes) / rate)} left`);
    return parts.join(", ");
  }
}

/** Seconds as people read them: `7 s`, `2:05 min`, `1:00:00 h`. */
function formatTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)} h`;
}
