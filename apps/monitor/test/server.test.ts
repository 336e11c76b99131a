import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { readCapture } from "@sockeye/pcap-decode";
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

test.skipIf(process.getuid?.() !== 0)(
  "nothing of the filter before comes after another one is in place (needs root)",
  async () => {
    const [from, one, other] = await Promise.all(
      [0, 1, 2].map(async () => {
        const socket = createSocket("udp4");
        await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
        return socket;
      }),
    );
    const both = [one!, other!].map((socket) => socket.address().port);
    const send = (to: number, text: string) =>
      new Promise((resolve) => from!.send(text, both[to]!, "127.0.0.1", resolve));
    const socket = new WebSocket(`${monitor.url.replace("http", "ws")}live`);
    const say = (message: object) => socket.send(JSON.stringify(message));
    const texts: string[] = [];
    const filters = both.map((port) => `udp dst port ${port}`);
    const done = new Promise<void>((resolve) => {
      socket.on("message", async (data, binary) => {
        if (binary) {
          const file = new Uint8Array(data as Buffer);
          for (const { payload } of readCapture(file)) texts.push(Buffer.from(payload).toString());
          if (texts.includes("end")) resolve();
          return;
        }
        const message = JSON.parse(String(data));
        if (message.type === "hello")
          say({ type: "start", interface: "lo", filter: filters.join(" or "), snaplen: 256, promiscuous: false });
        else if (message.type === "started") {
          await send(0, "old");
          await send(1, "kept");
          say({ type: "filter", filter: filters[1] });
        } else if (message.type === "filtered") {
          texts.push("filtered");
          await send(0, "not wanted");
          await send(1, "end");
        }
      });
    });
    await done;
    socket.close();
    for (const each of [from!, one!, other!]) each.close();
    // What was on its way when the filter changed came before the answer, or passes the new one.
    expect(texts.slice(texts.indexOf("filtered") + 1).filter((text) => text !== "kept")).toEqual(["end"]);
    expect(texts).toContain("kept");
  },
);
