import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Monitor, startMonitor } from "../src/server/server.ts";
import { writeBigCapture } from "./big-capture.ts";
import { launch, openPage } from "./browser.ts";
import { watchFrames } from "./frames.ts";

const PACKETS = 1_000_000;

let folder: string;
let browser: Browser;
let monitor: Monitor;
let page: Page;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-monitor-"));
  await writeBigCapture(join(folder, "big.pcap"), PACKETS);
  monitor = await startMonitor({ assets: "dist/page" });
  browser = await launch();
  ({ page } = await openPage(browser, monitor.url));
});
afterAll(async () => {
  await browser.close();
  await monitor.close();
  rmSync(folder, { recursive: true });
});

test("a file of a million packets: the page goes on while it loads, and then scrolls", async () => {
  const frames = await watchFrames(page);
  await page.setInputFiles("#file", join(folder, "big.pcap"));
  await page.waitForSelector(`body[data-loaded="${PACKETS}"]`, { timeout: 120_000 });
  // Between any two reports of the worker the page has drawn, and what its own thread does for them stays small
  // beside what the worker does: whatever the speed of the machine, it was never held up.
  const { drawn, reports, silent, busy, span } = await frames.stop();
  expect(reports).toBeGreaterThan(3);
  expect(drawn).toBeGreaterThan(reports);
  expect(silent).toBeLessThan(reports / 2);
  expect(busy).toBeLessThan(span / 2);

  expect(await page.textContent("#tab-packets .badge")).toBe("1,000,000");
  expect(await page.locator(".packets .content .row").count()).toBeLessThan(120);
  await page.focus(".list.packets");
  await page.keyboard.press("End");
  await page.waitForSelector("#detail b:text-is('Packet 1,000,000')");
  const viewport = page.locator(".packets .viewport");
  await viewport.evaluate((element) => {
    element.scrollTop = element.scrollHeight / 2;
  });
  await page.waitForSelector(".packets .content .row:not(.waiting) .number:text-matches('^(499|500),')");
}, 240_000);

test("a filter over a million packets comes to its end too", async () => {
  await page.fill("#filter", "udp port 53");
  await page.press("#filter", "Enter");
  await expect.poll(() => page.textContent("#tab-packets .badge"), { timeout: 60_000 }).toBe("50,000");
}, 120_000);
