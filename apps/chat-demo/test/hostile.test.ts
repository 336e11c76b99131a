/** What the worst clients do, and that the server and the others do not mind. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { openConnection } from "@sockeye/async-streams";
import { afterEach, describe, expect, it, test } from "vitest";
import { WebSocket } from "ws";
import { certificate } from "./certificate.ts";
import { ChatProcess } from "./chat-process.ts";
import { FrameClient } from "./frame-client.ts";
import { endPrograms } from "./program.ts";

const MIB = 1024 * 1024;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await endPrograms();
});

async function raw(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  sockets.add(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Somebody who is there and hears what is said. */
async function neighbour(server: ChatProcess, nick = "bob"): Promise<FrameClient> {
  const client = (await FrameClient.webSocket(server.webPort)).hello({ nick });
  await client.next("history");
  return client;
}

/** Says something and hears it: the chat goes on. */
async function expectTalk(client: FrameClient, text: string): Promise<void> {
  client.say(text);
  await client.next("said", (frame) => frame.text === text);
}

const upgrade = (port: number): string =>
  `GET /chat HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** A text frame as clients must send it; a mask of zeros changes nothing. */
function masked(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}

describe("handshakes that never end", () => {
  it.each([
    ["a request drop by drop", "web", "GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "],
    ["a request that is not begun", "web", ""],
    ["a WebSocket without a hello", "web", undefined],
    ["a JSON line without an end", "tcp", '{"type":'],
    ["frames without a hello", "tcp", '{"type":"ping"}\n{"type":"ping"}\n'],
  ] as const)("are ended: %s", async (_name, port, start) => {
    const server = await ChatProcess.start("--limit", "handshakeTimeout=700", "greetingDelay=60000");
    const bob = await neighbour(server);
    const before = await server.memory();
    const slow = await Promise.all(
      Array.from({ length: 200 }, () => raw(port === "web" ? server.webPort : server.port)),
    );
    const ended = slow.map((socket) => socket.resume().closed || once(socket, "close"));
    for (const socket of slow) socket.write(start ?? upgrade(server.webPort));
    const drops = setInterval(() => {
      for (const socket of slow) if (start !== undefined && socket.writable) socket.write(" ");
    }, 100);
    await expectTalk(bob, "still here");
    await Promise.all(ended);
    clearInterval(drops);
    const after = await server.memory();
    expect((after.rss - before.rss) / MIB).toBeLessThanOrEqual(32);
    await expectTalk(bob, "still here, too");
    await bob.close();
  });

  it("of TLS are ended as well", async () => {
    const { cert, key, remove } = await certificate();
    const server = await ChatProcess.start("--tls", cert, key);
    const slow = await Promise.all(Array.from({ length: 20 }, () => raw(server.port)));
    for (const socket of slow) socket.write(Buffer.from([0x16, 0x03, 0x01]));
    const stranger = await raw(server.port);
    stranger.write("hello, this is no TLS\n");
    await once(stranger.resume(), "close");
    const ada = await openConnection({ host: "127.0.0.1", port: server.port }, { tls: { rejectUnauthorized: false } });
    expect(await ada.reader.readLine()).toMatch(/^-- Welcome/);
    await ada.close();
    await remove();
  });
});

it.skipIf(process.platform !== "linux")(
  "asks a silent TCP client within a minute whether it is there (needs Linux's /proc)",
  async () => {
    const server = await ChatProcess.start();
    const ada = (await FrameClient.jsonLines(server.port)).hello({ nick: "ada" });
    await ada.next("history");
    const port = server.port.toString(16).toUpperCase().padStart(4, "0");
    // proc_net_tcp(5): the timer that runs, 2 is keep-alive, and its hundredths of a second.
    const timer = new RegExp(`0100007F:${port} \\S+ 01 \\S+ 02:([0-9A-F]+) `);
    let left: string | undefined;
    while (left === undefined) left = timer.exec(await readFile("/proc/net/tcp", "utf8"))?.[1];
    expect(Number.parseInt(left, 16)).toBeLessThanOrEqual(60 * 100);
    await ada.close();
  },
);

describe("a flood", () => {
  it("slows down who makes it, and nobody else", async () => {
    const server = await ChatProcess.start("--rate", "500");
    const bob = await neighbour(server);
    const before = await server.memory();
    const floods = await Promise.all([FrameClient.jsonLines(server.port), FrameClient.webSocket(server.webPort)]);
    for (const [i, flood] of floods.entries()) {
      flood.hello({ nick: `flood-${i}`, room: `room-${i}` });
      await flood.next("history");
      for (let n = 0; n < 20_000; n++) flood.say(`${n}`);
    }
    for (let i = 0; i < 20; i++) await expectTalk(bob, `calm ${i}`);
    for (const flood of floods) while (flood.texts.length <= 400) await flood.change("it was not heard");
    for (const { texts } of floods) expect(texts.length).toBeLessThan(20_000);
    const after = await server.memory();
    expect((after.rss - before.rss) / MIB).toBeLessThanOrEqual(48);
    // Their own goodbyes would wait behind what they sent.
    await server.kill("SIGKILL");
    await Promise.all([...floods, bob].map(({ ended }) => ended));
  });

  it("of frames that are none ends the connection", async () => {
    const server = await ChatProcess.start();
    const bob = await neighbour(server);
    const flood = await FrameClient.webSocket(server.webPort);
    for (let i = 0; i < 200; i++) flood.sendText("nonsense");
    expect(await flood.next("goodbye")).toMatchObject({ reason: "that is no chat client" });
    await flood.ended;
    await expectTalk(bob, "still here");
    await bob.close();
  });

  test.each([
    ["text that is too long", "x".repeat(100_000)],
    ["bytes", Buffer.alloc(10)],
  ])("of %s ends the connection", async (_name, data) => {
    const server = await ChatProcess.start();
    const socket = new WebSocket(`ws://127.0.0.1:${server.webPort}/chat`);
    await once(socket, "open");
    socket.send(data);
    await once(socket, "close");
    const bob = await neighbour(server);
    await expectTalk(bob, "still here");
    await bob.close();
  });
});

