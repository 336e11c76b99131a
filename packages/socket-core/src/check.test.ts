import { describe, expect, it, test } from "vitest";
import * as check from "./check.ts";
import { UnsupportedError } from "./errors.ts";

describe("checks name the argument, what was expected and the value", () => {
  test.each<[string, () => unknown, typeof TypeError | typeof RangeError, string]>([
    [
      "integer",
      () => check.checkInteger("backlog", "5", 0, 9),
      TypeError,
      "backlog must be an integer from 0 to 9, got '5'",
    ],
    [
      "integer",
      () => check.checkInteger("backlog", 10, 0, 9),
      RangeError,
      "backlog must be an integer from 0 to 9, got 10",
    ],
    ["integer", () => check.checkInteger("backlog", Number.NaN, 0, 9), RangeError, "got NaN"],
    ["integer", () => check.checkInteger("backlog", 5n, 0, 9), TypeError, "got 5n"],
    ["constant", () => check.checkConstant("level", "SOL_SOCKET"), TypeError, "level must be"],
    ["string", () => check.checkString("path", 1), TypeError, "path must be a string, got 1"],
    ["function", () => check.checkFunction("handler", {}), TypeError, "handler must be a function, got {}"],
    ["boolean", () => check.checkBoolean("reusePort", 1), TypeError, "reusePort must be a boolean, got 1"],
    ["timeout", () => check.checkTimeout("timeout", "1"), TypeError, "timeout must be milliseconds or null, got '1'"],
    ["timeout", () => check.checkTimeout("timeout", -1), RangeError, "got -1"],
    ["timeout", () => check.checkTimeout("timeout", 2 ** 31), RangeError, "got 2147483648"],
    ["timeout", () => check.checkTimeout("timeout", Number.NaN), RangeError, "got NaN"],
    [
      "signal",
      () => check.checkSignal({ aborted: false }),
      TypeError,
      "signal must be an AbortSignal, got { aborted: false }",
    ],
    ["options", () => check.checkOptions("options", 5), TypeError, "options must be an object, got 5"],
    ["options", () => check.checkWait(null as never), TypeError, "options must be an object, got null"],
    ["flags", () => check.checkWait({ flags: -1 }), RangeError, "flags must be"],
    ["data", () => check.checkData("data", 5), TypeError, "data must be a Uint8Array, got 5"],
    [
      "buffer",
      () => check.checkBuffer("buffer", new Uint16Array(1)),
      TypeError,
      "buffer must be a Uint8Array, got Uint16Array(1)",
    ],
  ])("%s", (_name, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG" }));
  });

  it("keeps a long value short", () => {
    expect(() => check.checkInteger("n", "x".repeat(10_000), 0, 1)).toThrow(/^.{0,200}$/);
  });

  it("tells a constant that the platform lacks from a mistake", () => {
    expect(() => check.checkConstant("name", -1)).toThrow(UnsupportedError);
    expect(() => check.checkConstant("name", -1)).toThrow(
      expect.objectContaining({ code: "ERR_UNSUPPORTED_PLATFORM" }),
    );
  });

  it("passes what fits", () => {
    expect(check.checkWait(undefined)).toBe(0);
    expect(check.checkWait({ flags: 2, timeout: null, signal: undefined })).toBe(2);
    expect(check.checkTimeout("timeout", 0)).toBe(0);
    expect(check.checkTimeout("timeout", undefined)).toBe(null);
    expect(check.checkData("data", "é")).toEqual(Buffer.from([0xc3, 0xa9]));
  });
});
