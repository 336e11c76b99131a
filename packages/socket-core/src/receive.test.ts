import { afterEach, describe, expect, it, test } from "vitest";
import { closeAll, datagramPair, families, IPv4, receiveAll, streamPair, track, turn, Unix } from "../test/pairs.ts";
import { AF_INET, MSG_PEEK, SHUT_WR, SO_LINGER, SOCK_DGRAM, SOL_SOCKET } from "./constants.ts";
import { Socket } from "./socket.ts";

afterEach(closeAll);

describe.each(families)("a stream over $name", (family) => {
  it("recv gives what is there, at most `length`, and null at the end", async () => {
    const [a, b] = await streamPair(family);
    await b.sendAll("hello, world");
    await a.readable();
    expect(String(await a.recv(5))).toBe("hello");
    expect(String(await a.recv())).toBe(", world");
    b.shutdown(SHUT_WR);
    expect(await a.recv()).toBe(null);
    expect(await a.recv()).toBe(null);
  });

  it("recv waits for data, and its memory is the caller's", async () => {
    const [a, b] = await streamPair(family);
    const first = a.recv();
    await b.sendAll("first");
    const kept = await first;
    await b.sendAll("SECOND");
    await a.recv();
    expect(String(kept)).toBe("first");
  });

  it("recv hands over large pieces intact", async () => {
    const [a, b] = await streamPair(family);
    const data = Buffer.alloc(1_000_000, "0123456789abcdef~");
    const sending = b.sendAll(data).then(() => b.shutdown(SHUT_WR));
    expect((await receiveAll(a)).equals(data)).toBe(true);
    await sending;
  });

  it("recvInto fills memory of the caller: a part of a buffer, 0 at the end", async () => {
    const [a, b] = await streamPair(family);
    const memory = Buffer.alloc(10, ".");
    const waiting = a.recvInto(memory.subarray(2, 8));
    await b.sendAll("abc");
    expect(await waiting).toBe(3);
    expect(String(memory)).toBe("..abc.....");
    b.close();
    expect(await a.recvInto(memory)).toBe(0);
  });

  it("tryRecv tells nothing from the end", async () => {
    const [a, b] = await streamPair(family);
    const memory = Buffer.alloc(10);
    expect(a.tryRecv(memory)).toBe(null);
    await b.sendAll("abc");
    await a.readable();
    expect(a.tryRecv(memory)).toBe(3);
    expect(a.tryRecv(memory)).toBe(null);
    b.close();
    await a.readable();
    expect(a.tryRecv(memory)).toBe(0);
  });

  it("MSG_PEEK leaves the data where it is", async () => {
    const [a, b] = await streamPair(family);
    await b.sendAll("abc");
    expect(String(await a.recv(2, { flags: MSG_PEEK }))).toBe("ab");
    expect(String(await a.recv(10))).toBe("abc");
  });

  it("chunks iterates to the end; break leaves the socket open and loses nothing", async () => {
    const [a, b] = await streamPair(family);
    await b.sendAll("one");
    for await (const chunk of a.chunks()) {
      expect(String(chunk)).toBe("one");
      break;
    }
    await b.sendAll("two");
    b.shutdown(SHUT_WR);
    expect(String(await receiveAll(a))).toBe("two");
    expect(a.closed).toBe(false);
    // Half closed: the other direction goes on.
    await a.sendAll("three");
    expect(String(await b.recv())).toBe("three");
  });

  it("half-close works under iteration: the answer goes out after the peer's end", async () => {
    const [a, b] = await streamPair(family);
    const echo = (async () => {
      for await (const chunk of b.chunks()) await b.sendAll(chunk);
      await b.sendAll(" and goodbye");
      b.close();
    })();
    await a.sendAll("hello");
    a.shutdown(SHUT_WR);
    expect(String(await receiveAll(a))).toBe("hello and goodbye");
    await echo;
  });
});

describe("a stream over TCP", () => {
  it("is ECONNRESET after a reset in the middle of a read", async () => {
    const [a, b] = await streamPair();
    const reading = a.recv();
    await turn();
    b.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from(new Int32Array([1, 0]).buffer));
    b.close();
    await expect(reading).rejects.toMatchObject({ name: "SocketError", code: "ECONNRESET", syscall: "recv" });
  });

  it("is ENOTCONN without a peer, not an end", async () => {
    const socket = track(new Socket());
    await expect(socket.recv()).rejects.toMatchObject({ code: "ENOTCONN" });
    expect(() => socket.tryRecv(Buffer.alloc(1))).toThrow(/ENOTCONN/);
  });
});

