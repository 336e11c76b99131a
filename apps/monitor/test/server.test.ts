import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Monitor, startMonitor } from "../src/server/server.ts";

let monitor: Monitor;
beforeAll(async () => {
  monitor = await startMonitor({ assets: "dist/page", interface: "lo" });
});
afterAll(() => monitor.close());

/** What comes back for a head that fetch would not send. */
function raw(head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(monitor.port, "127.0.0.1", () => socket.write(head));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += String(chunk);
      if (answer.includes("\r\n\r\n")) {
        socket.destroy();
        resolve(answer);
      }
    });
    socket.on("error", reject);
  });
}

const path = () => new URL(monitor.url).pathname;
const host = () => `127.0.0.1:${monitor.port}`;
const upgrade = (to: string, headers: string) =>
  `GET ${to} HTTP/1.1\r\n${headers}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

test("the page comes with a policy that lets it talk to this server only, and its worker to nobody", async () => {
  const page = await fetch(monitor.url);
  expect(page.status).toBe(200);
  const policy = page.headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  for (const [name, value] of [
    ["x-content-type-options", "nosniff"],
    ["referrer-policy", "no-referrer"],
    ["cross-origin-resource-policy", "same-origin"],
  ]) {
    expect(page.headers.get(name!)).toBe(value);
  }
  const worker = await fetch(`${monitor.url}worker.js`);
  expect(worker.headers.get("content-security-policy")).toBe("default-src 'none'; script-src 'unsafe-eval'");
  expect((await fetch(monitor.url, { method: "POST" })).status).toBe(405);
});

test.each([
  ["another token", () => `/${"x".repeat(32)}/`],
  ["no token", () => "/"],
  ["a file that is not of the page", () => `${path()}../cli.js`],
  ["a file by a crooked path", () => `${path()}..%2fcli.js`],
])("%s is not found", async (_name, to) => {
  expect(await raw(`GET ${to()} HTTP/1.1\r\nHost: ${host()}\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 404/);
});

test("a name that was made to point here gets nothing (DNS rebinding)", async () => {
  const answer = await raw(`GET ${path()} HTTP/1.1\r\nHost: evil.example:${monitor.port}\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 404/);
});

describe("the WebSocket", () => {
  test.each([
    ["of another page", () => upgrade(`${path()}live`, `Host: ${host()}\r\nOrigin: http://evil.example`)],
    ["of a page without an origin of its own", () => upgrade(`${path()}live`, `Host: ${host()}\r\nOrigin: null`)],
    ["with another token", () => upgrade(`/${"x".repeat(32)}/live`, `Host: ${host()}`)],
    ["at another place", () => upgrade(path(), `Host: ${host()}`)],
  ])("%s is refused", async (_name, head) => {
    expect(await raw(head())).toMatch(/^HTTP\/1.1 403/);
  });

  test("of the page is accepted", async () => {
    const head = upgrade(`${path()}live`, `Host: ${host()}\r\nOrigin: http://${host()}`);
    expect(await raw(head)).toMatch(/^HTTP\/1.1 101/);
  });

  test("says hello, and answers nonsense with what is wrong with it", async () => {
    const socket = new WebSocket(`${monitor.url.replace("http", "ws")}live`);
    const messages: { type: string; about?: string; message?: string; column?: number }[] = [];
    let more = () => {};
    socket.on("message", (data) => {
      messages.push(JSON.parse(String(data)));
      more();
    });
    const next = async (count: number) => {
      while (messages.length < count) {
        await new Promise<void>((resolve) => {
          more = resolve;
        });
      }
      return messages[count - 1]!;
    };
    expect(await next(1)).toMatchObject({ type: "hello", interface: "lo" });
    socket.send("nonsense");
    expect(await next(2)).toEqual({ type: "problem", about: "message", message: "A message that is not JSON" });
    const start = { type: "start", interface: "lo", filter: "tcp prot 80", snaplen: 256, promiscuous: false };
    socket.send(JSON.stringify(start));
    expect(await next(3)).toMatchObject({ type: "problem", about: "filter", column: 5 });
    socket.send(JSON.stringify({ ...start, filter: "", interface: "no-such-interface" }));
    expect(await next(4)).toMatchObject({ type: "problem", about: "capture" });
    socket.close();
  });
});
