/** Going away from a room, a server or a window of the page, and coming back. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { ChatPage, closeBrowsers, noBrowser } from "./browser.ts";
import { ChatProcess } from "./chat-process.ts";
import { FrameClient } from "./frame-client.ts";
import { endPrograms } from "./program.ts";

afterEach(async () => {
  await closeBrowsers();
  await endPrograms();
});

const roomIs = (chat: ChatPage, room: string): Promise<void> =>
  chat.page.getByRole("heading", { level: 1, name: `#${room}`, exact: true }).waitFor();

it.skipIf(noBrowser)("goes to the room before with Back, and to the next one with Forward", async () => {
  const server = await ChatProcess.start();
  const ada = await ChatPage.join(server.webPort, "ada", "tea");
  await ada.say("/join den");
  await roomIs(ada, "den");
  await ada.page.goBack();
  await roomIs(ada, "tea");
  await ada.page.goForward();
  await roomIs(ada, "den");
  expect(new URL(ada.page.url()).hash).toBe("#den");
  expect(ada.complaints).toEqual([]);
});

it.skipIf(noBrowser)(
  "says why a second window has another name, and keeps the person's own for the next time",
  async () => {
    const server = await ChatProcess.start();
    const ada = await ChatPage.join(server.webPort, "ada", "tea");
    for (let i = 0; i < 40; i++) await ada.say(`line ${i}`);
    await ada.heard("line 39");
    const second = await ada.second();
    await second.join("ada", "tea");
    const refusal = second.log.getByText("The name ada is taken; you are guest-1");
    await refusal.waitFor();
    const { y } = (await refusal.boundingBox())!;
    expect(y).toBeLessThan(second.page.viewportSize()!.height);
    await second.page.reload();
    expect(await second.page.getByLabel("Your name").inputValue()).toBe("ada");
  },
);

it.skipIf(noBrowser)("keeps what is said after a goodbye, and sends it when the person joins again", async () => {
  const server = await ChatProcess.start();
  const { port, webPort } = server;
  const ada = await ChatPage.join(webPort, "ada", "tea");
  await server.kill("SIGINT");
  await ada.page.getByText("Goodbye: the server is closing").waitFor();
  await ada.say("nobody hears this");
  await ada.page.getByText("Your message is kept until then.").waitFor();
  await ChatProcess.start("--port", String(port), "--web-port", String(webPort));
  await ada.page.getByRole("button", { name: "Join again" }).click();
  await ada.heard("nobody hears this");
  expect(await ada.messages()).toEqual(["nobody hears this"]);
});

/** Says a wrong password, as soon as the server looks at one. */
async function guessWrong(server: ChatProcess): Promise<void> {
  for (;;) {
    const guesser = (await FrameClient.webSocket(server.webPort)).hello({ password: "wrong" });
    const { wait } = await guesser.next("problem");
    await guesser.close();
    if (wait === undefined) return;
    // What the server asks for: before that it looks at no password.
    await sleep(wait);
  }
}

it.skipIf(noBrowser)("waits as long as the server says with a password that it did not look at", async () => {
  const server = await ChatProcess.start("--password", "sesame");
  const ada = await ChatPage.open(server.webPort);
  const join = ada.page.getByRole("button", { name: "Join" });
  await join.click();
  await ada.page.getByLabel("Password").fill("sesame");
  for (let i = 0; i < 4; i++) await guessWrong(server);
  await join.click();
  await ada.page.getByText(/^Too many wrong passwords; the next try is in \d s\.$/).waitFor();
  await ada.state("Connected");
});
