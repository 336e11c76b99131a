/** Ctrl-C, once: what runs ends in its own way, with what it has. */
export class Interrupt {
  readonly #abort = new AbortController();

  constructor() {
    process.once("SIGINT", () => this.#abort.abort());
  }

  get interrupted(): boolean {
    return this.#abort.signal.aborted;
  }
  get signal(): AbortSignal {
    return this.#abort.signal;
  }
}

/** What a process ends with after Ctrl-C. */
export const INTERRUPTED = 130;
