/** Which descriptors a child process gets: none, unless it was said so. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { AF_INET, SOCK_DGRAM, SOCK_STREAM, Socket, socketpair } from "../src/index.ts";
import { closeAll, listening, streamPair, track } from "./pairs.ts";

afterEach(closeAll);

const O_CLOEXEC = 0o2000000;
const linux = process.platform === "linux";

function isClosedOnExec(socket: Socket): boolean {
  const [, flags] = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${socket.fileno()}`, "utf8"))!;
  return (Number.parseInt(flags!, 8) & O_CLOEXEC) !== 0;
}

describe.runIf(linux)("a socket is closed on exec", () => {
  it.each<[string, () => Promise<Socket[]> | Socket[]]>([
    ["of every type", () => [SOCK_STREAM, SOCK_DGRAM].map((type) => new Socket(AF_INET, type))],
    ["that was duplicated", () => [listening().dup()]],
    ["of a pair", () => socketpair()],
    ["that was accepted", async () => streamPair()],
    ["that was taken over", () => [Socket.fromFd(new Socket().detach())]],
  ])("%s", async (_what, make) => {
    for (const socket of await make()) {
      track(socket);
      expect([socket.inheritable, isClosedOnExec(socket)]).toEqual([false, true]);
    }
  });

  it("unless it is made inheritable, and again when it is not any more", () => {
    const socket = track(new Socket());
    socket.inheritable = true;
    expect([socket.inheritable, isClosedOnExec(socket)]).toEqual([true, false]);
    expect(track(socket.dup()).inheritable).toBe(false);
    socket.inheritable = false;
    expect([socket.inheritable, isClosedOnExec(socket)]).toEqual([false, true]);
    expect(() => Reflect.set(socket, "inheritable", 1)).toThrow("inheritable must be a boolean, got 1");
  });

  it("a child of this process has none of ours", () => {
    const sockets = [...socketpair(), new Socket(), listening()].map((socket) => track(socket));
    const ours = new Set(sockets.map((socket) => readlinkSync(`/proc/self/fd/${socket.fileno()}`)));
    const { stdout } = spawnSync("sh", ["-c", "ls -l /proc/self/fd"], { stdio: ["ignore", "pipe", "ignore"] });
    for (const name of ours) expect(String(stdout)).not.toContain(name);
    expect(readdirSync("/proc/self/fd").length).toBeGreaterThan(ours.size);
  });
});

describe("dup", () => {
  it("gives a socket of its own for the same connection, open until both are closed", async () => {
    const [a, b] = await streamPair();
    a.timeout = 5_000;
    const copy = track(a.dup());
    expect([copy.family, copy.type, copy.timeout]).toEqual([a.family, a.type, 5_000]);
    expect(copy.fileno()).not.toBe(a.fileno());
    expect(copy.getpeername()).toEqual(a.getpeername());
    await copy.sendAll("one");
    a.close();
    await copy.sendAll("two");
    copy.close();
    const parts: Buffer[] = [];
    for await (const part of b.chunks()) parts.push(part);
    expect(String(Buffer.concat(parts))).toBe("onetwo");
  });

  it("of a closed socket is a ClosedError", () => {
    const socket = new Socket();
    socket.close();
    expect(() => socket.dup()).toThrow(expect.objectContaining({ code: "ERR_SOCKET_CLOSED" }));
    expect(() => socket.inheritable).toThrow(expect.objectContaining({ code: "ERR_SOCKET_CLOSED" }));
  });
});
