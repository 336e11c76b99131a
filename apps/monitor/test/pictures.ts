/** Makes the pictures of the README: `npm run pictures`. */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { startMonitor } from "../src/server/server.ts";
import { launch, openCaptureFile, openPage } from "./browser.ts";
import { sampleCapture } from "./sample-capture.ts";

/** Bytes that a picture may have. */
const MAX_PICTURE = 150_000;
const WIDE = { width: Number(process.argv[3] ?? 1100), height: Number(process.argv[4] ?? 700) };
const PHONE = { width: 390, height: 844 };

const folder = process.argv[2] ?? "pictures";
mkdirSync(folder, { recursive: true });
const monitor = await startMonitor({ assets: "dist/page", interface: "lo" });
const browser = await launch();
const capture = await sampleCapture();

interface Picture {
  readonly name: string;
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: "dark" | "light";
  prepare(page: Page): Promise<void>;
}

const packet = async (page: Page): Promise<void> => {
  await page.fill("#filter", "tcp port 80");
  await page.press("#filter", "Enter");
  await page.click(".packets .content .row:has-text('GET') >> nth=1");
  await page.click(".tree [role=treeitem]:has-text('dport')");
};

const pictures: readonly Picture[] = [
  { name: "packets-light", viewport: WIDE, colorScheme: "light", prepare: packet },
  { name: "packets-dark", viewport: WIDE, colorScheme: "dark", prepare: packet },
  { name: "http-light", viewport: WIDE, colorScheme: "light", prepare: (page) => page.click("#tab-http") },
  {
    name: "phone-dark",
    viewport: PHONE,
    colorScheme: "dark",
    async prepare(page) {
      await page.locator("#tabs").scrollIntoViewIfNeeded();
      await page.click(".packets .content .row >> nth=5");
      await page.evaluate(() => document.querySelector("main")?.scrollIntoView());
    },
  },
];

for (const { name, viewport, colorScheme, prepare } of pictures) {
  const { page, errors } = await openPage(browser, monitor.url, { viewport, colorScheme, timezoneId: "UTC" });
  await openCaptureFile(page, "sample.pcapng", capture);
  await prepare(page);
  // Two frames: what was asked for is drawn.
  await page.waitForTimeout(400);
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${path}  ${size} bytes${size > MAX_PICTURE ? "  TOO LARGE" : ""}`, ...errors);
  if (size > MAX_PICTURE || errors.length > 0) process.exitCode = 1;
  await page.context().close();
}
await browser.close();
await monitor.close();
