import { isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIPv4, formatIPv6, formatMac, parseIPv4, parseIPv6, parseMac } from "./address.ts";

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe("IPv6", () => {
  test.each([
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["2001:db8::1", "20010db8000000000000000000000001"],
    ["2001:db8:0:1:1:1:1:1", "20010db8000000010001000100010001"],
    ["2001:0:0:1::1", "20010000000000010000000000000001"],
    ["1::", "00010000000000000000000000000000"],
    ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
    ["fe80::1:0:0:1", "fe800000000000000001000000000001"],
  ])("%s", (text, hex) => {
    const bytes = new Uint8Array(Buffer.from(hex, "hex"));
    expect(formatIPv6(bytes, 0)).toBe(text);
    expect(Buffer.from(parseIPv6(text)).toString("hex")).toBe(hex);
  });

  test("what is printed is an address and reads back", () => {
    fc.assert(
      fc.property(sixteen, fc.array(fc.nat(15)), (bytes, zeros) => {
        for (const at of zeros) bytes[at] = 0;
        const text = formatIPv6(bytes, 0);
        expect(isIPv6(text)).toBe(true);
        expect(parseIPv6(text)).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  test.each([
    "",
    "::1::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "g::",
    "1.2.3.4",
    ":::",
    "1:2:3:4:5:6:7:8::",
  ])("%j is refused", (text) => {
    expect(() => parseIPv6(text)).toThrow("IPv6 address: expected an address such as 2001:db8::1");
  });
});

test("IPv4 and MAC addresses read back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
      expect([...parseIPv4(formatIPv4(bytes, 0))]).toEqual([...bytes]);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      expect([...parseMac(formatMac(bytes, 0))]).toEqual([...bytes]);
    }),
  );
  expect([...parseMac("00-1a-2B-3c-4d-5e")]).toEqual([0, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e]);
});

test.each(["1.2.3", "1.2.3.256", "1.2.3.4.5", "a.b.c.d", "1.2.3.-4", ""])("%j is no IPv4 address", (text) => {
  expect(() => parseIPv4(text)).toThrow("IPv4 address: expected four numbers such as 192.0.2.1");
});
