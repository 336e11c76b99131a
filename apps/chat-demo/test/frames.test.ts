import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ChatProcess } from "./chat-process.ts";
import { FrameClient } from "./frame-client.ts";
import { endPrograms } from "./program.ts";

const clients: FrameClient[] = [];
afterEach(async () => {
  await endPrograms();
  await Promise.all(clients.splice(0).map((client) => client.ended));
});

type Way = "WebSocket" | "JSON lines";

async function client(server: ChatProcess, way: Way = "WebSocket"): Promise<FrameClient> {
  const made =
    way === "WebSocket" ? await FrameClient.webSocket(server.webPort) : await FrameClient.jsonLines(server.port);
  clients.push(made);
  return made;
}

it("lets nc, CPython, WebSocket and JSON lines hear each other in one room", async () => {
  const server = await ChatProcess.start();
  const plain = [server.nc(), server.python()];
  for (const [i, program] of plain.entries()) {
    await program.line(/^-- Welcome, guest-/);
    program.type(`/nick ${["alice", "bob"][i]}`);
    program.type("/join tea");
    await program.line(/^-- You are in #tea/);
  }
  const page = (await client(server)).hello({ nick: "carol", room: "tea" });
  expect(await page.next("welcome")).toMatchObject({ nick: "carol", room: "tea", others: 2, maxLine: 4_096 });
  expect(await page.next("people")).toMatchObject({ nicks: ["alice", "bob", "carol"], more: 0 });
  expect(await page.next("history")).toEqual({ type: "history", room: "tea", messages: [], more: false });
  const terminal = (await client(server, "JSON lines")).hello({ nick: "dave", room: "#tea" });
  await terminal.next("history");
  // The two who speak plain lines are announced when they have been there for a moment.
  await page.next("joined", ({ nick, room }) => nick === "dave" && room === "tea");

  plain[0]!.type("hello from alice");
  await page.next("said", ({ from, text }) => from === "alice" && text === "hello from alice");
  plain[1]!.type("hello from bob");
  await page.next("said", ({ from }) => from === "bob");
  page.say("hello from carol");
  await terminal.next("said", ({ from }) => from === "carol");
  terminal.say("/me waves");
  expect(await page.next("acted")).toMatchObject({ from: "dave", text: "waves", room: "tea" });
  for (const program of plain) {
    await program.line("carol: hello from carol");
    await program.line("* dave waves");
  }
  const ids = page.frames.flatMap((frame) => (frame.type === "said" || frame.type === "acted" ? [frame.id] : []));
  expect(ids).toHaveLength(4);
  expect(ids).toEqual([...ids].sort((a, b) => a - b));

  page.say("/nick Carol");
  expect(await terminal.next("renamed")).toEqual({ type: "renamed", from: "carol", to: "Carol" });
  await page.close();
  expect(await terminal.next("left")).toEqual({ type: "left", nick: "Carol", room: "tea" });
});

describe.each<Way>(["WebSocket", "JSON lines"])("over %s", (way) => {
  it("acknowledges a key once the message is kept, and the same key again without saying it again", async () => {
    const server = await ChatProcess.start();
    const ada = (await client(server, way)).hello({ nick: "ada" });
    const bob = (await client(server, way)).hello({ nick: "bob" });
    await bob.next("history");
    const key = randomUUID();
    ada.say("once", key);
    const said = await ada.next("said");
    expect(said).toMatchObject({ text: "once", from: "ada", key });
    expect(await ada.next("ack")).toEqual({ type: "ack", key, id: said.id });
    await ada.close();
    const again = (await client(server, way)).hello({ nick: "ada" }).say("once", key);
    expect(await again.next("ack")).toEqual({ type: "ack", key, id: said.id });
    again.say("twice");
    const { key: _, ...heard } = said;
    expect(await bob.next("said")).toEqual(heard);
    expect(await bob.next("said")).toMatchObject({ text: "twice" });
  });

  it("tells who comes back what it missed, each message once and in order", async () => {
    const server = await ChatProcess.start();
    const ada = (await client(server, way)).hello({ nick: "ada", room: "tea" });
    const bob = (await client(server, way)).hello({ nick: "bob", room: "tea" });
    await bob.next("history");
    ada.say("before");
    const { id } = await bob.next("said");
    await bob.close();
    await ada.next("left");
    for (let i = 0; i < 300; i++) ada.say(`missed ${i} ${"x".repeat(500)}`);
    await ada.next("said", ({ text }) => text.startsWith("missed 299 "));
    const back = (await client(server, way)).hello({ nick: "bob", room: "tea", after: { tea: id } });
    ada.say("after");
    // It may come before or after the hello is read.
    while (!back.texts.includes("after")) await back.change("it did not hear all");
    expect(back.texts.map((text) => text.split(" x")[0])).toEqual([
      ...Array.from({ length: 300 }, (_, i) => `missed ${i}`),
      "after",
    ]);
    expect(back.frames.find((frame) => frame.type === "history")).not.toHaveProperty("gap");
  });

  it("gives older messages page by page", async () => {
    const server = await ChatProcess.start();
    const ada = (await client(server, way)).hello({ nick: "ada" });
    for (let i = 0; i < 120; i++) ada.say(`${i}`);
    await ada.next("said", ({ text }) => text === "119");
    const bob = (await client(server, way)).hello({ nick: "bob" });
    let page = await bob.next("history");
    const texts: string[] = [];
    for (;;) {
      texts.unshift(...page.messages.map(({ text }) => text));
      if (!page.more) break;
      bob.send({ type: "history", room: "lobby", before: page.messages[0]!.id, limit: 50 });
      page = await bob.next("history");
    }
    expect(texts).toEqual(Array.from({ length: 120 }, (_, i) => `${i}`));
  });

  it("says what is wrong with a frame, and goes on", async () => {
    const server = await ChatProcess.start("--limit", "greetingDelay=60000");
    const ada = (await client(server, way)).sendText('{"type":"ping"}').say("too early");
    await ada.next("pong");
    expect(await ada.next("problem")).toMatchObject({ code: "frame", text: 'The first frame is "hello"' });
    ada.hello({ nick: "two words", room: "" });
    expect(await ada.next("problem")).toMatchObject({
      code: "nick",
      text: expect.stringMatching(/"two words" is no name/),
    });
    expect(await ada.next("problem")).toMatchObject({ code: "command", text: "A name is missing" });
    ada.sendText("{]");
    expect(await ada.next("problem")).toMatchObject({
      code: "frame",
      text: "That is no frame: expected a JSON object",
    });
    ada.say("x".repeat(4_097));
    expect(await ada.next("problem")).toMatchObject({ text: "A line has up to 4096 bytes; that one has 4097" });
    ada.send({ type: "history", room: "r".repeat(10_000 / 2), limit: 1 });
    expect(await ada.next("problem")).toMatchObject({ text: expect.stringMatching(/5000 characters/) });
    ada.say("/quit");
    expect(await ada.next("goodbye")).toEqual({ type: "goodbye", reason: "see you" });
    await ada.ended;
  });

  it("tells of new messages in rooms that it was in", async () => {
    const server = await ChatProcess.start();
    const ada = (await client(server, way)).hello({ nick: "ada" });
    const bob = (await client(server, way)).hello({ nick: "bob" }).say("/join tea");
    await bob.next("entered");
    ada.say("still here?");
    const { id } = await ada.next("said");
    expect(await bob.next("activity")).toEqual({ type: "activity", room: "lobby", id });
    bob.say("/join lobby");
    const { messages } = await bob.next("history", ({ room, messages }) => room === "lobby" && messages.length > 0);
    expect(messages).toMatchObject([{ text: "still here?", id }]);
  });
});

it("understands a program that says hello late", async () => {
  const server = await ChatProcess.start();
  const late = server.nc();
  await late.line(/^-- Welcome, guest-1/);
  late.type('{"type":"hello","version":1,"nick":"late"}');
  await late.line(/^\{"type":"welcome","nick":"late","room":"lobby","others":0,/);
});

describe("a history in a file", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "chat-history-"));
  });
  afterEach(async () => {
    await endPrograms();
    await rm(folder, { recursive: true });
  });

  it("has everything that was acknowledged after the server was killed, and the keys", async () => {
    const file = join(folder, "deeper", "chat.sqlite");
    const first = await ChatProcess.start("--history", file);
    const ada = (await client(first)).hello({ nick: "ada" });
    const keys = Array.from({ length: 500 }, () => randomUUID());
    for (const [i, key] of keys.entries()) ada.say(`${i}`, key);
    for (let acks = 0; acks < 250; acks++) await ada.next("ack");
    await first.kill("SIGKILL");
    const acknowledged = ada.frames.filter(({ type }) => type === "ack").length;

    const second = await ChatProcess.start("--history", file);
    const again = (await client(second)).hello({ nick: "ada" });
    // What was not acknowledged is said again; it does not matter whether it had been kept.
    for (const [i, key] of keys.entries()) again.say(`${i}`, key);
    for (let acks = 0; acks < keys.length; acks++) await again.next("ack");
    const bob = (await client(second)).hello({ nick: "bob", after: { lobby: 0 } });
    while (bob.texts.length < keys.length) await bob.change("it did not hear all");
    expect(bob.texts).toEqual(keys.map((_, i) => `${i}`));
    expect(acknowledged).toBeGreaterThanOrEqual(250);
    const nc = second.nc();
    await nc.line(/^-- \d{4}-\d\d-\d\d \d\d:\d\d ada: 499$/);
    nc.type("/history 2");
    await nc.line(/ada: 498$/);
    expect(await second.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  });

  it("belongs to one server at a time", async () => {
    const file = join(folder, "chat.sqlite");
    await ChatProcess.start("--history", file);
    await expect(ChatProcess.start("--history", file)).rejects.toThrow(
      /belongs to the chat server with process number/,
    );
  });

  it("is no file of another kind", async () => {
    await expect(ChatProcess.start("--history", join(import.meta.dirname, "frames.test.ts"))).rejects.toThrow(
      /cannot be kept: .*not a database.*See --history/,
    );
  });
});
