/** Whether the page's own thread keeps going. */
import type { Page } from "playwright-core";

export interface Frames {
  /** Frames that were drawn. */
  readonly drawn: number;
  /** Times that the page showed new numbers. */
  readonly reports: number;
  /** Reports without a frame since the one before. */
  readonly silent: number;
  /** Milliseconds in tasks of more than 50 ms, and in all. */
  readonly busy: number;
  readonly span: number;
}

interface Watch extends Frames {
  stop(): Frames;
}

/** Counts frames, reports and long tasks from now on. */
export async function watchFrames(page: Page): Promise<{ stop(): Promise<Frames> }> {
  await page.evaluate(() => {
    let drawn = 0;
    let atLast = 0;
    let reports = 0;
    let silent = 0;
    let busy = 0;
    let running = true;
    const begun = performance.now();
    const frame = () => {
      drawn++;
      if (running) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const tasks = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) busy += duration;
    });
    tasks.observe({ type: "longtask" });
    const shown = new MutationObserver(() => {
      reports++;
      if (drawn === atLast) silent++;
      atLast = drawn;
    });
    shown.observe(document.querySelector("#state")!, { childList: true, subtree: true });
    Object.assign(globalThis, {
      frameWatch: {
        stop() {
          running = false;
          tasks.disconnect();
          shown.disconnect();
          return { drawn, reports, silent, busy, span: performance.now() - begun };
        },
      },
    });
  });
  return { stop: () => page.evaluate(() => (globalThis as unknown as { frameWatch: Watch }).frameWatch.stop()) };
}