describe.each(families)("datagrams over $name", (family) => {
  it("come one by one with their sender, the empty ones too", async () => {
    const [a, b, from, to] = datagramPair(family);
    for (const text of ["one", "", "three"]) await a.sendto(text, to);
    for (const text of ["one", "", "three"]) {
      const { data, address } = await b.recvfrom();
      expect([String(data), address]).toEqual([text, from]);
    }
    expect(b.tryRecvfrom()).toBe(null);
  });

  it("are cut to `length`", async () => {
    const [a, b, , to] = datagramPair(family);
    await a.sendto("0123456789", to);
    await a.sendto("0123456789", to);
    await a.sendto("next", to);
    expect(String((await b.recvfrom(4)).data)).toBe("0123");
    expect(String(await b.recv(4))).toBe("0123");
    expect(String(await b.recv())).toBe("next");
  });

  it("an empty one is data, not an end", async () => {
    const [a, b, , to] = datagramPair(family);
    const waiting = b.recv();
    await a.sendto("", to);
    expect(await waiting).toEqual(Buffer.alloc(0));
    await a.sendto("", to);
    expect(await b.recvInto(Buffer.alloc(1))).toBe(0);
    await a.sendto("x", to);
    expect(String(await b.recv())).toBe("x");
  });

  it("tryRecvfrom takes one that is there", async () => {
    const [a, b, from, to] = datagramPair(family);
    await a.sendto("now", to);
    await b.readable();
    expect(b.tryRecvfrom(10)).toEqual({ data: Buffer.from("now"), address: from });
  });
});

it("a datagram larger than the slab comes whole when the caller allows it", async () => {
  const [a, b, , to] = datagramPair(Unix);
  const large = Buffer.alloc(100_000, "xyz");
  await a.sendto(large, to);
  await a.sendto(large, to);
  expect((await b.recvfrom(2 ** 31 - 1)).data.equals(large)).toBe(true);
  expect((await b.recv(100_000))?.equals(large)).toBe(true);
});

describe("arguments", () => {
  test.each<[string, (socket: Socket) => Promise<unknown>, string]>([
    ["recv(0)", (s) => s.recv(0), "length must be an integer from 1 to 2147483647, got 0"],
    ["recv('5')", (s) => s.recv("5" as never), "length must be"],
    ["recv(1.5)", (s) => s.recv(1.5), "length must be"],
    ["recv with bad options", (s) => s.recv(1, 5 as never), "options must be an object, got 5"],
    ["recv with bad flags", (s) => s.recv(1, { flags: "x" as never }), "flags must be"],
    ["recv with a bad signal", (s) => s.recv(1, { signal: {} as never }), "signal must be an AbortSignal"],
    ["recvInto nothing", (s) => s.recvInto(undefined as never), "buffer must be a Uint8Array, got undefined"],
    ["recvInto an array", (s) => s.recvInto([1, 2] as never), "buffer must be a Uint8Array"],
    ["recvInto an empty buffer", (s) => s.recvInto(Buffer.alloc(0)), "buffer must be at least one byte long"],
    ["recvfrom(-1)", (s) => s.recvfrom(-1), "length must be"],
    ["readable", (s) => s.readable({ timeout: -1 }), "timeout must be"],
    ["tryRecv an empty buffer", async (s) => s.tryRecv(Buffer.alloc(0)), "buffer must be at least one byte long"],
    ["tryRecv with bad flags", async (s) => s.tryRecv(Buffer.alloc(1), Number.NaN), "flags must be"],
    ["tryRecvfrom(65537)", async (s) => s.tryRecvfrom(65537), "length must be an integer from 1 to 65536"],
  ])("%s rejects and takes nothing", async (_name, call, message) => {
    const socket = track(new Socket(AF_INET, SOCK_DGRAM));
    socket.bind(IPv4.fresh());
    await socket.sendto("kept", socket.getsockname());
    const promise = call(socket);
    await expect(promise).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    await expect(call(socket)).rejects.toThrow(message);
    expect(String(await socket.recv())).toBe("kept");
  });
});

describe("memory that changes while the call waits", () => {
  it("a buffer that was taken away is an error, and the data stays for the next call", async () => {
    const [a, b] = await streamPair();
    const memory = new Uint8Array(16);
    const reading = a.recvInto(memory);
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    b.trySend("data");
    await expect(reading).rejects.toThrow(RangeError);
    expect(String(await a.recv())).toBe("data");
  });

  it("shared memory is as good as any", async () => {
    const [a, b] = await streamPair();
    const memory = new Uint8Array(new SharedArrayBuffer(16));
    b.trySend("shared");
    expect(await a.recvInto(memory)).toBe(6);
    expect(Buffer.from(memory.subarray(0, 6)).toString()).toBe("shared");
  });
});
