/** What the servers share about the handlers they run: who hears of failures, and how long the end may take. */

/** Where nobody else listens. */
export function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** An `onError` that may itself fail without harm. */
export function reporter<T>(onError: (error: unknown, about?: T) => void): (error: unknown, about?: T) => void {
  return (error, about) => {
    try {
      onError(error, about);
    } catch (failure) {
      warn(failure);
    }
  };
}

/** Resolves when `done` does, or after `grace` milliseconds. */
export async function within(done: Promise<unknown>, grace: number): Promise<void> {
  if (grace === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, grace);
  });
  await Promise.race([done, expired]);
  clearTimeout(timer);
}
