import type { SingleBar } from "cli-progress";

/** Below this a file is read before a bar would help. */
const MIN_BYTES = 16 * 1024 * 1024;
const INTERVAL = 200;

/** Something that is read from its start to its end. */
interface Reading {
  readonly byteLength: number | undefined;
  readonly bytesRead: number;
}

/**
 * A progress bar on standard error while `reading` is read: only on a terminal, for long files of known size, and
 * not while packets scroll by on the same terminal. Call the result to remove it.
 */
export function showProgress(reading: Reading, options: { readonly quiet?: boolean } = {}): () => void {
  if (options.quiet || process.stderr.isTTY !== true) return () => {};
  let bar: SingleBar | undefined;
  let stopped = false;
  const timer = setInterval(async () => {
    const { byteLength, bytesRead } = reading;
    if (byteLength === undefined || byteLength < MIN_BYTES) return;
    if (bar === undefined) {
      // Loaded when the first bar is shown: most runs show none.
      const { default: progress } = await import("cli-progress");
      if (stopped || bar !== undefined) return;
      bar = new progress.SingleBar({
        format: "{bar} {percentage}%  {done} of {size} MiB  {eta_formatted} left",
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: false,
      });
      bar.start(byteLength, 0, { done: "0", size: mebibytes(byteLength) });
    }
    bar.update(bytesRead, { done: mebibytes(bytesRead) });
  }, INTERVAL);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
    bar?.stop();
  };
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
