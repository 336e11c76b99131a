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

/** The handlers that run. */
export class Handlers {
  readonly #max: number;
  readonly #running = new Set<Promise<void>>();
  #size = 0;
  #proceed: (() => void) | undefined;

  /** So many at a time. */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** Waits, where as many run as may, until one is done or `wake` is called. */
  async room(): Promise<void> {
    if (this.#size < this.#max) return;
    await new Promise<void>((resolve) => {
      this.#proceed = resolve;
    });
  }

  wake(): void {
    this.#proceed?.();
  }

  /** Starts one more, which never rejects. */
  start(handle: () => Promise<void>): void {
    this.#size++;
    const running = handle().then(() => {
      this.#size--;
      this.#running.delete(running);
      this.wake();
    });
    this.#running.add(running);
  }

  /** Resolves when none runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
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
