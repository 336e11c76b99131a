import { afterEach, describe, expect, it, test } from "vitest";
import {
  closeAll,
  datagramPair,
  families,
  fill,
  IPv4,
  receiveAll,
  receiveExactly,
  streamPair,
  track,
  turn,
  Unix,
} from "../test/pairs.ts";
import { AF_INET, SHUT_WR, SO_LINGER, SOCK_DGRAM, SOL_SOCKET } from "./constants.ts";
import { Socket } from "./socket.ts";

afterEach(closeAll);

describe.each(families)("a stream over $name", (family) => {
  it("send resolves to what the kernel took", async () => {
    const [a, b] = await streamPair(family);
    expect(await a.send("héllo")).toBe(6);
    expect(await a.send(Buffer.from([1, 2]))).toBe(2);
    expect(await receiveExactly(b, 8)).toEqual(Buffer.concat([Buffer.from("héllo"), Buffer.from([1, 2])]));
  });

  it("send takes a part when there is room for a part only", async () => {
    const [a, b] = await streamPair(family);
    const data = Buffer.alloc(32 * 1024 * 1024);
    const sent = await a.send(data);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(data.length);
    await receiveExactly(b, sent);
    expect(b.tryRecv(Buffer.alloc(1))).toBe(null);
  });

  it("trySend says null when there is no room", async () => {
    const [a, b] = await streamPair(family);
    const sent = fill(a);
    expect(a.trySend("x")).toBe(null);
    const writable = a.writable();
    await receiveExactly(b, sent);
    await writable;
    expect(a.trySend("x")).toBe(1);
  });

  it("sendAll sends everything, in pieces", async () => {
    const [a, b] = await streamPair(family);
    const data = Buffer.alloc(5_000_000, "0123456789abcdef~");
    const sending = a.sendAll(data).then(() => a.shutdown(SHUT_WR));
    expect((await receiveAll(b)).equals(data)).toBe(true);
    await sending;
    await expect(a.sendAll("more")).rejects.toMatchObject({ code: "EPIPE", syscall: "send", bytesSent: 0 });
  });

  it("sendAll of nothing sends nothing", async () => {
    const [a, b] = await streamPair(family);
    await a.sendAll("");
    await a.sendAll(new Uint8Array(0));
    expect(b.tryRecv(Buffer.alloc(1))).toBe(null);
  });

  it("trySendv sends buffers as one, from the middle of one on", async () => {
    const [a, b] = await streamPair(family);
    const buffers = ["ab", "cd", "", "ef"].map((text) => Buffer.from(text));
    expect(a.trySendv(buffers)).toBe(6);
    expect(a.trySendv(buffers, 1, 1)).toBe(3);
    expect(a.trySendv(buffers, 3, 2)).toBe(0);
    expect(a.trySendv(Array.from({ length: 100 }, () => Buffer.from("x")))).toBe(64);
    expect(String(await receiveExactly(b, 73))).toBe(`abcdefdef${"x".repeat(64)}`);
    fill(a);
    expect(a.trySendv(buffers)).toBe(null);
  });
});

describe("a stream over TCP", () => {
  it("sendAll that waits is told of a reset and how far it came", async () => {
    const [a, b] = await streamPair();
    const sending = a.sendAll(Buffer.alloc(32 * 1024 * 1024));
    await turn();
    b.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from(new Int32Array([1, 0]).buffer));
    b.close();
    const error = await sending.catch((error) => error);
    expect(["ECONNRESET", "EPIPE"]).toContain(error.code);
    expect(error.bytesSent).toBeGreaterThan(0);
  });

  it("never raises SIGPIPE", async () => {
    const [a, b] = await streamPair();
    b.close();
    await a.readable();
    const until = async (): Promise<unknown> => {
      for (;;) await a.sendAll("x");
    };
    await expect(until()).rejects.toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) });
  });
});

describe.each(families)("datagrams over $name", (family) => {
  it("sendto goes to an address, send to the connected peer", async () => {
    const [a, b, from, to] = datagramPair(family);
    expect(await a.sendto("sendto", to)).toBe(6);
    expect(a.trySendto("trySendto", to)).toBe(9);
    await a.connect(to);
    expect(a.getpeername()).toEqual(to);
    expect(await a.send("send")).toBe(4);
    expect(a.trySend("trySend")).toBe(7);
    expect(await a.sendAll("sendAll")).toBe(undefined);
    expect(a.trySendv([Buffer.from("one "), Buffer.from("datagram")])).toBe(12);
    const received: string[] = [];
    while (received.length < 6) {
      const { data, address } = await b.recvfrom();
      expect(address).toEqual(from);
      received.push(String(data));
    }
    expect(received).toEqual(["sendto", "trySendto", "send", "trySend", "sendAll", "one datagram"]);
  });

  it("without a peer send says so", async () => {
    const [a] = datagramPair(family);
    await expect(a.send("x")).rejects.toMatchObject({ code: expect.stringMatching(/EDESTADDRREQ|ENOTCONN/) });
  });
});

