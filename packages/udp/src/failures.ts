/** Failures of sends that nobody waited for: they end no process, and come again at the next call. */

const nothing = (): void => {};

/** The promise of a send; it knows whether anybody looks at it. */
class Watched<T> extends Promise<T> {
  seen = false;
  onSeen: (() => void) | undefined;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: `await` looks for `then`, and that is what we want to know.
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.seen = true;
    this.onSeen?.();
    return super.then(onFulfilled, onRejected);
  }
}

/** The two ends of a promise of a send. */
export interface Outcome<T> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

/** The failures of one endpoint. */
export class Failures {
  #unseen: { error: unknown } | undefined;

  /** Throws the oldest failure that nobody has seen. */
  report(): void {
    const failure = this.#unseen;
    if (failure === undefined) return;
    this.#unseen = undefined;
    throw failure.error;
  }

  /** A promise that may be dropped: its failure is kept until somebody looks at it, or at `report`. */
  outcome<T>(): Outcome<T> {
    let resolve!: (value: T) => void;
    let rejectPromise!: (error: unknown) => void;
    const promise = new Watched<T>((yes, no) => {
      resolve = yes;
      rejectPromise = no;
    });
    const reject = (error: unknown): void => {
      // By the original `then`: this is not somebody who looks.
      Promise.prototype.then.call(promise, undefined, nothing);
      rejectPromise(error);
      if (promise.seen) return;
      const failure = { error };
      this.#unseen ??= failure;
      promise.onSeen = () => {
        if (this.#unseen === failure) this.#unseen = undefined;
      };
    };
    return { promise, resolve, reject };
  }

  /** Such a promise that has failed already. */
  rejected<T>(error: unknown): Promise<T> {
    const { promise, reject } = this.outcome<T>();
    reject(error);
    return promise;
  }
}
