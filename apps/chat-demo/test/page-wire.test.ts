import { readFileSync } from "node:fs";
import { readCapture } from "@sockeye/pcap-decode";
import type { Locator } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { ChatPage, closeBrowsers, noBrowser } from "./browser.ts";
import { ChatProcess } from "./chat-process.ts";
import { faintTexts } from "./contrast.ts";
import { endPrograms, type Program } from "./program.ts";

const noCapture = noBrowser ?? (process.getuid?.() === 0 ? undefined : "packets are captured by root");
if (noCapture !== undefined) console.log(`The Wire view is not tested with packets: ${noCapture}`);

afterEach(async () => {
  await closeBrowsers();
  await endPrograms();
});

interface Wire {
  readonly ada: ChatPage;
  readonly bob: Program;
  readonly rows: Locator;
  /** There once the page is shown packets as they come. */
  readonly listens: Locator;
  readonly filter: Locator;
}

/** Ada looks at the packets; Bob speaks plain lines. */
async function openWire(): Promise<Wire> {
  const server = await ChatProcess.start();
  const bob = server.nc();
  await bob.line(/^-- Welcome/);
  for (const line of ["/nick bob", "/join tea"]) bob.type(line);
  await bob.line(/^-- You are in #tea/);
  const ada = await ChatPage.join(server.webPort, "ada", "tea");
  await bob.line("-- ada joined #tea");
  const { page } = ada;
  const requested: string[] = [];
  page.on("request", (request) => requested.push(new URL(request.url()).pathname));
  await page.getByRole("tab", { name: "Wire" }).click();
  const rows = page.getByRole("table", { name: "Packets" }).locator("tbody tr");
  // What was said before may still be acknowledged.
  const listens = page.getByText("Waiting for packets").or(rows).first();
  await listens.waitFor();
  // What decodes packets was fetched now, and not before.
  expect(requested.filter((path) => path.startsWith("/wire-view"))).toHaveLength(1);
  return {
    ada,
    bob,
    rows,
    listens,
    filter: page.getByRole("textbox", { name: /^Filter/ }),
  };
}

describe.skipIf(noCapture)("the Wire view", () => {
  it("shows the message that was just typed, on its way in and out, without showing itself", async () => {
    const { ada, bob, rows } = await openWire();
    await ada.page.getByRole("tab", { name: "Chat" }).click();
    await ada.say("seen on the wire");
    await bob.line("ada: seen on the wire");
    await ada.page.getByRole("tab", { name: "Wire" }).click();
    const own = rows.filter({ hasText: '"text":"seen on the wire"' }).first();
    await own.waitFor();
    expect(await own.locator(".protocol").textContent()).toBe("WebSocket");
    const plain = rows.filter({ hasText: "ada: seen on the wire" }).first();
    await plain.waitFor();
    expect(await plain.locator(".protocol").textContent()).toBe("Chat");
    // What is sent to this page is packets about packets, and left out: the number of rows comes to rest.
    const count = await rows.count();
    bob.type("one more");
    await rows.filter({ hasText: "one more" }).first().waitFor();
    bob.type("and the last");
    await rows.filter({ hasText: "and the last" }).first().waitFor();
    expect((await rows.count()) - count).toBeLessThan(12);
    expect(ada.complaints).toEqual([]);
  });

  it("opens a packet into fields and bytes that show each other, with the mouse and with keys", async () => {
    const { ada, bob, rows } = await openWire();
    bob.type("look inside");
    await rows.filter({ hasText: "look inside" }).first().click();
    const tree = ada.page.getByRole("tree", { name: "Decoded packet" });
    await expect
      .poll(() => tree.locator(".layer > .label b").allTextContents())
      .toEqual(["Ethernet", "IPv4", "TCP", "Chat"]);
    await tree.locator(".label", { hasText: "TCP" }).click();
    await tree.locator(".leaf", { hasText: "dport" }).hover();
    const hot = ada.page.locator(".hex .byte.hot");
    const digits = (await hot.allTextContents()).filter((text) => text.length === 2);
    const port = await tree.locator(".leaf", { hasText: "dport" }).locator(".value").textContent();
    expect(Number.parseInt(digits.join(""), 16)).toBe(Number(port));
    // And the other way: the first byte is the destination of the Ethernet header.
    await ada.page.locator('.hex [data-at="34"]').first().hover();
    await expect.poll(() => tree.locator(".hot").textContent()).toMatch(/^sport/);

    await tree.locator(".label", { hasText: "Ethernet" }).click();
    const { keyboard } = ada.page;
    await keyboard.press("ArrowDown");
    await expect.poll(() => ada.page.evaluate("document.activeElement.textContent")).toMatch(/^dst/);
    await keyboard.press("ArrowLeft");
    await keyboard.press("ArrowLeft");
    await keyboard.press("ArrowDown");
    await expect.poll(() => ada.page.evaluate("document.activeElement.ariaLabel")).toMatch(/^IPv4/);
    expect((await faintTexts(ada.page)).faint).toEqual([]);
    await keyboard.press("Escape");
    await tree.waitFor({ state: "detached" }).catch(() => tree.waitFor({ state: "hidden" }));
    await keyboard.press("ArrowUp");
    await tree.waitFor();
    expect(ada.complaints).toEqual([]);
  });

  it("filters what is shown, and says at which column a filter is wrong", async () => {
    const { ada, bob, rows, filter } = await openWire();
    bob.type("to be filtered");
    await rows.filter({ hasText: "to be filtered" }).first().waitFor();
    const all = await rows.count();
    await filter.fill("tcp[tcpflags] & tcp-push != 0");
    await expect.poll(() => rows.count()).toBeLessThan(all);
    await filter.fill("tcp port 80 and");
    const problem = ada.page.locator("#filter-problem");
    expect(await problem.textContent()).toMatch(/^ {15}▲\n.*\(column 16\)$/s);
    expect(await filter.getAttribute("aria-invalid")).toBe("true");
    await filter.fill("udp");
    await ada.page.getByText("No packet passes the filter").waitFor();
    expect((await faintTexts(ada.page)).faint).toEqual([]);
    await filter.fill("");
    await rows.filter({ hasText: "to be filtered" }).first().waitFor();
    expect(ada.complaints).toEqual([]);
  });

  it("pauses, goes on, clears, and saves what it holds as pcapng", async () => {
    const { ada, bob, rows, listens } = await openWire();
    bob.type("before the pause");
    await rows.filter({ hasText: "before the pause" }).first().waitFor();
    await ada.page.getByRole("button", { name: "Pause" }).click();
    await ada.page.getByText("paused").waitFor();
    const [download] = await Promise.all([
      ada.page.waitForEvent("download"),
      ada.page.getByRole("button", { name: "Save as pcapng" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("chat.pcapng");
    const capture = readCapture(readFileSync(await download.path()));
    const packets = [...capture];
    await expect.poll(() => rows.count()).toBe(packets.length);
    expect(packets.some(({ payload }) => Buffer.from(payload).includes("before the pause"))).toBe(true);

    bob.type("while it is paused");
    await ada.page.getByRole("tab", { name: "Chat" }).click();
    await ada.heard("while it is paused");
    await ada.page.getByRole("tab", { name: "Wire" }).click();
    await ada.page.getByRole("button", { name: "Go on" }).click();
    await ada.page.getByRole("button", { name: "Clear" }).click();
    await listens.waitFor();
    bob.type("after it");
    await rows.filter({ hasText: "after it" }).first().waitFor();
    expect(await rows.filter({ hasText: "while it is paused" }).count()).toBe(0);
    expect(ada.complaints).toEqual([]);
  });
});

it.skipIf(noBrowser)("says why there are no packets", async () => {
  const server = await ChatProcess.start("--no-wire");
  const ada = await ChatPage.join(server.webPort, "ada", "tea");
  await ada.page.getByRole("tab", { name: "Wire" }).click();
  await ada.page.getByText("The server shows no packets").waitFor();
  await ada.page.getByText("This server shows no packets; see --wire").waitFor();
});
