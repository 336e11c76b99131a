import { type Capture, openCapture } from "../container/capture.ts";
import { LinkType } from "../container/interface.ts";
import type { Packet } from "../packet.ts";
import { INTERRUPTED, Interrupt } from "./interrupt.ts";
import { type ColorMode, colors, Output, warn } from "./output.ts";
import { showProgress } from "./progress.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly color: ColorMode;
}

/** How packets are chosen. */
export interface SelectOptions {
  readonly filter?: string | undefined;
  readonly count?: number | undefined;
  readonly skip?: number | undefined;
  readonly follow?: boolean | undefined;
}

/** One run of a command: its output, its colours, and the way it ends. */
export class Session {
  readonly out = new Output();
  readonly paint: ReturnType<typeof colors>;
  readonly #interrupt = new Interrupt();
  #failed = false;

  constructor(options: CommonOptions) {
    this.paint = colors(options.color, process.stdout);
  }

  get interrupted(): boolean {
    return this.#interrupt.interrupted;
  }
  /** What the process ends with. */
  get exitCode(): number {
    return this.interrupted ? INTERRUPTED : this.#failed ? 1 : 0;
  }

  /** The capture at `path`; `-` is standard input. */
  open(path: string, options: SelectOptions = {}): Capture {
    const input = path === "-" ? process.stdin : path;
    return openCapture(input, {
      ...(options.filter ? { filter: options.filter } : {}),
      ...(options.follow ? { follow: true } : {}),
      signal: this.#interrupt.signal,
    });
  }

  /**
   * Calls `use` with each chosen packet and its number among those that the filter selects, until it returns false, the end, or Ctrl-C. Tells
   * on standard error when the file is cut short or damaged.
   */
  async each(
    capture: Capture,
    options: SelectOptions,
    use: (packet: Packet, number: number) => Promise<void> | undefined,
    extra: { readonly quiet?: boolean; first?(packet: Packet): void } = {},
  ): Promise<void> {
    const done = showProgress(capture, extra);
    const { count = Number.POSITIVE_INFINITY, skip = 0 } = options;
    let number = 0;
    try {
      if (count === 0) return;
      for await (const packet of capture) {
        if (this.interrupted) break;
        if (number === 0) extra.first?.(packet);
        if (++number <= skip) continue;
        const waiting = use(packet, number);
        if (waiting !== undefined) await waiting;
        // Nothing may be left in the buffer while waiting for a file to grow.
        if (options.follow) await this.out.flush();
        if (number - skip >= count) break;
      }
    } finally {
      done();
      await capture.close();
    }
    this.reportProblem(capture);
  }

  reportProblem(capture: Capture): void {
    if (capture.problem === undefined || this.interrupted) return;
    warn(capture.problem.message);
    this.#failed = true;
  }
}

/** `1 (ETHERNET)` */
export function linkTypeText(linkType: number): string {
  const name = Object.entries(LinkType).find(([, number]) => number === linkType)?.[0];
  return name === undefined ? String(linkType) : `${linkType} (${name})`;
}
