import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { ChatPage, closeBrowsers, noBrowser } from "./browser.ts";
import { ChatProcess } from "./chat-process.ts";
import { endPrograms, type Program } from "./program.ts";
import { noTerminal, Terminal } from "./terminal.ts";

let terminal: Terminal | undefined;
const folders: string[] = [];
afterEach(async () => {
  terminal?.close();
  terminal = undefined;
  await closeBrowsers();
  await endPrograms();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function nc(server: ChatProcess, nick: string, room: string): Promise<Program> {
  const client = server.nc();
  await client.line(/^-- Welcome/);
  client.type(`/nick ${nick}`);
  client.type(`/join ${room}`);
  await client.line(new RegExp(`^-- You are in #${room}`));
  return client;
}

function historyFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-chat-"));
  folders.push(folder);
  return join(folder, "history.sqlite");
}

describe.skipIf(noBrowser)("the page", () => {
  it.skipIf(noTerminal)("talks with nc and the terminal client, and each sees who comes and who is who", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob", "tea");
    const args = ["join", "--port", String(server.port), "--nick", "eve", "--room", "tea"];
    terminal = new Terminal([process.execPath, join(import.meta.dirname, "..", "dist", "cli.js"), ...args]);
    await terminal.until(/^#tea eve>$/m);
    const ada = await ChatPage.join(server.webPort, "ada", "tea");
    await bob.line("-- ada joined #tea");
    await terminal.until(/^-- ada joined #tea$/m);
    await expect.poll(() => ada.people().allTextContents()).toEqual(["adayou", "bob", "eve"]);

    bob.type("hello from nc");
    await ada.heard("hello from nc");
    terminal.type("hello from the terminal");
    terminal.press("Enter");
    await ada.heard("hello from the terminal");
    await ada.say("hello from the page");
    await bob.line("ada: hello from the page");
    await bob.line("eve: hello from the terminal");
    await terminal.until(/ada: hello from the page$/m);
    await terminal.until(/bob: hello from nc$/m);
    await expect
      .poll(() => ada.messages())
      .toEqual(["hello from nc", "hello from the terminal", "hello from the page"]);

    await ada.say("/nick Ada-L");
    await bob.line("-- ada is now Ada-L");
    await terminal.until(/^-- ada is now Ada-L$/m);
    bob.type("/nick robert");
    await expect.poll(() => ada.people().allTextContents()).toEqual(["Ada-Lyou", "eve", "robert"]);
    await ada.say("/me waves");
    await bob.line("* Ada-L waves");
    await ada.say("/msg robert psst");
    await bob.line("[Ada-L -> robert] psst");
    await ada.heard("psst");
    bob.type("/quit");
    await expect.poll(() => ada.people().allTextContents()).toEqual(["Ada-Lyou", "eve"]);
    expect(ada.complaints).toEqual([]);
  });

  it("marks rooms with something new, goes there, and comes back to where it was", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob", "tea");
    const ada = await ChatPage.join(server.webPort, "ada", "tea");
    const rooms = ada.page.getByRole("navigation", { name: "Rooms" });
    bob.type("one");
    await ada.heard("one");
    await rooms.getByRole("textbox").fill("den");
    await rooms.getByRole("textbox").press("Enter");
    await ada.page.getByRole("heading", { name: "#den" }).waitFor();
    expect(await ada.messages()).toEqual([]);
    bob.type("two");
    await rooms.getByRole("button", { name: /tea.*new messages/ }).click();
    await ada.page.getByRole("heading", { name: "#tea" }).waitFor();
    await ada.heard("two");
    expect(await ada.messages()).toEqual(["one", "two"]);
    expect(await ada.page.title()).toBe("#tea · Sockeye chat");
    expect(new URL(ada.page.url()).hash).toBe("#tea");
  });

  it("shows what was said before, and loads what is older without moving what one reads", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob", "tea");
    for (let i = 0; i < 140; i++) bob.type(`message ${i}`);
    bob.type("/who");
    await bob.line(/^-- In #tea/);
    const ada = await ChatPage.join(server.webPort, "ada", "tea");
    await ada.heard("message 139");
    const all = await ada.messages();
    expect(all).toEqual(Array.from({ length: all.length }, (_, i) => `message ${140 - all.length + i}`));

    const top = ada.log.locator(".text", { hasText: all[0]! });
    await ada.log.hover();
    const places: number[] = [];
    await ada.page.exposeFunction("placed", (y: number) => places.push(y));
    // In the very turn in which older messages come, what was on top stays where it was.
    await ada.page.evaluate(`{
      const log = document.querySelector('[role="log"]');
      const first = [...log.querySelectorAll(".entries .text")].find((text) => text.textContent.includes(${JSON.stringify(all[0])}));
      log.scrollTop = 100;
      const before = first.getBoundingClientRect().y;
      new MutationObserver((_, observer) => {
        const now = [...log.querySelectorAll(".entries .text")].find((text) => text.textContent.includes(${JSON.stringify(all[0])}));
        queueMicrotask(() => placed(now.getBoundingClientRect().y - before));
        observer.disconnect();
      }).observe(log.querySelector(".entries"), { childList: true });
    }`);
    await ada.log.locator(".text", { hasText: /message 60$/ }).waitFor();
    await expect.poll(() => places).toHaveLength(1);
    expect(Math.abs(places[0]!)).toBeLessThan(40);
    await top.waitFor();

    while (!(await ada.log.getByText("This is where #tea begins.").isVisible())) {
      await ada.page.evaluate(
        `{ const log = document.querySelector('[role="log"]'); log.scrollTop = log.scrollTop < 50 ? 60 : 0; }`,
      );
    }
    expect(await ada.messages()).toEqual(Array.from({ length: 140 }, (_, i) => `message ${i}`));
    bob.type("the newest");
    await ada.page.getByRole("button", { name: "1 new message" }).click();
    await ada.log.getByText("the newest").waitFor();
  });

  it("comes back after the server was killed, with everything that was said meanwhile, once", async () => {
    const file = historyFile();
    const first = await ChatProcess.start("--history", file);
    const ada = await ChatPage.join(first.webPort, "ada", "tea");
    await ada.say("before");
    await ada.heard("before");
    await first.kill("SIGKILL");
    await ada.state("No connection");
    await ada.page.getByText(/There is no connection; the next try is in \d+ s\./).waitFor();
    for (const text of ["while it is away", "and again"]) await ada.say(text);
    expect(await ada.log.locator(".pending .text").allTextContents()).toEqual(["while it is away", "and again"]);
    await ada.page.getByText("Your 2 messages are kept until then.").waitFor();

    const ports = ["--port", String(first.port), "--web-port", String(first.webPort)];
    const second = await ChatProcess.start(...ports, "--history", file);
    const bob = await nc(second, "bob", "tea");
    await ada.state("Connected");
    // Whoever is there first: Bob hears it, or is told it as what was said before.
    await bob.line(/(^|:\d\d )ada: and again$/);
    bob.type("welcome back");
    await ada.heard("welcome back");
    expect(await ada.messages()).toEqual(["before", "while it is away", "and again", "welcome back"]);
    expect(await ada.log.locator(".pending .text").count()).toBe(0);
    expect(bob.lines.filter((line) => line.endsWith("ada: while it is away"))).toHaveLength(1);
    expect(await ada.people().allTextContents()).toEqual(["adayou", "bob"]);
    expect(ada.complaints).toEqual([]);
  });

  it("shows hostile text as text", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob", "tea");
    const ada = await ChatPage.join(server.webPort, "ada", "tea");
    const texts: [string, string][] = [
      ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
      ["<script>document.title='owned'</script>", "<script>document.title='owned'</script>"],
      ["\x1b[31mred\x07 \x00", "\\x1b[31mred\\x07 \\x00"],
      ["\u202etxt.exe\u2066", "\\u202etxt.exe\\u2066"],
      ["🐟👩‍🚀 עברית", "🐟👩‍🚀 עברית"],
      ["javascript:alert(1) http://a@b.example/", "javascript:alert(1) http://a@b.example/"],
      ["a".repeat(4_000), "a".repeat(4_000)],
    ];
    for (const [text] of texts) bob.type(text);
    bob.type("see https://example.org/?q=<b>, please");
    await ada.heard("please");
    expect((await ada.messages()).slice(0, texts.length)).toEqual(texts.map(([, shown]) => shown));
    expect(await ada.log.locator("img, script, b").count()).toBe(0);
    const links = ada.log.getByRole("link");
    expect(await links.count()).toBe(1);
    expect(await links.getAttribute("href")).toBe("https://example.org/?q=");
    expect(await links.getAttribute("rel")).toContain("noopener noreferrer");
    // Nothing is wider than the page.
    expect(
      await ada.page.evaluate(
        "document.querySelector('.log').scrollWidth - document.querySelector('.log').clientWidth",
      ),
    ).toBe(0);

    await ada.say("x".repeat(100_000));
    await ada.log.getByText("Not sent: 100000 bytes, and 4096 are the most").waitFor();
    await ada.say("/join two words");
    await ada.log.getByText('"two words" is no name').waitFor();
    await ada.say("<b>still here</b> 🦈");
    await bob.line("ada: <b>still here</b> 🦈");
    expect(ada.complaints).toEqual([]);
  });

  it("is moved through with the keyboard", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob", "tea");
    const ada = await ChatPage.open(server.webPort);
    const { keyboard } = ada.page;
    await keyboard.type("ada");
    await keyboard.press("Tab");
    await keyboard.type("tea");
    await keyboard.press("Enter");
    await ada.state("Connected");
    await keyboard.type("/jo");
    await ada.page.getByRole("option", { name: /^\/join/ }).waitFor();
    await keyboard.press("Tab");
    await expect.poll(() => ada.field.inputValue()).toBe("/join ");
    await keyboard.type("de");
    await keyboard.press("Escape");
    await keyboard.type("n");
    await keyboard.press("Enter");
    await ada.page.getByRole("heading", { name: "#den" }).waitFor();
    await keyboard.press("Alt+ArrowDown");
    await keyboard.press("Alt+ArrowDown");
    await ada.page.getByRole("heading", { name: "#tea" }).waitFor();
    await keyboard.type("bo");
    await ada.page.getByRole("option", { name: "bob:" }).waitFor();
    await keyboard.press("Tab");
    await keyboard.type("hello");
    await keyboard.press("Enter");
    await bob.line("ada: bob: hello");
    await keyboard.press("ArrowUp");
    expect(await ada.field.inputValue()).toBe("bob: hello");
    await keyboard.press("Control+k");
    await expect
      .poll(() => ada.page.evaluate("document.activeElement.getAttribute('aria-label')"))
      .toBe("Join another room");
    await keyboard.press("Escape");
    await expect.poll(() => ada.page.evaluate("document.activeElement.id")).toBe("composer");
    // From the first thing on the page, everything that can be used is reached in the order in which it is read.
    await ada.page.evaluate("document.querySelector('.skip').focus()");
    const order: unknown[] = ["skip"];
    for (let i = 0; i < 10; i++) {
      await keyboard.press("Tab");
      order.push(
        await ada.page.evaluate(`{
          const element = document.activeElement;
          element.className.split(" ")[0] === "skip" ? "skip" : element.closest("nav") ? "rooms" : element.closest(".people") ? "people"
            : element.closest("footer") ? "theme" : element.role === "tab" ? "tabs" : element.role === "log" ? "log" : element.closest(".composer") ? "composer" : "?";
        }`),
      );
    }
    const steps = order.filter((place, i) => place !== order[i - 1]);
    expect(steps.slice(0, 7)).toEqual(["skip", "rooms", "people", "theme", "tabs", "log", "composer"]);
  });

  it("fits a phone, with rooms and people in a drawer", async () => {
    const server = await ChatProcess.start();
    await nc(server, "bob", "tea");
    const ada = await ChatPage.join(server.webPort, "ada", "tea", {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    const width = "document.documentElement.scrollWidth";
    expect(await ada.page.evaluate(width)).toBe(390);
    const send = (await ada.page.getByRole("button", { name: "Send" }).boundingBox())!;
    expect(send.x + send.width).toBeLessThan(390);
    expect(await ada.people().first().isVisible()).toBe(false);
    await ada.page.getByRole("button", { name: "Rooms and people" }).click();
    await ada.people().filter({ hasText: "bob" }).click();
    expect(await ada.field.inputValue()).toBe("/msg bob ");
    await expect.poll(() => ada.people().first().isVisible()).toBe(false);
    await ada.page.getByRole("button", { name: "Rooms and people" }).click();
    await ada.page.keyboard.press("Escape");
    await expect.poll(() => ada.people().first().isVisible()).toBe(false);
    expect(await ada.page.evaluate(width)).toBe(390);
  });

  it("keeps the theme that somebody chose", async () => {
    const server = await ChatProcess.start();
    const ada = await ChatPage.join(server.webPort, "ada", "tea", { colorScheme: "dark" });
    const ground = (): Promise<unknown> => ada.page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(await ground()).toBe("rgb(20, 22, 26)");
    await ada.page.getByRole("button", { name: "Change to the light theme" }).click();
    expect(await ground()).toBe("rgb(246, 245, 242)");
    await ada.page.reload();
    expect(await ground()).toBe("rgb(246, 245, 242)");
    expect(await ada.page.getByLabel("Your name").inputValue()).toBe("ada");
    expect(ada.complaints).toEqual([]);
  });
});

const folder = join(import.meta.dirname, "..", "dist", "page");
const size = (...names: string[]): number =>
  names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);

it("is at most 60 kB to begin with, and the decoder is apart", () => {
  const files = readdirSync(folder);
  const decoder = files.filter((name) => name.startsWith("wire-view"));
  expect(decoder).toHaveLength(1);
  const rest = files.filter((name) => !decoder.includes(name));
  expect(rest).toEqual(expect.arrayContaining(["index.html", "main.js", "style.css", "icon.svg"]));
  expect(size(...rest)).toBeLessThan(60_000);
  expect(size(...decoder)).toBeGreaterThan(30_000);
});
