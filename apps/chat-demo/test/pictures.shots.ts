import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { ChatPage, closeBrowsers } from "./browser.ts";
import { ChatProcess, cli } from "./chat-process.ts";
import { withPalette } from "./palette-png.ts";
import { endPrograms, type Program } from "./program.ts";
import { Terminal } from "./terminal.ts";
import { terminalPage } from "./terminal-picture.ts";

const folder = join(import.meta.dirname, "..", "pictures");
mkdirSync(folder, { recursive: true });
const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
const MAX_SIZE = 150_000;

let terminal: Terminal | undefined;
afterEach(async () => {
  terminal?.close();
  await closeBrowsers();
  await endPrograms();
});

function keep(name: string, png: Buffer): void {
  const small = withPalette(png);
  expect(small.length).toBeLessThan(MAX_SIZE);
  writeFileSync(join(folder, `${name}.png`), small);
}

async function shoot(chat: ChatPage, name: string): Promise<void> {
  keep(name, await chat.page.screenshot({ animations: "disabled", caret: "hide" }));
}

async function nc(server: ChatProcess, nick: string, room: string): Promise<Program> {
  const client = server.nc();
  await client.line(/^-- Welcome/);
  client.type(`/nick ${nick}`);
  client.type(`/join ${room}`);
  await client.line(new RegExp(`^-- You are in #${room}`));
  return client;
}

it("takes the pictures", async () => {
  const server = await ChatProcess.start();
  const zone = { locale: "en-GB", timezoneId: "UTC" };
  const columns = 92;
  const environment = ["env", "-u", "NO_COLOR", "FORCE_COLOR=1", "TZ=UTC"];
  const args = [process.execPath, cli, "join", "--port", String(server.port), "--nick", "zoe", "--room", "tea"];
  const bob = await nc(server, "bob", "tea");
  const grace = await nc(server, "grace", "tea");
  const noor = await nc(server, "noor", "garden");
  terminal = new Terminal([...environment, ...args], { columns, rows: 22 });
  await terminal.until(/^#tea zoe>$/m);
  const mia = await ChatPage.open(server.webPort, { viewport: desktop, colorScheme: "light", ...zone });
  await shoot(mia, "join-light");
  await mia.join("mia", "garden");
  noor.type("The tomatoes are in.");
  await mia.heard("tomatoes");
  await mia.say("/join tea");
  await mia.page.getByRole("heading", { name: "#tea" }).waitFor();

  const hear = (text: string): Promise<void> => mia.heard(text);
  bob.type("Morning! The kettle is on.");
  await hear("kettle");
  grace.type("Green for me, please. While we wait: https://www.rfc-editor.org/rfc/rfc2324");
  await hear("Green for me");
  grace.type("Section 2.3.2 is the one about the teapot.");
  await hear("teapot");
  bob.type("/me looks for the green one");
  await hear("looks for");
  terminal.type("Is the printer back? It asked for paper twice.");
  terminal.press("Enter");
  await hear("printer");
  await mia.say("It is. I had a word with it 🖨️");
  await hear("had a word");
  bob.type("/msg mia there is cake in the kitchen, quick");
  await hear("cake");
  grace.type("שבוע טוב, and good morning to everybody else");
  await hear("everybody else");
  terminal.type("Coming over. Keep a cup warm!");
  terminal.press("Enter");
  await hear("Coming over");
  noor.type("And the beans, too.");
  await mia.page.getByRole("button", { name: /garden.*new messages/ }).waitFor();
  await terminal.until(/Coming over/);
  await shoot(mia, "page-light");
  await mia.page.emulateMedia({ colorScheme: "dark" });
  await mia.field.fill("/");
  await mia.page.getByRole("option").first().waitFor();
  await shoot(mia, "page-dark");
  await mia.field.fill("");

  terminal.type("/msg grace ");
  const shot = await ChatPage.open(server.webPort, { viewport: { width: 900, height: 600 } });
  await terminal.until(/msg grace/);
  // On a page of its own: the chat's policy would not let it have a style.
  await shot.page.goto("about:blank");
  await shot.page.setContent(
    terminalPage(terminal.styledScreen(), "npm run chat -- --nick zoe --room tea", columns, " "),
  );
  keep("terminal", await shot.page.locator("body").screenshot());

  for (const colorScheme of ["light", "dark"] as const) {
    const small = await ChatPage.join(server.webPort, `pip-${colorScheme}`, "tea", {
      viewport: phone,
      colorScheme,
      ...zone,
    });
    await small.heard("Coming over");
    await shoot(small, `phone-${colorScheme}`);
    await small.page.context().close();
  }

  await mia.page.emulateMedia({ colorScheme: "light" });
  await mia.page.getByRole("tab", { name: "Wire" }).click();
  await mia.page.getByText("Waiting for packets").waitFor();
  grace.type("Is anybody listening on the wire?");
  const rows = mia.page.getByRole("table", { name: "Packets" }).getByRole("row");
  await rows.filter({ hasText: "listening on the wire" }).first().waitFor();
  bob.type("Only Mia, and she shows what she hears.");
  await rows.filter({ hasText: "shows what she hears" }).nth(1).waitFor();
  await mia.page.getByRole("button", { name: "Pause" }).click();
  await rows.filter({ hasText: "shows what she hears" }).first().click();
  await mia.page.locator(".layer > .label", { hasText: "TCP" }).click();
  await mia.page.locator(".leaf", { hasText: "dport" }).first().hover();
  await shoot(mia, "wire-light");
  await mia.page.emulateMedia({ colorScheme: "dark" });
  await mia.page.getByRole("textbox", { name: /Filter/ }).fill("tcp[tcpflags] & tcp-push != 0 and greater");
  await shoot(mia, "wire-dark");
});
