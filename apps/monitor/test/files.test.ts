import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Monitor, startMonitor } from "../src/server/server.ts";
import { launch, openCaptureFile, openPage } from "./browser.ts";
import { sampleCapture, samplePackets } from "./sample-capture.ts";

let browser: Browser;
let monitor: Monitor;
let capture: Uint8Array;
let page: Page;
let errors: string[];

const total = samplePackets().length;
const count = (n: number) => n.toLocaleString("en");
const rows = (): ReturnType<Page["locator"]> => page.locator(".packets .content .row:visible");
const badge = (tab: string) => page.locator(`#tab-${tab} .badge`);
const state = () => page.locator("#state").textContent();

beforeAll(async () => {
  monitor = await startMonitor({ assets: "dist/page" });
  browser = await launch();
  capture = await sampleCapture();
});
afterAll(async () => {
  await browser.close();
  await monitor.close();
});
beforeEach(async () => {
  ({ page, errors } = await openPage(browser, monitor.url));
});
afterEach(async () => {
  await page.context().close();
  expect(errors).toEqual([]);
});

async function filter(expression: string): Promise<void> {
  await page.fill("#filter", expression);
  await page.press("#filter", "Enter");
}

describe("a file", () => {
  test("is decoded in the page, and no request carries it", async () => {
    const requests: string[] = [];
    const frames: string[] = [];
    page.on("request", (request) => requests.push(`${request.method()} ${request.url()}`));
    page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => frames.push(String(payload))));
    await page.reload();
    await page.waitForFunction(() => (document.querySelector("#interface") as HTMLSelectElement).options.length > 1);
    const before = requests.length;
    await openCaptureFile(page, "sample.pcapng", capture);
    await page.waitForSelector(".packets .content .row:has-text('www.example.com')");
    await page.click("#tab-talkers");
    await page.waitForSelector(".talkers .content .row:has-text('192.0.2.53')");
    expect(requests.slice(before)).toEqual([]);
    expect(requests.every((request) => request.startsWith("GET "))).toBe(true);
    expect(frames).toEqual([]);
    expect(await state()).toContain(`sample.pcapng · ${count(total)} packets, `);
  });

  test("may be dropped on the page", async () => {
    const some = await sampleCapture(100);
    await page.evaluate(
      (bytes) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "dropped.pcapng"));
        for (const type of ["dragenter", "dragover", "drop"]) {
          document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
        }
      },
      [...some],
    );
    await page.waitForSelector(`body[data-loaded="100"]`);
    expect(await state()).toContain("dropped.pcapng");
    expect(await page.isVisible("#drop")).toBe(false);
  });

  test("may be compressed, and another one takes its place", async () => {
    await openCaptureFile(page, "sample.pcapng.gz", gzipSync(capture));
    await expect.poll(() => badge("packets").textContent()).toBe(count(total));
    const some = await sampleCapture(100);
    await openCaptureFile(page, "some.pcapng", some);
    await expect.poll(() => badge("packets").textContent()).toBe("100");
  });

  test("that is cut shows what is whole and says so; what is no capture is refused", async () => {
    await openCaptureFile(page, "cut.pcapng", capture.subarray(0, capture.length - 7));
    await expect.poll(() => page.locator(".notice").textContent()).toContain("ends within a packet");
    await expect.poll(() => badge("packets").textContent()).toBe(count(total - 1));
    await page.setInputFiles("#file", { name: "x.txt", mimeType: "text/plain", buffer: Buffer.from("x".repeat(2000)) });
    await page.waitForSelector(".notice.error");
    expect(await page.locator(".notice.error").textContent()).toContain("x.txt");
    await expect.poll(() => badge("packets").textContent()).toBe("");
  });
});

test("the worker that has the packets may talk to nobody", async () => {
  await openCaptureFile(page, "some.pcapng", await sampleCapture(10));
  const answer = await page.workers()[0]!.evaluate(
    () =>
      new Promise((resolve) => {
        // In a task of its own: what the test itself evaluates is not held to the policy.
        setTimeout(() =>
          fetch("main.js").then(
            () => resolve("allowed"),
            (error) => resolve(String(error)),
          ),
        );
      }),
  );
  expect(answer).toMatch(/^TypeError/);
  // Chromium tells the refusal too.
  expect(errors.splice(0).every((error) => error.includes("Content Security Policy"))).toBe(true);
});

describe("the filter", () => {
  beforeEach(() => openCaptureFile(page, "sample.pcapng", capture));

  test("says what is wrong with an expression, at its column, and keeps what applied", async () => {
    await filter("udp");
    await expect.poll(state).toMatch(/ ([\d,]+) of (?!\1 )[\d,]+ packets$/);
    const applied = await state();
    await filter("tcp port 80 and hots 192.0.2.1");
    const problem = page.locator("#filter-problem");
    await expect.poll(() => problem.textContent()).toContain("Column 22:");
    const [text, mark] = (await problem.locator("code").textContent())!.split("\n");
    expect(text!.slice(mark!.indexOf("^"))).toBe("192.0.2.1");
    expect(await page.getAttribute("#filter", "aria-invalid")).toBe("true");
    expect(await state()).toBe(applied);
    await page.press("#filter", "Escape");
    expect(await page.inputValue("#filter")).toBe("udp");
    expect(await problem.isVisible()).toBe(false);
  });

  test("applies to everything on the page", async () => {
    const dns = samplePackets().filter((packet) => packet.layers.some(({ layer }) => layer.name === "DNS")).length;
    await filter("udp port 53");
    await expect.poll(() => badge("packets").textContent()).toBe(count(dns));
    await expect.poll(() => page.locator("#shares li:visible .name").allInnerTexts()).toEqual(["DNS"]);
    await expect.poll(() => rows().first().textContent()).toContain("DNS");
    await page.click("#filter-clear");
    await expect.poll(() => badge("packets").textContent()).toBe(count(total));
  });

  test("remembers, and a row of a table becomes one", async () => {
    for (const expression of ["icmp", "arp"]) {
      await filter(expression);
      await page.waitForSelector("#filter.active");
    }
    await page.press("#filter", "ArrowUp");
    await page.press("#filter", "ArrowUp");
    expect(await page.inputValue("#filter")).toBe("icmp");
    await page.click("#filter-clear");
    await page.click("#tab-conversations");
    await page.dblclick(".conversations .content .row >> nth=0");
    expect(await page.inputValue("#filter")).toMatch(/^(tcp|udp) and host .* and port/);
    expect(await page.getAttribute("#tab-packets", "aria-selected")).toBe("true");
    await expect.poll(state).toMatch(/ of /);
  });
});