it("a datagram that is too long is EMSGSIZE, and the socket goes on", async () => {
  const [a, b, , to] = datagramPair();
  await expect(a.sendto(Buffer.alloc(70_000), to)).rejects.toMatchObject({ code: "EMSGSIZE", syscall: "sendto" });
  await a.sendto("short", to);
  expect(String(await b.recv())).toBe("short");
});

it("sendto a Unix receiver that is full waits without spinning", async () => {
  const [a, b] = datagramPair(Unix);
  const to = b.getsockname() as { path: string };
  let sent = 0;
  while (a.trySendto(`${sent}`, to) !== null) sent++;
  const waiting = a.sendto("late", to);
  await expect(b.recv(1, { timeout: 0 })).resolves.toEqual(Buffer.from("0"));
  const before = performance.eventLoopUtilization();
  await waiting;
  for (let i = 1; i < sent; i++) await b.recv();
  expect(String(await b.recv())).toBe("late");
  // A full receiver keeps the sender "writable": this wait is by the clock.
  while (a.trySendto("x", to) !== null);
  await expect(a.sendto("never", to, { timeout: 150 })).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
  expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.6);
  await expect(a.sendto("never", to, { timeout: 0 })).rejects.toMatchObject({ code: "EAGAIN" });
});

describe("arguments", () => {
  const target = { address: "127.0.0.1", port: 9 };
  test.each<[string, (socket: Socket) => Promise<unknown>, string]>([
    ["send nothing", (s) => s.send(undefined as never), "data must be a Uint8Array, got undefined"],
    ["send a number", (s) => s.send(5 as never), "data must be a Uint8Array, got 5"],
    ["send an ArrayBuffer", (s) => s.send(new ArrayBuffer(5) as never), "data must be a Uint8Array"],
    ["send with bad flags", (s) => s.send("x", { flags: -1 }), "flags must be"],
    ["sendAll a DataView", (s) => s.sendAll(new DataView(new ArrayBuffer(1)) as never), "data must be a Uint8Array"],
    ["sendAll with bad options", (s) => s.sendAll("x", null as never), "options must be an object, got null"],
    ["sendto nobody", (s) => s.sendto("x", undefined as never), "address must be { address, port }, got undefined"],
    ["sendto a name", (s) => s.sendto("x", { host: "localhost", port: 1 } as never), "address must be a string"],
    ["sendto a path", (s) => s.sendto("x", { path: "/x" }), "{ address, port } for this socket"],
    ["sendto port 65536", (s) => s.sendto("x", { ...target, port: 65536 }), "port must be"],
    ["trySend nothing", async (s) => s.trySend(null as never), "data must be a Uint8Array, got null"],
    ["trySend with bad flags", async (s) => s.trySend("x", 1.5), "flags must be"],
    ["trySendto with bad flags", async (s) => s.trySendto("x", target, -1), "flags must be"],
    ["trySendv a buffer", async (s) => s.trySendv(Buffer.from("x") as never), "buffers must be an array of Uint8Array"],
    ["trySendv nothing", async (s) => s.trySendv([]), "buffers must be at least one Uint8Array long"],
    ["trySendv strings", async (s) => s.trySendv(["x"] as never), "each buffer must be a Uint8Array"],
    [
      "trySendv behind the last",
      async (s) => s.trySendv([Buffer.from("x")], 1),
      "first must be an integer from 0 to 0, got 1",
    ],
    [
      "trySendv behind the end",
      async (s) => s.trySendv([Buffer.from("x")], 0, 2),
      "offset must be an integer from 0 to 1, got 2",
    ],
  ])("%s rejects and sends nothing", async (_name, call, message) => {
    const socket = track(new Socket(AF_INET, SOCK_DGRAM));
    socket.bind(IPv4.fresh());
    await socket.connect(socket.getsockname());
    await expect(call(socket)).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    await expect(call(socket)).rejects.toThrow(message);
    expect(socket.tryRecvfrom()).toBe(null);
  });
});
