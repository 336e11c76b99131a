import type { Sniffer } from "../live/index.ts";

const INTERVAL = 500;

/**
 * Counters on standard error while `sniffer` runs, on a terminal only and on one line, which the result takes away:
 * packets, packets a second, and what was dropped.
 */
export function showCounters(sniffer: Sniffer): () => void {
  if (process.stderr.isTTY !== true) return () => {};
  let before = 0;
  let since = performance.now();
  const timer = setInterval(() => {
    const { delivered, dropped } = sniffer.statistics();
    const now = performance.now();
    const rate = ((delivered - before) * 1000) / (now - since);
    [before, since] = [delivered, now];
    process.stderr.write(`\r\u001b[K${delivered} packets  ${rate.toFixed(0)}/s  ${dropped} dropped`);
  }, INTERVAL);
  timer.unref();
  return () => {
    clearInterval(timer);
    process.stderr.write("\r\u001b[K");
  };
}
