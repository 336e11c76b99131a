/** What belongs to no single module: datagrams into memory of the caller, and failures that must leave nothing open. */
import { fstatSync, readdirSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import {
  createServer,
  getaddrinfo,
  getnameinfo,
  ifNameIndex,
  MSG_TRUNC,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
  SOCK_DGRAM,
  Socket,
} from "../src/index.ts";
import { closeAll, datagramPair, families, freshPath, listening } from "./pairs.ts";

afterEach(closeAll);

describe.each(families)("recvfromInto over $name", (family) => {
  it("recvfromInto fills memory of the caller and tells the sender", async () => {
    const [a, b, from, to] = datagramPair(family);
    await a.sendto("abcdef", to);
    const memory = Buffer.from("..........");
    expect(await b.recvfromInto(memory.subarray(2, 9))).toEqual({ length: 6, address: from });
    expect(String(memory)).toBe("..abcdef..");
    await a.sendto("abcdef", to);
    expect(await b.recvfromInto(new Uint8Array(3))).toEqual({ length: 3, address: from });
    await a.sendto("", to);
    expect(await b.recvfromInto(memory)).toEqual({ length: 0, address: from });
    await a.sendto("abcdef", to);
    expect(await b.recvfromInto(new Uint8Array(3), { flags: MSG_TRUNC })).toMatchObject({ length: 6 });
  });

  it("memory without room is refused", async () => {
    const [a, b, from, to] = datagramPair(family);
    await a.sendto("x", to);
    await expect(b.recvfromInto(new Uint8Array(0))).rejects.toThrow("buffer must be at least one byte long");
    await expect(b.recvfromInto("text" as unknown as Uint8Array)).rejects.toThrow(TypeError);
    expect(await b.recvfromInto(new Uint8Array(1))).toEqual({ length: 1, address: from });
  });
});

it("the zone of a link-local address goes through both ways, by name and by number", async () => {
  const { name, index } = ifNameIndex()[0]!;
  for (const zone of [name, index]) {
    const [found] = await getaddrinfo(`fe80::1%${zone}`, 1234, { type: SOCK_DGRAM });
    expect(found?.address).toMatchObject({ address: "fe80::1", port: 1234, scopeId: index });
  }
  const address = { address: "fe80::1", port: 1234, scopeId: index };
  expect((await getnameinfo(address, NI_NUMERICHOST | NI_NUMERICSERV)).host).toBe(`fe80::1%${name}`);
});

function openSockets(): number {
  return readdirSync("/dev/fd").filter((fd) => {
    try {
      return fstatSync(Number(fd)).isSocket();
    } catch {
      return false;
    }
  }).length;
}

describe("what fails leaves nothing open", () => {
  it("createServer that cannot bind leaves nothing open", () => {
    const taken = listening().getsockname();
    const before = openSockets();
    for (let i = 0; i < 20; i++) {
      expect(() => createServer(taken as { port: number })).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
      expect(() => createServer({ path: `${freshPath()}/none/x` })).toThrow(
        expect.objectContaining({ code: "ENOENT" }),
      );
      expect(() => createServer({ port: 0 }, { backlog: -1 })).toThrow(RangeError);
    }
    expect(openSockets()).toBe(before);
  });

  it("a socket that the kernel refuses, and a descriptor that is none of ours", () => {
    const before = openSockets();
    expect(() => new Socket(12_345)).toThrow(expect.objectContaining({ syscall: "socket" }));
    expect(() => Socket.fromFd(9_999)).toThrow(expect.objectContaining({ code: "EBADF" }));
    expect(openSockets()).toBe(before);
  });
});
