import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ChatProcess } from "./chat-process.ts";
import { FrameClient } from "./frame-client.ts";
import { NatsProcess, natsFolder } from "./nats-process.ts";
import { endPrograms } from "./program.ts";
import { Talker } from "./talker.ts";

let folder = "";
let remove = async (): Promise<void> => {};
beforeEach(async () => {
  ({ folder, remove } = await natsFolder());
});
afterEach(async () => {
  await endPrograms();
  await remove();
});

const TALKERS = 50;
const LINES = 200;

it("brings 10,000 messages of 50 clients on two servers to each of them once and in one order, while a server and NATS are killed", {
  timeout: 120_000,
}, async () => {
  let { nats, port, url } = await NatsProcess.start(folder);
  const one = await ChatProcess.start("--bus", url);
  let two = await ChatProcess.start("--bus", url);
  let changed = (): void => {};
  const talkers = Array.from({ length: TALKERS }, (_, i) => {
    const lines = Array.from({ length: LINES }, (_, n) => `${i}:${n}`);
    return new Talker(`talker-${i}`, i % 2 === 0 ? one.port : two.port, "tea", lines, () => changed());
  });
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
  };
  const acknowledged = (): number => talkers.reduce((sum, talker) => sum + talker.acknowledged, 0);

  await until(() => acknowledged() > 2_000);
  await two.kill("SIGKILL");
  two = await ChatProcess.start("--bus", url, "--port", String(two.port));
  await until(() => acknowledged() > 6_000);
  await nats.kill("SIGKILL");
  ({ nats } = await NatsProcess.start(folder, port));
  await until(() =>
    talkers.every(({ acknowledged, heard }) => acknowledged === LINES && heard.length >= TALKERS * LINES),
  );

  for (const talker of talkers) talker.close();
  expect(talkers.flatMap(({ complaints }) => complaints)).toEqual([]);
  const [first] = talkers;
  expect(new Set(first!.heard).size).toBe(TALKERS * LINES);
  for (const { heard } of talkers) expect(heard).toEqual(first!.heard);
  for (let i = 0; i < TALKERS; i++) {
    const own = first!.heard.filter((text) => text.startsWith(`${i}:`));
    expect(own).toEqual(Array.from({ length: LINES }, (_, n) => `${i}:${n}`));
  }
  expect(talkers.filter(({ connections }) => connections > 1)).toHaveLength(TALKERS / 2);
  await one.line(/"msg":"NATS is back"/);
  for (const server of [one, two]) expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null });
});

describe("two servers", () => {
  it("show each other's people, and let them whisper", async () => {
    const { url } = await NatsProcess.start(folder);
    const [one, two] = [await ChatProcess.start("--bus", url), await ChatProcess.start("--bus", url)];
    const ada = (await FrameClient.webSocket(one.webPort)).hello({ nick: "ada", room: "tea" });
    await ada.next("history");
    const nc = two.nc();
    await nc.line(/^-- Welcome/);
    nc.type("/nick bob");
    nc.type("/join tea");
    expect(await ada.next("joined")).toEqual({ type: "joined", nick: "bob", room: "tea" });
    nc.type("/who");
    await nc.line(/^-- In #tea: (ada, bob|bob, ada)$/);
    await nc.line(/^-- Rooms: .*#tea \(2\)/);
    nc.type("/nick ADA");
    await nc.line("!! The name ADA is taken; you are bob");
    nc.type("/msg ada psst");
    expect(await ada.next("whispered")).toEqual({ type: "whispered", from: "bob", to: "ada", text: "psst" });
    await nc.line("[bob -> ada] psst");
    nc.type("/nick rob");
    expect(await ada.next("renamed")).toEqual({ type: "renamed", from: "bob", to: "rob" });
    nc.type("hello");
    expect(await ada.next("said")).toMatchObject({ from: "rob", text: "hello" });
    expect(await two.kill("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(await ada.next("left")).toEqual({ type: "left", nick: "rob", room: "tea", reason: "the server is closing" });
    await ada.close();
  });

  it("have the history of the cluster when they start", async () => {
    const { url } = await NatsProcess.start(folder);
    const one = await ChatProcess.start("--bus", url);
    const ada = (await FrameClient.jsonLines(one.port)).hello({ nick: "ada" }).say("first", "0123456789abcdef");
    const { id } = await ada.next("ack");
    expect(await one.kill("SIGINT")).toEqual({ code: 0, signal: null });
    const two = await ChatProcess.start("--bus", url);
    const bob = (await FrameClient.jsonLines(two.port)).hello({ nick: "bob" });
    expect((await bob.next("history")).messages).toMatchObject([{ id, from: "ada", text: "first" }]);
    bob.say("again", "0123456789abcdef");
    expect(await bob.next("ack")).toMatchObject({ id });
    await bob.close();
  });
});

it("says what is wrong when there is no NATS", async () => {
  await expect(ChatProcess.start("--bus", "nats://127.0.0.1:1")).rejects.toThrow(
    /--bus nats:\/\/127\.0\.0\.1:1: .*Is NATS there/,
  );
});
