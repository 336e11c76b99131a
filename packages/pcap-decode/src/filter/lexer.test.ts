import { describe, expect, it } from "vitest";
import { FilterSyntaxError } from "./filter-error.ts";
import { tokenize } from "./lexer.ts";

const types = (expression: string): string[] => tokenize(expression).map(({ type }) => type);

describe("tokenize", () => {
  it.each([
    ["tcp port 80", ["tcp", "port", "number", "end"]],
    ["ether host 1:2:3:4:5:6", ["link", "host", "mac", "end"]],
    ["1-2-3-4-5-6 aabbccddeeff aabb.ccdd.eeff", ["mac", "mac", "mac", "end"]],
    ["10 10.0 10.0.0 10.0.0.1 0x0a.1", ["number", "ipv4", "ipv4", "ipv4", "ipv4", "end"]],
    ["1.2.3.4.5", ["name", "end"]],
    ["::1 fe80::1 :: 1::2:3 ::10.0.0.1 1:2:3:4:5:6:7:8", [..."ipv6 ipv6 ipv6 ipv6 ipv6 ipv6".split(" "), "end"]],
    ["ip[2:4]", ["ip", "[", "number", ":", "number", "]", "end"]],
    ["::/0", ["ipv6", "/", "number", "end"]],
    ["$a $0f", ["short-address", "short-address", "end"]],
    ["&& || ! and or not", ["and", "or", "!", "and", "or", "!", "end"]],
    ["= == != >= <= << >>", ["=", "=", "!=", ">=", "<=", "<<", ">>", "end"]],
    // The longest match wins: these are names with hyphens, not subtractions.
    ["len-5 1-1023 ftp-data", ["name", "name", "name", "end"]],
    ["len - 5", ["len", "-", "number", "end"]],
    ["TCP Host", ["name", "name", "end"]],
    ["\\tcp \\ip6", ["name", "name", "end"]],
    ["es-is is-is address1 addr1 direction on", ["esis", "isis", "addr1", "addr1", "dir", "ifname", "end"]],
    ["  \t\r\n", ["end"]],
  ])("reads %s", (expression, expected) => {
    expect(types(expression)).toEqual(expected);
  });

  it("knows named constants", () => {
    expect(tokenize("tcp-syn icmp6-echo tcpflags").map(({ value }) => value)).toEqual([2, 128, 13, 0]);
  });

  it("counts columns from 1", () => {
    expect(tokenize("ip  and\ttcp").map(({ column }) => column)).toEqual([1, 5, 9, 12]);
  });

  it.each([
    ["0x1F", 31],
    ["010", 8],
    ["0", 0],
    ["4294967295", 0xffffffff],
  ])("reads the number %s in C notation", (text, value) => {
    expect(tokenize(text)[0]).toMatchObject({ type: "number", value });
  });

  it.each([
    ["ip @", 4, "illegal char '@'"],
    ["tcp port _x", 10, "illegal char '_'"],
    ["1:2:3:", 1, "bogus ethernet address 1:2:3:"],
    ["len = 09", 7, "number 09 contains non-octal digit"],
    ["len = 4294967296", 7, "decimal number 4294967296 overflows 32 bits"],
    ["len = 0x100000000", 7, "hexadecimal number 0x100000000 overflows 32 bits"],
  ])("refuses %s", (expression, column, message) => {
    const error = catchSyntaxError(() => tokenize(expression));
    expect(error.column).toBe(column);
    expect(error.message).toContain(message);
  });
});

function catchSyntaxError(run: () => unknown): FilterSyntaxError {
  try {
    run();
  } catch (error) {
    if (error instanceof FilterSyntaxError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
