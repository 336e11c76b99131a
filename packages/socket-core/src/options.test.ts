import { afterEach, describe, expect, it } from "vitest";
import { createConnection } from "./connection.ts";
import {
  AF_INET6,
  AF_UNIX,
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SOCK_DGRAM,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
} from "./constants.ts";
import { createServer } from "./listen.ts";
import { socketpair } from "./pair.ts";
import { Socket } from "./socket.ts";

const open: Socket[] = [];
function track(socket: Socket): Socket {
  open.push(socket);
  return socket;
}
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

describe("flags and numbers are what the kernel says", () => {
  it.each([
    ["noDelay", true],
    ["noDelay", false],
    ["quickAck", true],
    ["userTimeout", 12_345],
    ["reuseAddress", true],
    ["reusePort", true],
    ["broadcast", true],
    ["tos", 0x10],
    ["priority", 5],
    ["bindToDevice", "lo"],
    ["linger", null],
    ["linger", 0],
    ["linger", 3000],
  ] as const)("%s = %s", (name, value) => {
    const { options } = track(new Socket());
    Object.assign(options, { [name]: value });
    expect(options[name]).toBe(value);
  });

  it("doubles buffers, as Linux does", () => {
    const { options } = track(new Socket());
    options.receiveBuffer = 20_000;
    options.sendBuffer = 30_000;
    expect([options.receiveBuffer, options.sendBuffer]).toEqual([40_000, 60_000]);
  });

  it("has IPv6's own", () => {
    const { options } = track(new Socket(AF_INET6));
    options.tos = 0x20;
    options.ipv6Only = true;
    expect([options.tos, options.ipv6Only]).toEqual([0x20, true]);
  });

  it("sets keep-alive with its times, in whole seconds", () => {
    const socket = track(new Socket());
    socket.options.keepAlive({ idle: 60_000, interval: 10_001, count: 4 });
    const get = (name: number): number => socket.getsockopt(IPPROTO_TCP, name);
    expect(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE)).toBe(1);
    expect([get(TCP_KEEPIDLE), get(TCP_KEEPINTVL), get(TCP_KEEPCNT)]).toEqual([60, 11, 4]);
    socket.options.keepAlive(false);
    expect(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE)).toBe(0);
    socket.options.keepAlive(true);
    expect(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE)).toBe(1);
  });

  it("lets a listener take data with the SYN", () => {
    const server = track(createServer({ address: "127.0.0.1", port: 0 }));
    server.options.fastOpen = 16;
    expect(server.options.fastOpen).toBe(16);
  });
});

describe("bad values name themselves and change nothing", () => {
  it.each([
    ["noDelay", 1, "noDelay must be a boolean, got 1"],
    ["userTimeout", -1, "userTimeout must be an integer from 0 to 2147483647, got -1"],
    ["receiveBuffer", 0, "receiveBuffer must be an integer from 1"],
    ["tos", 256, "tos must be an integer from 0 to 255, got 256"],
    ["linger", -5, "linger must be an integer from 0"],
    ["bindToDevice", "an-interface-name-too-long", "bindToDevice must be at most 15 bytes long"],
    ["bindToDevice", 1, "bindToDevice must be a string, got 1"],
  ])("%s = %s", (name, value, message) => {
    const { options } = track(new Socket());
    expect(() => Object.assign(options, { [name]: value })).toThrow(message);
  });

  it("keepAlive", () => {
    const { options } = track(new Socket());
    expect(() => options.keepAlive({ idle: 0 })).toThrow("idle must be an integer from 1 to 32767000, got 0");
    expect(() => options.keepAlive({ count: 128 })).toThrow("count must be an integer from 1 to 127, got 128");
    expect(() => options.keepAlive(7 as unknown as boolean)).toThrow("settings must be an object, got 7");
  });

  it("the kernel has the last word", () => {
    expect(() => track(new Socket(AF_UNIX, SOCK_DGRAM)).options.noDelay).toThrow("ENOTSUP");
    expect(() => {
      track(new Socket()).options.bindToDevice = "no-such-dev";
    }).toThrow("ENODEV");
  });
});

it("tells who connected a Unix socket", () => {
  const [a, b] = socketpair();
  open.push(a, b);
  expect(a.options.peerCredentials()).toEqual({ pid: process.pid, uid: process.getuid!(), gid: process.getgid!() });
});

it("linger 0 makes close a reset", async () => {
  const server = track(createServer({ address: "127.0.0.1", port: 0 }));
  const client = track(await createConnection(server.getsockname()));
  const { socket } = await server.accept();
  socket.options.linger = 0;
  socket.close();
  await expect(client.recv()).rejects.toMatchObject({ code: "ECONNRESET" });
});

it("linger does not hold up the loop while the kernel waits", async () => {
  const server = track(createServer({ address: "127.0.0.1", port: 0 }));
  const client = await createConnection(server.getsockname());
  const { socket } = await server.accept();
  track(socket);
  // More than the peer's buffer takes: close(2) has to wait for it.
  const block = Buffer.alloc(1 << 20);
  while (client.trySend(block) !== null);
  client.options.linger = 5000;
  const begun = performance.now();
  client.close();
  expect(performance.now() - begun).toBeLessThan(1000);
  let received = 0;
  for await (const chunk of socket.chunks()) received += chunk.length;
  expect(received).toBeGreaterThan(0);
});
