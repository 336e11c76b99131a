/** How long the browser takes to open a file of a million packets: `npm run measure`. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { startMonitor } from "../src/server/server.ts";
import { writeBigCapture } from "./big-capture.ts";
import { launch, openPage } from "./browser.ts";
import { watchFrames } from "./frames.ts";

const PACKETS = 1_000_000;
const ROUNDS = 3;
const TARGET = 5;

const folder = mkdtempSync(join(tmpdir(), "sockeye-monitor-"));
const monitor = await startMonitor({ assets: "dist/page" });
const browser = await launch();
try {
  const file = join(folder, "big.pcap");
  await writeBigCapture(file, PACKETS);
  console.log(`${PACKETS.toLocaleString("en")} packets, ${(statSync(file).size / 1e6).toFixed(0)} MB`);
  const times: number[] = [];
  const cdp = await browser.newBrowserCDPSession();
  const processorTime = async (): Promise<number> => {
    const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
    return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  for (let round = 1; round <= ROUNDS; round++) {
    const { page } = await openPage(browser, monitor.url);
    const frames = await watchFrames(page);
    const before = await processorTime();
    await page.setInputFiles("#file", file);
    await page.waitForSelector(`body[data-loaded="${PACKETS}"]`, { timeout: 120_000 });
    const { drawn, busy, span } = await frames.stop();
    const processor = (await processorTime()) - before;
    const seconds = Number(await page.getAttribute("body", "data-milliseconds")) / 1000;
    times.push(seconds);
    console.log(
      `round ${round}: ${seconds.toFixed(2)} s, ${((1e-6 * PACKETS) / seconds).toFixed(2)} M packets/s, ` +
        `${processor.toFixed(2)} s of processor time; ` +
        `${drawn} frames in ${(span / 1000).toFixed(1)} s, ${busy.toFixed(0)} ms in tasks above 50 ms`,
    );
    await page.context().close();
  }
  const best = Math.min(...times);
  console.log(`load of the machine: ${loadavg()[0]!.toFixed(1)}`);
  console.log(`best ${best.toFixed(2)} s, ${best < TARGET ? "within" : "over"} the target of ${TARGET} s`);
  if (best >= TARGET) process.exitCode = 1;
} finally {
  await browser.close();
  await monitor.close();
  rmSync(folder, { recursive: true });
}
