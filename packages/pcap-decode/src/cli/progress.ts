import progress from "cli-progress";
import type { Capture } from "../container/capture.ts";

/** Below this a file is read before a bar would help. */
const MIN_BYTES = 16 * 1024 * 1024;
const INTERVAL = 200;

/**
 * A progress bar on standard error while `capture` is read: only on a terminal, for long files of known size, and
 * not while packets scroll by on the same terminal. Call the result to remove it.
 */
export function showProgress(capture: Capture, options: { readonly quiet?: boolean } = {}): () => void {
  if (options.quiet || process.stderr.isTTY !== true) return () => {};
  let bar: progress.SingleBar | undefined;
  const timer = setInterval(() => {
    const { byteLength, bytesRead } = capture;
    if (byteLength === undefined || byteLength < MIN_BYTES) return;
    if (bar === undefined) {
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
    clearInterval(timer);
    bar?.stop();
  };
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
