import { randomInt } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launch, openCaptureFile, openPage } from "./browser.ts";
import { flood } from "./flood.ts";
import { watchFrames } from "./frames.ts";
import { type MonitorProcess, startProcess } from "./monitor-process.ts";
import { sampleCapture } from "./sample-capture.ts";

const isRoot = process.getuid?.() === 0;
const FLOOD = 150_000;
const RATE = 50_000;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const number = (text: string | null | undefined) => Number((text ?? "").replaceAll(",", "")) || 0;

describe.skipIf(!isRoot)("live (needs root)", () => {
  let monitor: MonitorProcess;
  let page: Page;

  beforeAll(async () => {
    monitor = await startProcess(["--interface", "lo"]);
  });
  afterAll(() => monitor.interrupt());
  beforeEach(async () => {
    ({ page } = await openPage(browser, monitor.url));
    await page.waitForSelector("#capture:enabled");
    return () => page.context().close();
  });

  async function capture(filter: string): Promise<void> {
    await page.fill("#filter", filter);
    await page.press("#filter", "Enter");
    await page.waitForSelector("#filter.active");
    await page.click("#capture");
    await page.waitForSelector("#state.live");
  }

  test("a request that was just made is there; another filter applies at once; Stop stops", async () => {
    const server = createServer((_request, response) => response.end("here you are")).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).then((response) => response.text());
    try {
      expect(await page.inputValue("#interface")).toBe("lo");
      await capture(`tcp port ${port}`);
      await ask("/just-made");
      await page.waitForSelector(".packets .content .row[aria-rowindex]:has-text('GET /just-made HTTP/1.1')");
      await page.waitForSelector("#shares li:visible:has-text('HTTP')");

      // The kernel now lets through what comes from the server only.
      await page.fill("#filter", `tcp src port ${port}`);
      await page.press("#filter", "Enter");
      await page.waitForSelector(".packets .content .row[aria-rowindex]:has-text('GET /just-made')", {
        state: "detached",
      });
      await ask("/later");
      await expect
        .poll(() => page.locator(".packets .content .row[aria-rowindex]:has-text('HTTP/1.1 200')").count())
        .toBe(2);
      expect(await page.locator(".packets .content .row[aria-rowindex]:has-text('GET')").count()).toBe(0);

      await page.click("#capture");
      await page.waitForSelector("#state:not(.live)");
      const before = await page.textContent("#tab-packets .badge");
      await ask("/never-seen");
      await page.click("#filter-clear");
      await expect.poll(() => page.textContent("#state")).not.toContain(" of ");
      expect(number(await page.textContent("#tab-packets .badge"))).toBeGreaterThanOrEqual(number(before));
      expect(await page.locator(".packets .content .row[aria-rowindex]:has-text('never-seen')").count()).toBe(0);
    } finally {
      server.close();
    }
  });

  test("its own connections are not captured", async () => {
    // Nobody sends ARP over the loopback.
    await capture(`tcp port ${new URL(monitor.url).port} or arp`);
    const refused = page.locator("#filter-problem:visible, .notice.error");
    // A second page of the same server loads while the first one listens.
    const other = await openPage(browser, monitor.url);
    await other.page.waitForSelector("#capture:enabled");
    await other.page.context().close();
    expect(await page.textContent("#tab-packets .badge")).toBe("");
    expect(await refused.count()).toBe(0);
  });

  test("the page stays responsive at 50,000 packets a second, and every packet is shown or counted as dropped", async () => {
    let counts = { received: 0, kernelDropped: 0, queueDropped: 0 };
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        if (String(payload).startsWith('{"type":"counts"')) counts = JSON.parse(String(payload));
      }),
    );
    await page.reload();
    await page.waitForSelector("#capture:enabled");
    // An address of the loopback that nobody else has.
    const address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
    await capture(`udp and dst host ${address}`);
    const frames = await watchFrames(page);
    const sent = await flood(address, FLOOD, RATE, 700);
    const seen = async () => number(await page.textContent("#tab-packets .badge"));
    // The kernel's count of what passed the filter is the truth: the loopback may have lost some before.
    const state = async () => ({
      most: counts.received > sent * 0.9,
      lost: counts.received - counts.kernelDropped - counts.queueDropped - (await seen()),
    });
    await expect.poll(state, { timeout: 60_000 }).toEqual({ most: true, lost: 0 });
    expect(counts.received).toBeLessThanOrEqual(sent);
    const { drawn, reports, silent, busy, span } = await frames.stop();
    expect(await seen()).toBeGreaterThan(sent / 4);
    expect(reports).toBeGreaterThan(3);
    expect(drawn).toBeGreaterThan(reports / 2);
    expect(silent).toBeLessThan(reports / 2);
    expect(busy).toBeLessThan(span / 2);
    // And it answers: a packet opens while others come.
    await page.click(".packets .content .row[aria-rowindex] >> nth=2");
    await page.waitForSelector("#detail:visible");
  }, 120_000);
});

describe.skipIf(!isRoot)("without the right to capture (needs root, to give it up)", () => {
  test("the page names the capability, and files work", async () => {
    const without = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"];
    const monitor = await startProcess([], without);
    try {
      const { page } = await openPage(browser, monitor.url);
      const notice = page.locator(".notice[data-kind=rights]");
      await expect
        .poll(() => notice.textContent())
        .toMatch(/^No live capture: .*CAP_NET_RAW.*setcap.*Files work without it/);
      expect(await page.isDisabled("#capture")).toBe(true);
      await openCaptureFile(page, "sample.pcapng", await sampleCapture(50));
      await expect.poll(() => page.textContent("#tab-packets .badge")).toBe("50");
      await page.context().close();
    } finally {
      await monitor.interrupt();
    }
  });
});
