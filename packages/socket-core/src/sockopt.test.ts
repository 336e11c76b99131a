import { afterEach, describe, expect, it, test } from "vitest";
import { closeAll, families, listening, streamPair, track } from "../test/pairs.ts";
import {
  IPPROTO_TCP,
  SO_ACCEPTCONN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_INFO,
  TCP_KEEPIDLE,
  TCP_NODELAY,
} from "./constants.ts";
import { UnsupportedError } from "./errors.ts";
import { Socket } from "./socket.ts";

afterEach(closeAll);

describe.each(families)("options over $name", (family) => {
  it("are numbers", () => {
    const socket = track(new Socket(family.family));
    expect(socket.getsockopt(SOL_SOCKET, SO_TYPE)).toBe(SOCK_STREAM);
    expect(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE)).toBe(0);
    socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1);
    expect(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE)).toBe(1);
    socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 16_384);
    expect(socket.getsockopt(SOL_SOCKET, SO_RCVBUF)).toBeGreaterThanOrEqual(16_384);
    expect(socket.getsockopt(SOL_SOCKET, SO_ERROR)).toBe(0);
    expect(listening(family).getsockopt(SOL_SOCKET, SO_ACCEPTCONN)).toBe(1);
  });

  it("are bytes", () => {
    const socket = track(new Socket(family.family));
    const linger = Buffer.from(new Int32Array([1, 30]).buffer);
    socket.setsockopt(SOL_SOCKET, SO_LINGER, linger);
    expect(socket.getsockopt(SOL_SOCKET, SO_LINGER, 8)).toEqual(linger);
    expect(socket.getsockopt(SOL_SOCKET, SO_LINGER, 100)).toEqual(linger);
    expect(socket.getsockopt(SOL_SOCKET, SO_LINGER, 4)).toEqual(linger.subarray(0, 4));
    socket.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.alloc(8));
  });
});

describe("options of TCP", () => {
  it("work at every stage", async () => {
    const [a] = await streamPair();
    a.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
    expect(a.getsockopt(IPPROTO_TCP, TCP_NODELAY)).toBeGreaterThan(0);
    a.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 17);
    expect(a.getsockopt(IPPROTO_TCP, TCP_KEEPIDLE)).toBe(17);
    expect(a.getsockopt(IPPROTO_TCP, TCP_INFO, 256)[0]).toBe(1);
  });
});

describe("arguments", () => {
  test.each<[string, (socket: Socket) => unknown, unknown]>([
    ["an unknown option", (s) => s.setsockopt(SOL_SOCKET, 9999, 1), { code: "ENOPROTOOPT", syscall: "setsockopt" }],
    ["an unknown level", (s) => s.getsockopt(9999, 1), { syscall: "getsockopt" }],
    ["a short value", (s) => s.setsockopt(SOL_SOCKET, SO_REUSEADDR, Buffer.alloc(1)), { code: "EINVAL" }],
    ["an empty value", (s) => s.setsockopt(SOL_SOCKET, SO_REUSEADDR, Buffer.alloc(0)), { code: "EINVAL" }],
    [
      "a string",
      (s) => s.setsockopt(SOL_SOCKET, SO_REUSEADDR, "1" as never),
      { code: "ERR_INVALID_ARG", message: "value must be an integer or a Uint8Array, got '1'" },
    ],
    ["a boolean", (s) => s.setsockopt(SOL_SOCKET, SO_REUSEADDR, true as never), { code: "ERR_INVALID_ARG" }],
    ["a fraction", (s) => s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 0.5), { code: "ERR_INVALID_ARG" }],
    ["a huge number", (s) => s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 2 ** 32), { code: "ERR_INVALID_ARG" }],
    [
      "no level",
      (s) => s.setsockopt(undefined as never, SO_REUSEADDR, 1),
      { code: "ERR_INVALID_ARG", message: "level must be an integer from 0 to 2147483647, got undefined" },
    ],
    ["no name", (s) => s.getsockopt(SOL_SOCKET, undefined as never), { code: "ERR_INVALID_ARG" }],
    ["length 0", (s) => s.getsockopt(SOL_SOCKET, SO_LINGER, 0), { code: "ERR_INVALID_ARG" }],
    ["length 65537", (s) => s.getsockopt(SOL_SOCKET, SO_LINGER, 65537), { code: "ERR_INVALID_ARG" }],
  ])("%s", (_name, call, error) => {
    expect(() => call(track(new Socket()))).toThrow(expect.objectContaining(error as object));
  });

  it("a constant that the platform lacks says so", () => {
    expect(() => track(new Socket()).setsockopt(SOL_SOCKET, -1, 1)).toThrow(UnsupportedError);
  });
});
