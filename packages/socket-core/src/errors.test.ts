import { constants } from "node:os";
import { describe, expect, it, test } from "vitest";
import {
  AbortError,
  BusyError,
  ClosedError,
  SocketError,
  systemError,
  TimeoutError,
  UnsupportedError,
} from "./errors.ts";

describe("systemError", () => {
  test.each([
    [{ address: "127.0.0.1", port: 80 }, "connect ECONNREFUSED 127.0.0.1:80: connection refused"],
    [{ address: "::1", port: 80 }, "connect ECONNREFUSED [::1]:80: connection refused"],
    [{ path: "/run/x" }, "connect ECONNREFUSED /run/x: connection refused"],
    [{ port: 80 }, "connect ECONNREFUSED: connection refused"],
    [undefined, "connect ECONNREFUSED: connection refused"],
  ])("%j", (target, message) => {
    const error = systemError("connect", -constants.errno.ECONNREFUSED, target);
    expect(error.message).toBe(message);
    expect(error).toMatchObject({ code: "ECONNREFUSED", errno: -constants.errno.ECONNREFUSED, syscall: "connect" });
  });

  it("keeps address, port and the bytes sent", () => {
    const error = systemError("send", -constants.errno.EPIPE, { address: "::1", port: 9 }, 17);
    expect(error).toMatchObject({ name: "SocketError", code: "EPIPE", address: "::1", port: 9, bytesSent: 17 });
  });

  it("names what libuv has no words for", () => {
    expect(systemError("connect", -constants.errno.EINPROGRESS).code).toBe("EINPROGRESS");
    expect(systemError("accept", -constants.errno.ENOSTR).code).toBe("ENOSTR");
  });

  it("has words for an errno that nobody knows", () => {
    expect(systemError("ioctl", -4000)).toMatchObject({ code: "E4000", message: "ioctl E4000: unknown error" });
  });
});

describe("the classes", () => {
  const reason = new Error("enough");
  test.each([
    [new ClosedError("recv"), "ClosedError", "ERR_SOCKET_CLOSED", "recv: the socket is closed"],
    [
      new BusyError("recv", "a recv already waits on this socket"),
      "BusyError",
      "ERR_SOCKET_BUSY",
      "recv: a recv already waits on this socket",
    ],
    [new TimeoutError("recv", 50), "TimeoutError", "ERR_SOCKET_TIMEOUT", "recv: not done within 50 ms"],
    [new AbortError("recv", reason), "AbortError", "ABORT_ERR", "recv: aborted"],
    [new UnsupportedError("no"), "UnsupportedError", "ERR_UNSUPPORTED_PLATFORM", "no"],
  ])("%s", (error, name, code, message) => {
    expect(error).toBeInstanceOf(SocketError);
    expect(error).toMatchObject({ name, code, message });
  });

  it("keeps the cause of an abort, and has none elsewhere", () => {
    expect(new AbortError("recv", reason).cause).toBe(reason);
    expect("cause" in new ClosedError("recv")).toBe(false);
  });
});