it("notices a WebSocket whose other end has gone without a word", async () => {
  const server = await ChatProcess.start("--limit", "pingInterval=1000");
  const bob = await neighbour(server);
  // It reads, but nobody answers: what a browser does whose network is gone.
  const gone = await raw(server.webPort);
  gone.resume();
  gone.write(upgrade(server.webPort));
  gone.write(masked('{"type":"hello","version":1,"nick":"gone"}'));
  await bob.next("joined");
  expect(await bob.next("left")).toEqual({ type: "left", nick: "gone", room: "lobby", reason: "connection lost" });
  await expectTalk(bob, "still here");
  await bob.close();
});

it("puts out a browser that never reads, and keeps its memory", async () => {
  const server = await ChatProcess.start("--max-queue", "65536");
  const slow = await raw(server.webPort);
  slow.write(upgrade(server.webPort));
  slow.write(masked('{"type":"hello","version":1,"nick":"slow"}'));
  const bob = await neighbour(server);
  const before = await server.memory();
  slow.pause();
  const text = "x".repeat(4_000);
  let said = 0;
  const dropped = server.line(/Dropped slow: too slow/).then(() => true);
  while (!(await Promise.race([dropped, new Promise<boolean>((resolve) => setImmediate(resolve, false))]))) {
    bob.say(text);
    if (++said % 100 === 0) await bob.next("said", () => bob.texts.length >= said);
    if (said === 20_000) throw new Error("Nobody was dropped");
  }
  const after = await server.memory();
  // What was said is in the history; 16 MiB of it at most.
  expect((after.rss - before.rss) / MIB).toBeLessThanOrEqual(64);
  await bob.close();
});

test.each([
  [{ Origin: "http://stranger.example" }, 403],
  [{ Origin: "null" }, 403],
  [{ Host: "stranger.example" }, 403],
  [{ Origin: "http://stranger.example:1", Host: "stranger.example:1" }, 403],
])("a page of a stranger gets no WebSocket: %j", async (headers, status) => {
  const server = await ChatProcess.start();
  await expect(FrameClient.webSocket(server.webPort, headers)).rejects.toThrow(`${status}`);
  const page = await FrameClient.webSocket(server.webPort, { Origin: `http://127.0.0.1:${server.webPort}` });
  await page.close();
});

