import { printable } from "./printable.ts";

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const redrawTime = 100;

/** One line of a terminal that is written over; on anything but a terminal it shows nothing. */
export class StatusLine {
  readonly #output: Output;
  readonly #now: () => number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  /** Shows the text, at most ten times a second; `always` for a last state that must be seen. */
  show(text: string, { always = false }: { always?: boolean } = {}): void {
    if (this.#output.isTTY !== true) return;
    const now = this.#now();
    if (!always && now - this.#drawnAt < redrawTime) return;
    this.#drawnAt = now;
    this.#isShown = true;
    const line = printable(text).replace(/\s/g, " ");
    this.#output.write(`\r\u001b[K${line.slice(0, (this.#output.columns || 80) - 1)}`);
  }

  /** Takes the line away, for other output to take its place. */
  clear(): void {
    if (this.#isShown) this.#output.write("\r\u001b[K");
    this.#isShown = false;
  }

  /** Leaves the line as it is and goes to the next. */
  end(): void {
    if (this.#isShown) this.#output.write("\n");
    this.#isShown = false;
  }
}
