import type { Progress } from "../body.ts";

/** Bytes as people read them. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

const REDRAW_MS = 100;

/** A line on a terminal that shows how far a download has got; at most ten times a second. */
export class ProgressBar {
  readonly #write: (text: string) => void;
  readonly #columns: number;
  readonly #now: () => number;
  readonly #start: number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #first: number | null = null;

  constructor(write: (text: string) => void, columns: number, now: () => number = () => performance.now()) {
    this.#write = write;
    this.#columns = Math.max(40, Math.min(columns, 120));
    this.#now = now;
    this.#start = now();
  }

  update({ transferred, total }: Progress): void {
    this.#first ??= transferred;
    const now = this.#now();
    if (now - this.#drawnAt < REDRAW_MS && transferred !== total) return;
    this.#drawnAt = now;
    const seconds = (now - this.#start) / 1000;
    const rate = seconds > 0 ? (transferred - this.#first) / seconds : 0;
    const speed = `${formatBytes(rate)}/s`;
    if (total === null || total === 0) {
      this.#write(`\r${`${formatBytes(transferred)}  ${speed}`.padEnd(this.#columns - 1)}`);
      return;
    }
    const left = rate > 0 ? Math.ceil((total - transferred) / rate) : 0;
    const text = ` ${String(Math.floor((transferred / total) * 100)).padStart(3)} %  ${formatBytes(transferred)} of ${formatBytes(total)}  ${speed}  ${left} s`;
    const width = Math.max(5, this.#columns - text.length - 3);
    const full = Math.round((transferred / total) * width);
    this.#write(
      `\r[${"=".repeat(full)}${" ".repeat(width - full)}]${text}`.slice(0, this.#columns).padEnd(this.#columns - 1),
    );
  }

  end(): void {
    if (this.#first !== null) this.#write("\n");
  }
}