describe("a packet", () => {
  beforeEach(() => openCaptureFile(page, "sample.pcapng", capture));

  test("is opened by the keyboard, its fields show their bytes and its bytes their field", async () => {
    await page.focus(".list.packets");
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"]) await page.keyboard.press(key);
    await expect.poll(() => page.locator("#detail h2 b").textContent()).toBe("Packet 2");
    const active = await page.getAttribute(".list.packets", "aria-activedescendant");
    expect(await page.getAttribute(`[id="${active}"]`, "aria-selected")).toBe("true");

    const bytes = samplePackets()[1]!.bytes;
    await page.click(".tree [role=treeitem]:has(.name:text-is('sport'))");
    const marked = await page.locator(".hex .numbers .marked").allInnerTexts();
    expect(marked.join("")).toBe(Buffer.from(bytes.subarray(34, 36)).toString("hex"));

    await page.click(".hex .numbers [data-at='22']");
    expect(await page.locator(".tree [aria-selected=true]").textContent()).toBe("ttl64");
    expect(await page.locator(".hex .numbers .marked").count()).toBe(1);

    await page.keyboard.press("Escape");
    expect(await page.isVisible("#detail")).toBe(false);
  });

  test("at the very end is reached with End, and times have other forms", async () => {
    await page.focus(".list.packets");
    await page.keyboard.press("End");
    await expect.poll(() => page.locator("#detail h2 b").textContent()).toBe(`Packet ${count(total)}`);
    const last = samplePackets().at(-1)!;
    const cell = page.locator(".packets .content .row[aria-selected=true] .time");
    await page.selectOption("#time-format", "epoch");
    await expect.poll(() => cell.textContent()).toBe(last.time.toString().slice(0, -3));
    await page.selectOption("#time-format", "utc");
    await expect.poll(() => cell.textContent()).toBe(last.time.toISOString().replace("T", " ").slice(0, -4));
  });

  test("with hostile text shows it as text", async () => {
    const title = await page.title();
    await filter("host 192.0.2.66");
    await page.waitForSelector(".packets .content .row:has-text('<img')");
    await page.click(".packets .content .row:has-text('<img')");
    await page.waitForSelector(".tree .value:has-text('onerror')");
    await page.click(".packets .content .row:has-text('<script>')");
    await page.waitForSelector(".tree .value:has-text('<script>')");
    expect(await page.locator("main img, main script").count()).toBe(0);
    const shown = await page.locator("main").textContent();
    expect(shown).not.toMatch(/\p{Bidi_Control}|(?!\s)\p{Cc}/u);
    expect(await page.title()).toBe(title);
  });
});

describe("tables", () => {
  beforeEach(() => openCaptureFile(page, "sample.pcapng", capture));

  test("sort by any column, both ways", async () => {
    await page.click("#tab-talkers");
    const natural = new Intl.Collator("en", { numeric: true });
    // The pool of rows is in no order: compare by what is where, from the first row on.
    const sorted = async (sign: number): Promise<boolean> => {
      const rows = await page
        .locator(".talkers [aria-rowindex]:visible")
        .evaluateAll((all) =>
          all.map(
            (row) =>
              [Number(row.getAttribute("aria-rowindex")), row.querySelector(".cell")?.textContent ?? ""] as const,
          ),
        );
      rows.sort(([one], [other]) => one - other);
      const addresses = rows.map(([, address]) => address);
      const wanted = addresses.toSorted((one, other) => sign * natural.compare(one, other));
      return rows[0]?.[0] === 1 && rows.length > 5 && addresses.join() === wanted.join();
    };
    await page.click(".talkers .head button:text('Address')");
    await expect.poll(() => sorted(1)).toBe(true);
    await page.click(".talkers .head button:text('Address')");
    await expect.poll(() => sorted(-1)).toBe(true);
    expect(await page.getAttribute(".talkers .head [role=columnheader] >> nth=0", "aria-sort")).toBe("descending");
  });

  test("tabs answer to keys", async () => {
    await page.keyboard.press("3");
    expect(await page.getAttribute("#tab-talkers", "aria-selected")).toBe("true");
    await page.focus("#tab-talkers");
    await page.keyboard.press("ArrowLeft");
    expect(await page.getAttribute("#tab-conversations", "aria-selected")).toBe("true");
    await page.keyboard.press("/");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("filter");
  });
});

test("a phone shows everything in its width", async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openCaptureFile(page, "sample.pcapng", capture);
  await expect.poll(() => rows().count()).toBeGreaterThan(5);
  for (const tab of ["packets", "conversations", "talkers", "http", "dns"]) {
    await page.click(`#tab-${tab}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  }
});
