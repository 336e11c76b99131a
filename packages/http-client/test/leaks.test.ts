import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Session } from "../src/index.ts";
import { type Httpbin, startHttpbin } from "./httpbin.ts";
import { type RawServer, startRawServer } from "./raw-server.ts";

let bin: Httpbin;
let raw: RawServer;
beforeAll(async () => {
  bin = await startHttpbin();
  raw = await startRawServer((socket, head) => {
    if (head.startsWith("GET /reset")) socket.resetAndDestroy();
    else if (head.startsWith("GET /cut")) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
    else if (head.startsWith("GET /silent")) return;
    else socket.end("nonsense\r\n\r\n");
  });
});
afterAll(async () => {
  await Promise.all([bin.close(), raw.close()]);
});

/** Sockets of this process, where the system tells. */
function openSockets(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

test("after 10,000 mixed calls, close() leaves no connection", async () => {
  const before = openSockets();
  const session = new Session({ trust: { proxy: false, netrc: false }, maxConnections: 64 });
  let dropped = 0;
  const kinds: ((i: number) => Promise<unknown>)[] = [
    () => session.get(`${bin.url}/get`),
    () => session.post(`${bin.url}/post`, { json: { a: 1 } }),
    () => session.get(`${bin.url}/redirect/1`),
    () => session.get(`${bin.url}/cookies/set?a=1`),
    () => session.get(`${bin.url}/gzip`),
    () => session.get(`${bin.url}/status/500`, { throwHttpErrors: true }),
    () => session.get(`${bin.url}/bytes/100000`, { maxResponseBytes: 10 }),
    () => session.get(`${raw.url}/reset`),
    () => session.get(`${raw.url}/cut`),
    () => session.get(`${raw.url}/nonsense`),
    () => session.get("http://127.0.0.1:1/"),
    () => session.get(`${bin.url}/get`, { signal: AbortSignal.abort() }),
    (i) => {
      const controller = new AbortController();
      const call = session.get(`${bin.url}/get?${i}`, { signal: controller.signal });
      setImmediate(() => controller.abort());
      return call;
    },
    // A stream that is read, one that is closed, one that is dropped.
    async () => (await session.stream("GET", `${bin.url}/bytes/1000`)).bytes(),
    async () => (await session.stream("GET", `${bin.url}/stream-bytes/1000000`)).close(),
    // Encoded streams, closed and dropped halfway.
    async () => {
      const r = await session.stream("GET", `${bin.url}/bomb/300000`);
      for await (const _ of r.iterBytes()) break;
      await r.close();
    },
    async () => (await session.stream("GET", `${bin.url}/bomb/300000`)).close(),
    async () => (await session.stream("GET", `${bin.url}/bomb/300000`, { maxResponseBytes: 1000 })).bytes(),
    // Ten of them: each keeps one of the 64 connections.
    async (i) => {
      if (i % 1000 !== 18) return;
      await session.stream("GET", `${bin.url}/stream-bytes/1000000`);
      dropped++;
    },
    async () => {
      const r = await session.stream("GET", `${bin.url}/stream/10`);
      for await (const _ of r.iterLines()) break;
      await r.close();
    },
  ];
  let started = 0;
  let settled = 0;
  const worker = async (): Promise<void> => {
    while (started < 10_000) {
      const i = started++;
      await kinds[i % kinds.length]!(i).catch(() => {});
      settled++;
    }
  };
  await Promise.all(Array.from({ length: 40 }, worker));
  // What never ends is ended by close().
  const silent = session.get(`${raw.url}/silent`).catch((error: Error) => error.name);
  await new Promise(setImmediate);
  await session.close();
  expect([settled, dropped, await silent]).toEqual([10_000, 10, "ClosedError"]);
  await expect.poll(() => bin.sockets.size + raw.sockets.size).toBe(0);
  await expect.poll(() => openSockets()).toBeLessThanOrEqual(before);
}, 180_000);
