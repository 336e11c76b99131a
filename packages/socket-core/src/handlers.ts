/** What the servers share about the handlers they run: who hears of failures, and how long the end may take. */

import { checkInteger, MAX_TIMEOUT } from "./check.ts";

/** Where nobody else listens. */
export function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** An `onError` that may itself fail without harm, also later. */
export function reporter<T>(onError: (error: unknown, about?: T) => unknown): (error: unknown, about?: T) => void {
  return (error, about) => {
    try {
      const reported = onError(error, about);
      if (reported instanceof Promise) reported.catch(warn);
    } catch (failure) {
      warn(failure);
    }
  };
}

/** Resolves when `done` does, or after `grace` milliseconds. */
async function within(done: Promise<unknown>, grace: number): Promise<void> {
  if (grace === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, grace);
  });
  await Promise.race([done, expired]);
  clearTimeout(timer);
}

/** Counts the handlers that run. */
export class Handlers {
  readonly #max: number;
  #size = 0;
  #abandoned = false;
  #proceed: (() => void) | undefined;
  #end: (() => void) | undefined;

  /** So many at a time. */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether as many run as may. */
  get full(): boolean {
    return this.#size >= this.#max;
  }

  /** Resolves when one is done or `wake` is called. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#proceed = resolve;
    });
  }

  wake(): void {
    this.#proceed?.();
  }

  started(): void {
    this.#size++;
  }

  done(): void {
    this.#size--;
    this.wake();
    if (this.#size === 0) this.#end?.();
  }

  /** Those that run are not waited for any more. */
  abandon(): void {
    this.#abandoned = true;
    this.#end?.();
  }

  /** Resolves when none runs. */
  async idle(): Promise<void> {
    while (this.#size > 0 && !this.#abandoned) {
      await new Promise<void>((resolve) => {
        this.#end = resolve;
      });
    }
  }
}

/** How a server ends. */
interface Ending {
  /** Takes nothing new. */
  stop(): void;
  /** Ends the handlers that are left after the grace. */
  giveUp(): void;
  /** Everything is over. */
  finish?(): void;
  /** Ends the server, without grace, when it fires. */
  signal: AbortSignal | undefined;
}

/** The end of a server whose `loop` makes handlers run, as its `closed` and `close`. */
export function ending(
  loop: Promise<void>,
  handlers: Handlers,
  { stop, giveUp, finish, signal }: Ending,
): { closed: Promise<void>; close(options?: { grace?: number }): Promise<void> } {
  const onSignal = (): void => void close();
  const closed = loop.then(async () => {
    await handlers.idle();
    finish?.();
    signal?.removeEventListener("abort", onSignal);
  });

  async function close({ grace = 0 }: { grace?: number } = {}): Promise<void> {
    checkInteger("grace", grace, 0, MAX_TIMEOUT);
    stop();
    handlers.wake();
    if (handlers.size > 0) await within(closed, grace);
    giveUp();
    await closed;
  }

  if (signal?.aborted) onSignal();
  else signal?.addEventListener("abort", onSignal, { once: true });
  return { closed, close };
}
