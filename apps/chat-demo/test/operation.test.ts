import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openConnection } from "@sockeye/async-streams";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { certificate } from "./certificate.ts";
import { ChatProcess } from "./chat-process.ts";
import { FrameClient } from "./frame-client.ts";
import { NatsProcess, natsFolder } from "./nats-process.ts";
import { endPrograms } from "./program.ts";

afterEach(endPrograms);

async function get(server: ChatProcess, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://127.0.0.1:${server.webPort}${path}`);
  return { status: response.status, body: await response.text() };
}

describe("/metrics", () => {
  it("counts people, messages, deliveries and those who were put out", async () => {
    const server = await ChatProcess.start();
    const ada = (await FrameClient.webSocket(server.webPort)).hello({ nick: "ada" });
    const bob = (await FrameClient.jsonLines(server.port)).hello({ nick: "bob" });
    await bob.next("history");
    ada.say("one").say("two");
    await bob.next("said", ({ text }) => text === "two");
    const { status, body } = await get(server, "/metrics");
    expect(status).toBe(200);
    const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(body)?.[1]);
    expect(value("chat_clients")).toBe(2);
    expect(value("chat_rooms")).toBe(1);
    expect(value("chat_messages_total")).toBe(2);
    expect(value("chat_deliveries_total")).toBeGreaterThanOrEqual(4);
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
    const flood = server.python();
    flood.type("x".repeat(5_000));
    await flood.line(/^-- Goodbye/);
    expect((await get(server, "/metrics")).body).toContain('chat_dropped_total{reason="too long"} 1');
    await Promise.all([ada.close(), bob.close()]);
  });
});

describe("/healthz", () => {
  it("is fine, and says so when NATS is away and back", async () => {
    const { folder, remove } = await natsFolder();
    let { nats, port, url } = await NatsProcess.start(folder);
    const server = await ChatProcess.start("--bus", url);
    expect(await get(server, "/healthz")).toMatchObject({
      status: 200,
      body: expect.stringContaining('"status":"ok"'),
    });
    await nats.kill("SIGTERM");
    await server.line(/NATS is away/);
    expect(await get(server, "/healthz")).toMatchObject({ status: 503, body: expect.stringMatching(/NATS is away/) });
    // What is said meanwhile waits.
    const key = randomUUID();
    const ada = (await FrameClient.jsonLines(server.port)).hello({ nick: "ada" }).say("patience", key);
    await ada.next("history");
    ({ nats } = await NatsProcess.start(folder, port));
    expect(await ada.next("ack")).toMatchObject({ key });
    expect(await get(server, "/healthz")).toMatchObject({ status: 200 });
    await ada.close();
    expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null });
    await remove();
  });
});

describe("with --tls", () => {
  it("speaks TLS on both ports", async () => {
    const { cert, key, remove } = await certificate();
    const server = await ChatProcess.start("--tls", cert, key);
    await server.line(/openssl s_client/);
    const lines = await openConnection(
      { host: "127.0.0.1", port: server.port },
      { tls: { rejectUnauthorized: false }, timeout: 5_000 },
    );
    expect(await lines.reader.readLine()).toMatch(/^-- Welcome/);
    const page = new WebSocket(`wss://127.0.0.1:${server.webPort}/chat`, { rejectUnauthorized: false });
    await once(page, "open");
    page.send('{"type":"hello","version":1,"nick":"ada"}');
    page.send('{"type":"line","text":"in secret"}');
    for (let line = ""; line !== "ada: in secret"; line = (await lines.reader.readLine()) ?? "") {}
    const asked = httpsRequest({
      host: "127.0.0.1",
      port: server.webPort,
      path: "/healthz",
      rejectUnauthorized: false,
    }).end();
    const [response] = await once(asked, "response");
    expect(response.resume().statusCode).toBe(200);
    page.close();
    await lines.close();
    expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null });
    await remove();
  });

  it.each([
    [["/nowhere/cert.pem", "/nowhere/key.pem"], /^--tls \/nowhere\/cert\.pem .*no such file/m],
    [[import.meta.filename, import.meta.filename], /^--tls .*It takes a certificate and its key, in PEM\.$/m],
    [["one.pem"], /takes a certificate and its key; got 1 files/],
  ])("says what is wrong with %j", async (files, message) => {
    await expect(ChatProcess.start("--tls", ...files)).rejects.toThrow(message);
  });
});

describe("a stop", () => {
  it.each([
    ["SIGINT", undefined],
    ["SIGTERM", true],
  ] as const)("on %s tells everybody, keeps what was acknowledged, and exits with 0", async (signal, restart) => {
    const folder = await mkdtemp(join(tmpdir(), "chat-stop-"));
    const history = ["--history", join(folder, "chat.sqlite")];
    const server = await ChatProcess.start(...history);
    const ada = (await FrameClient.webSocket(server.webPort)).hello({ nick: "ada" });
    const bob = (await FrameClient.jsonLines(server.port)).hello({ nick: "bob" });
    await bob.next("history");
    // In the middle of talking.
    for (let i = 0; i < 300; i++) ada.say(`${i}`, randomUUID());
    await ada.next("ack");
    const stopped = server.kill(signal);
    const goodbye = { type: "goodbye", reason: "the server is closing", ...(restart && { restart }) };
    for (const client of [ada, bob]) {
      expect(await client.next("goodbye")).toEqual(goodbye);
      await client.ended;
    }
    expect(await stopped).toEqual({ code: 0, signal: null });
    const acknowledged = ada.frames.filter(({ type }) => type === "ack").length;
    expect(readdirSync(folder)).toEqual(["chat.sqlite"]);

    const again = await ChatProcess.start(...history);
    const eve = (await FrameClient.jsonLines(again.port)).hello({ nick: "eve", after: { lobby: 0 } });
    expect(acknowledged).toBeGreaterThan(0);
    while (eve.texts.length < acknowledged) await eve.change(`there are ${acknowledged} messages`);
    expect(eve.texts).toEqual(eve.texts.map((_, i) => `${i}`));
    await eve.close();
    await rm(folder, { recursive: true });
  });

  it("leaves no descriptor of a browser behind", async () => {
    if (!existsSync("/proc/self/fd")) return;
    const server = await ChatProcess.start();
    const sockets = (): number =>
      readdirSync(`/proc/${server.child.pid}/fd`).filter((fd) => {
        try {
          return readlinkSync(`/proc/${server.child.pid}/fd/${fd}`).startsWith("socket:");
        } catch {
          return false;
        }
      }).length;
    const before = sockets();
    const last = (await FrameClient.jsonLines(server.port)).hello({ nick: "last" });
    await last.next("history");
    for (let round = 0; round < 10; round++) {
      const pages = await Promise.all(Array.from({ length: 10 }, () => FrameClient.webSocket(server.webPort)));
      for (const [i, page] of pages.entries()) if (i % 2 === 0) page.hello({ nick: `p${round}-${i}` });
      await Promise.all(pages.map((page) => page.close()));
    }
    for (;;) {
      last.say("/who");
      if ((await last.next("people")).nicks.length === 1 && sockets() <= before + 2) break;
    }
    await last.close();
  });
});
