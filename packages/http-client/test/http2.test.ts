import { mkdtempSync, rmSync } from "node:fs";
import { createSecureServer, type Http2SecureServer, type Http2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import zlib from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ReadTimeout, RequestException, ResponseTooLarge, Session } from "../src/index.ts";
import { makeCertificates } from "./certificates.ts";

let folder: string;
let ca: string;
let server: Http2SecureServer;
let url: string;
let session: Session;
const streams: ServerHttp2Stream[] = [];
const sessions = new Set<Http2Session>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "http2-"));
  const certificates = makeCertificates(folder);
  ca = certificates.ca;
  server = createSecureServer({ cert: certificates.serverCert, key: certificates.serverKey, allowHTTP1: false });
  server.on("session", (s) => {
    sessions.add(s);
    s.on("close", () => sessions.delete(s));
    s.on("error", () => {});
  });
  server.on("stream", (stream, headers) => {
    streams.push(stream);
    stream.on("error", () => {});
    const path = String(headers[":path"]);
    if (path === "/silent") return;
    if (path === "/reset") return void stream.close(2);
    if (path === "/goaway") return void stream.session!.destroy();
    if (path === "/stall") {
      stream.respond({ ":status": 200 });
      stream.write("half");
      return;
    }
    if (path === "/move") {
      stream.respond({ ":status": 302, location: "/echo", "set-cookie": ["a=1", "b=2"] });
      stream.end();
      return;
    }
    if (path === "/bomb") {
      stream.respond({ ":status": 200, "content-encoding": "gzip" });
      stream.end(zlib.gzipSync(Buffer.alloc(5_000_000)));
      return;
    }
    if (path === "/big") {
      stream.respond({ ":status": 200 });
      let left = 100;
      const fill = (): void => {
        while (left-- > 0) if (!stream.write(Buffer.alloc(65_536))) return void stream.once("drain", fill);
        stream.end();
      };
      fill();
      return;
    }
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/json", "x-twice": ["1", "2"] });
      stream.end(
        JSON.stringify({
          method: headers[":method"],
          cookie: headers.cookie ?? null,
          body: Buffer.concat(chunks).toString(),
          mine: headers["x-mine"] ?? null,
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const s of sessions) s.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  session = new Session({ http2: true, verify: { ca }, trust: { netrc: false, proxy: false } });
});
afterEach(() => session.close());

test("requests, headers, bodies, cookies, redirects", async () => {
  expect(await session.post(`${url}/echo`, { json: { a: 1 }, headers: { "X-Mine": "m" } }).json()).toEqual({
    method: "POST",
    cookie: null,
    body: '{"a":1}',
    mine: "m",
  });
  const r = await session.get(`${url}/move`);
  expect([r.history[0]?.status, await r.json()]).toEqual([302, expect.objectContaining({ cookie: "a=1; b=2" })]);
  expect([r.headers.getAll("x-twice").join(", "), r.reason]).toEqual(["1, 2", ""]);
  async function* parts(): AsyncGenerator<string> {
    yield "a";
    yield "b";
  }
  expect(await session.put(`${url}/echo`, { data: parts() }).json()).toMatchObject({ body: "ab" });
});
test("many at the same time", async () => {
  // This process is at both ends, and makes its connections one after the other.
  const timeout = { connect: 60_000 };
  const answers = await Promise.all(Array.from({ length: 200 }, () => session.get(`${url}/echo`, { timeout })));
  expect(new Set(answers.map((r) => r.status))).toEqual(new Set([200]));
});
test("streams, with back-pressure, whole and given up", async () => {
  const r = await session.stream("GET", `${url}/big`);
  let size = 0;
  for await (const chunk of r.iterBytes()) size += chunk.length;
  expect(size).toBe(6_553_600);
  const dropped = await session.stream("GET", `${url}/big`);
  await dropped.close();
  // Reset by the client; Node's server keeps such a stream until it has written what it had.
  await expect.poll(() => streams.every((stream) => stream.closed)).toBe(true);
  await expect(session.get(`${url}/bomb`, { maxResponseBytes: 1000 })).rejects.toThrow(ResponseTooLarge);
});
test.each(["/silent", "/stall"])("%s: read timeout, total, abort", async (path) => {
  await expect(session.get(url + path, { timeout: { read: 200 } })).rejects.toThrow(ReadTimeout);
  await expect(session.get(url + path, { timeout: { total: 150 } })).rejects.toMatchObject({ name: "TotalTimeout" });
  await expect(session.get(url + path, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
    name: "AbortError",
  });
  expect((await session.get(`${url}/echo`)).status).toBe(200);
});
test.each(["/reset", "/goaway"])("%s is an error, and the next request works", async (path) => {
  await expect(session.get(url + path)).rejects.toThrow(RequestException);
  expect((await session.get(`${url}/echo`)).status).toBe(200);
});