describe("a password", () => {
  it("is asked of plain lines first, and tried three times at most", async () => {
    const server = await ChatProcess.start("--password", "open sesame");
    const nc = server.nc();
    await nc.line("-- This chat has a password. Type it:");
    nc.type("open sesame");
    await nc.line(/^-- Welcome, guest-1/);
    const thief = server.python();
    for (const guess of ["/who", "12345", "open"]) thief.type(guess);
    await thief.line("-- Goodbye: that was not the password");
    expect(thief.lines.slice(1)).toEqual([
      "!! That is not the password of this chat",
      expect.stringMatching(/^!! Too many wrong passwords; try again in 1 s/),
      expect.stringMatching(/^!! Too many wrong passwords/),
      "-- Goodbye: that was not the password",
    ]);
    nc.type("/who");
    await nc.line("-- In #lobby: guest-1");
  });

  it.each(["webSocket", "jsonLines"] as const)("goes with the hello, and whoever guesses waits: %s", async (way) => {
    const server = await ChatProcess.start("--password", "open sesame");
    const port = way === "webSocket" ? server.webPort : server.port;
    const ada = (await FrameClient[way](port)).hello({ nick: "ada" });
    expect(await ada.next("problem")).toEqual({ type: "problem", code: "password", text: "This chat has a password" });
    ada.say("let me in").hello({ nick: "ada", password: "open sesame" });
    expect(await ada.next("problem")).toMatchObject({ code: "frame" });
    expect(await ada.next("welcome")).toMatchObject({ nick: "ada" });
    const [thief, late] = [await FrameClient[way](port), await FrameClient[way](port)];
    for (let i = 0; i < 4; i++) thief.hello({ password: `guess ${i}` });
    expect(await thief.next("problem")).toMatchObject({ text: expect.stringMatching(/not the password/) });
    late.hello({ password: "open sesame" });
    expect(await thief.next("problem")).toMatchObject({
      text: expect.stringMatching(/Too many wrong passwords; try again in 1 s/),
    });
    expect(await thief.next("goodbye")).toMatchObject({ reason: "that was not the password" });
    await thief.ended;
    expect(await late.next("problem")).toMatchObject({ text: expect.stringMatching(/Too many wrong passwords/) });
    await Promise.all([late.close(), ada.close()]);
  });
});

describe("a nickname", () => {
  test.each([
    ["Ada", /taken/],
    ["АDА".replace("D", "ԁ"), /taken/],
    ["аda", /mixes alphabets/],
    ["ada\u200b", /is no name/],
    ["ada\u202e", /is no name/],
    ["ada\u0000", /is no name/],
    ["\x1b[31mada", /is no name/],
    ["--", /is no name/],
    ["ada ", /is no name/],
    ["ａｄａ", /taken/],
  ])("cannot be taken for ada's: %j", async (nick, text) => {
    const server = await ChatProcess.start();
    const ada = await neighbour(server, "ada");
    const spoof = (await FrameClient.webSocket(server.webPort)).hello({ nick });
    expect(await spoof.next("problem")).toMatchObject({ code: "nick", text: expect.stringMatching(text) });
    expect(await ada.next("joined")).toMatchObject({ nick: "guest-1" });
    await Promise.all([spoof.close(), ada.close()]);
  });
});

it("takes no room with a name of 10 kB, from anybody", async () => {
  const server = await ChatProcess.start();
  const bob = await neighbour(server);
  const name = "r".repeat(10_000);
  const page = (await FrameClient.webSocket(server.webPort)).hello({ room: name, after: { [name.slice(0, 100)]: 1 } });
  expect(await page.next("welcome")).toMatchObject({ room: "lobby" });
  expect(await page.next("problem")).toMatchObject({ text: "The name has 10000 characters; 24 are the most" });
  page.send({ type: "history", room: name, limit: 1 });
  expect(await page.next("problem")).toMatchObject({ text: expect.stringMatching(/10000 characters/) });
  page.say(`/join ${name}`);
  expect(await page.next("problem")).toMatchObject({ text: expect.stringMatching(/up to 4096 bytes/) });
  const nc = server.nc();
  await nc.line(/^-- Welcome/);
  nc.type(`/join ${name}`);
  await nc.line("-- Goodbye: a line was longer than 4096 bytes");
  bob.say("/who");
  expect(await bob.next("rooms")).toMatchObject({ rooms: [{ room: "lobby" }], more: 0 });
  await Promise.all([page.close(), bob.close()]);
});
