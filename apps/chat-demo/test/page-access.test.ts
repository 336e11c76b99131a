import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { ChatPage, closeBrowsers, noBrowser } from "./browser.ts";
import { certificate } from "./certificate.ts";
import { ChatProcess } from "./chat-process.ts";
import { faintTexts } from "./contrast.ts";
import { endPrograms } from "./program.ts";

afterEach(async () => {
  await closeBrowsers();
  await endPrograms();
});

/** What can be used has a name, what is no list item is in no list, and no id is there twice. */
const faults = `{
  const faults = [];
  const named = (element) =>
    (element.getAttribute("aria-label") ?? element.getAttribute("aria-labelledby") ?? element.labels?.[0]?.textContent ?? element.textContent).trim() !== "";
  for (const element of document.querySelectorAll("button, a, input, textarea, [role=tab], [role=log], [role=tree], [role=treeitem], [role=listbox], nav, aside, section")) {
    if (element.closest("[hidden]")) continue;
    if (!named(element)) faults.push("no name: " + element.outerHTML.slice(0, 80));
  }
  for (const item of document.querySelectorAll("li")) if (!item.closest("ul, ol, [role=tree], [role=listbox]")) faults.push("stray li");
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) faults.push("twice: " + id);
  for (const element of document.querySelectorAll("[aria-controls], [aria-labelledby], [aria-describedby], label[for]")) {
    for (const name of ["aria-controls", "aria-labelledby", "aria-describedby", "for"]) {
      const id = element.getAttribute(name);
      if (id !== null && document.getElementById(id) === null) faults.push(name + " leads nowhere: " + id);
    }
  }
  for (const element of document.querySelectorAll("[style], script:not([src]), style")) faults.push("inline: " + element.outerHTML.slice(0, 80));
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
  if (document.documentElement.lang === "") faults.push("no language");
  faults;
}`;

async function check(page: Page): Promise<number> {
  expect(await page.evaluate(faults)).toEqual([]);
  const { faint, seen } = await faintTexts(page);
  expect(faint).toEqual([]);
  return seen;
}

describe.skipIf(noBrowser)("for everybody", () => {
  it.each(["light", "dark"] as const)("has names, roles and contrast, %s", async (colorScheme) => {
    const server = await ChatProcess.start();
    const bob = server.nc();
    await bob.line(/^-- Welcome/);
    for (const line of ["/nick bob", "/join tea", "see http://example.org/", "/me waves"]) bob.type(line);
    const ada = await ChatPage.open(server.webPort, { colorScheme });
    expect(await check(ada.page)).toBeGreaterThan(5);
    await ada.page.getByLabel("Your name").fill("two words");
    await ada.page.getByRole("button", { name: "Join" }).click();
    await ada.page.getByRole("alert").getByText('"two words" is no name').waitFor();
    await check(ada.page);
    await ada.join("ada", "tea");
    for (const line of ["hello", "/msg bob psst", "/nosuch", "/help", "/who"]) await ada.say(line);
    await ada.heard("In #tea:");
    bob.type("/join den");
    await ada.heard("bob left #tea");
    await ada.say("/join den");
    await ada.page.getByRole("heading", { name: "#den" }).waitFor();
    bob.type("/join tea");
    bob.type("something new");
    await ada.page.getByRole("button", { name: /tea.*new messages/ }).waitFor();
    await ada.field.fill("/");
    await ada.page.getByRole("option").first().waitFor();
    expect(await check(ada.page)).toBeGreaterThan(15);
    await ada.field.fill("");
    await ada.page.getByRole("button", { name: /tea.*new messages/ }).click();
    await ada.heard("something new");
    expect(await check(ada.page)).toBeGreaterThan(25);

    // Names of every colour, on every ground that they stand on.
    await ada.page.evaluate(`{
      const entries = document.querySelector(".entries");
      for (let hue = 0; hue < 12; hue++) {
        for (const kind of ["", "whisper"]) {
          const entry = entries.lastElementChild.cloneNode(true);
          entry.className = "entry first " + kind;
          entry.replaceChildren(...["face", "from"].map((name) => {
            const span = document.createElement("span");
            span.className = name;
            span.dataset.hue = hue;
            span.textContent = "Nick";
            return span;
          }));
          entries.append(entry);
        }
      }
    }`);
    expect(await check(ada.page)).toBeGreaterThan(25 + 48);
    await server.kill("SIGKILL");
    await ada.state("No connection");
    await check(ada.page);
  });

  it("tells a screen reader what is new, and not what was there", async () => {
    const server = await ChatProcess.start();
    const ada = await ChatPage.join(server.webPort, "ada", "tea");
    expect(await ada.log.getAttribute("aria-live")).toBe("polite");
    expect(await ada.log.getAttribute("aria-label")).toBe("Messages in #tea");
    await expect.poll(() => ada.log.getAttribute("aria-busy")).toBeNull();
    expect(await ada.page.getByRole("status").first().textContent()).toBe("Connected");
    for (const landmark of ["banner", "main", "navigation", "complementary"] as const) {
      expect(await ada.page.getByRole(landmark).count()).toBe(1);
    }
    await ada.page.getByRole("tab", { name: "Chat" }).focus();
    await ada.page.keyboard.press("ArrowRight");
    await ada.page.getByRole("tab", { name: "Wire", selected: true }).waitFor();
    await ada.page.getByRole("tabpanel", { name: "Wire" }).waitFor();
    await ada.page
      .getByRole("heading", { name: "The server shows no packets" })
      .or(ada.page.getByRole("status"))
      .first()
      .waitFor();
    await check(ada.page);
  });
});

it.skipIf(noBrowser)("works over TLS", async () => {
  const own = await certificate();
  const server = await ChatProcess.start("--tls", own.cert, own.key);
  const ada = await ChatPage.join(server.webPort, "ada", "tea", { ignoreHTTPSErrors: true });
  await ada.say("in secret");
  await ada.heard("in secret");
  expect(ada.complaints).toEqual([]);
  await own.remove();
});

describe.skipIf(noBrowser)("a chat with a password", () => {
  it("is asked for when it is needed, and again when it was wrong", async () => {
    const server = await ChatProcess.start("--password", "open sesame");
    const ada = await ChatPage.open(server.webPort);
    await ada.page.getByLabel("Your name").fill("ada");
    await ada.page.getByRole("button", { name: "Join" }).click();
    const field = ada.page.getByLabel("Password");
    await field.fill("guess");
    await check(ada.page);
    await field.press("Enter");
    await ada.page.getByRole("alert").getByText("That is not the password of this chat").waitFor();
    await field.fill("open sesame");
    // The server is slow to look at another one after a wrong one.
    for (;;) {
      await field.press("Enter");
      const state = ada.page.locator(".status").getByText("Connected", { exact: true });
      const again = ada.page.getByRole("alert").getByText(/Too many wrong passwords/);
      await state.or(again).first().waitFor({ state: "attached" });
      if ((await state.count()) > 0) break;
      await field.fill("open sesame");
    }
    expect(ada.complaints).toEqual([]);
  });
});
