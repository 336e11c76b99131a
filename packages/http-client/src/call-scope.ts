import { AbortError, type RequestException, TotalTimeout } from "./errors.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import { redactUrl } from "./redact.ts";

/** The caller's signal and the total deadline of one call; made only when there is one of them. */
export class CallScope {
  readonly #signal: AbortSignal | null;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #request: PreparedRequest;
  #reason: RequestException | null = null;
  #interrupt: ((reason: RequestException) => void) | null = null;

  constructor(signal: AbortSignal | null, total: number, request: PreparedRequest) {
    this.#signal = signal;
    this.#request = request;
    if (total > 0) {
      this.#timer = setTimeout(
        () => this.#end(new TotalTimeout(`${this.#label()}: the call took longer than ${total} ms in all`)),
        total,
      );
    }
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => {
    const { reason } = this.#signal!;
    // The reason of an abort() without one says nothing more.
    const why = reason instanceof Error && reason.name !== "AbortError" ? reason.message : reason;
    const said = typeof why === "string" ? `: ${why}` : "";
    this.#end(new AbortError(`${this.#label()}: the call was aborted${said}`, { cause: reason }));
  };

  /** The request that the call began with. */
  #label(): string {
    return `${this.#request.method} ${redactUrl(this.#request.url)}`;
  }

  #end(reason: RequestException): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#interrupt?.(reason);
  }

  /** Throws when the call is over. */
  check(): void {
    if (this.#reason) throw this.#reason;
  }

  /** Who is told when the call ends early; the last one named. */
  onInterrupt(interrupt: ((reason: RequestException) => void) | null): void {
    this.#interrupt = interrupt;
    if (interrupt && this.#reason) interrupt(this.#reason);
  }

  /** Waits, or rejects at once when the call ends early. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.onInterrupt(null);
        resolve();
      }, ms);
      this.onInterrupt((reason) => {
        clearTimeout(timer);
        reject(reason);
      });
    });
  }

  /** The call is done; lets go of the signal and the timer. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#interrupt = null;
  }
}
