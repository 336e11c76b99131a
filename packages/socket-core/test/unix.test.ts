/** Names of Unix sockets, unix(7): in the file system, abstract, none. */
import { existsSync, statSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, Socket, socketpair } from "../src/index.ts";
import { closeAll, freshPath, track } from "./pairs.ts";

afterEach(closeAll);

const make = (type = SOCK_STREAM): Socket => track(new Socket(AF_UNIX, type));
/** sizeof sun_path. */
const PATH_MAX = 108;

describe.runIf(process.platform === "linux")("the abstract namespace", () => {
  const unique = `sockeye-${process.pid}`;

  it.each([
    ["with NULs and other text in it", `\0${unique}\0é\0`],
    ["as long as may be", `\0${unique.padEnd(PATH_MAX - 1, "h")}`],
  ])("a name %s reaches its listener", async (_what, path) => {
    const listener = make();
    listener.bind({ path });
    listener.listen();
    const client = make();
    await client.connect(listener.getsockname());
    const { socket } = await listener.accept();
    track(socket);
    expect([listener.getsockname(), client.getpeername(), socket.getsockname()]).toEqual([
      { path },
      { path },
      { path },
    ]);
    await client.sendAll("x");
    expect(String(await socket.recv())).toBe("x");
  });

  it("a name that is too long is refused", () => {
    expect(() => make().bind({ path: `\0${"h".repeat(PATH_MAX)}` })).toThrow(RangeError);
  });

  it("a name is free again when its socket is closed", () => {
    const first = make();
    first.bind({ path: `\0${unique}-again` });
    const second = make();
    expect(() => second.bind({ path: `\0${unique}-again` })).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
    first.close();
    second.bind({ path: `\0${unique}-again` });
  });
});

describe("the file system", () => {
  it.each([
    ["plain", () => freshPath()],
    ["not of ASCII", () => `${freshPath()}-é-名`],
  ])("a path that is %s is a socket there, and comes back", (_what, path) => {
    const name = path();
    const socket = make();
    socket.bind({ path: name });
    expect(socket.getsockname()).toEqual({ path: name });
    expect(statSync(name).isSocket()).toBe(true);
  });

  it("an empty path, a NUL inside one and one in no folder are refused", () => {
    expect(() => make().bind({ path: "" })).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG" }));
    expect(() => make().bind({ path: "a\0b" })).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG" }));
    const path = `${freshPath()}/none/x`;
    expect(() => make().bind({ path })).toThrow(expect.objectContaining({ code: "ENOENT", address: path }));
    expect(existsSync(path)).toBe(false);
  });
});

describe("no name", () => {
  it.each([
    ["a stream", SOCK_STREAM],
    ["datagrams", SOCK_DGRAM],
    ["sequenced packets", SOCK_SEQPACKET],
  ])("is the empty path of %s", (_what, type) => {
    expect(make(type).getsockname()).toEqual({ path: "" });
    for (const socket of socketpair(AF_UNIX, type)) {
      track(socket);
      expect([socket.getsockname(), socket.getpeername()]).toEqual([{ path: "" }, { path: "" }]);
    }
  });
});

describe("socketpair", () => {
  it("is AF_UNIX and SOCK_STREAM unless told otherwise, and carries both ways", async () => {
    const [a, b] = socketpair();
    for (const socket of [a, b]) {
      track(socket);
      expect([socket.family, socket.type, socket.protocol]).toEqual([AF_UNIX, SOCK_STREAM, 0]);
    }
    await a.sendAll("there");
    await b.sendAll("back");
    expect([String(await b.recv()), String(await a.recv())]).toEqual(["there", "back"]);
    expect(a.options.peerCredentials().pid).toBe(process.pid);
  });

  it.each([
    ["datagrams", SOCK_DGRAM],
    ["sequenced packets", SOCK_SEQPACKET],
  ])("of %s keeps messages apart, the empty ones too", async (_what, type) => {
    const [a, b] = socketpair(AF_UNIX, type).map((socket) => track(socket)) as [Socket, Socket];
    for (const text of ["one", "", "three"]) await a.send(text);
    for (const text of ["one", "", "three"]) expect(String((await b.recvmsg()).data)).toBe(text);
  });

  it("is refused where there are no pairs", () => {
    expect(() => socketpair(2, SOCK_STREAM)).toThrow(
      expect.objectContaining({ code: "ENOTSUP", syscall: "socketpair" }),
    );
    expect(() => socketpair(AF_UNIX, 999)).toThrow(expect.objectContaining({ syscall: "socketpair" }));
  });
});

describe("sequenced packets between processes' names", () => {
  it("are connections that keep messages apart and in order, cut what is too long, and end", async () => {
    const listener = make(SOCK_SEQPACKET);
    listener.bind({ path: freshPath() });
    listener.listen();
    const client = make(SOCK_SEQPACKET);
    await client.connect(listener.getsockname());
    const { socket } = await listener.accept();
    track(socket);
    expect(socket.type).toBe(SOCK_SEQPACKET);
    for (let i = 0; i < 100; i++) await client.send(`message ${i}`);
    for (let i = 0; i < 100; i++) expect(String(await socket.recv())).toBe(`message ${i}`);
    await client.send("too long");
    await client.send("next");
    expect([String(await socket.recv(3)), String(await socket.recv())]).toEqual(["too", "next"]);
    client.close();
    expect((await socket.recvmsg()).data).toHaveLength(0);
  });

  it("refuse a connection where nobody listens", async () => {
    await expect(make(SOCK_SEQPACKET).connect({ path: freshPath() })).rejects.toMatchObject({ code: "ENOENT" });
  });
});
