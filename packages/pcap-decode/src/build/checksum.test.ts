import { expect, test } from "vitest";
import { crc32c, internetChecksum } from "./checksum.ts";

test("the example of RFC 1071 section 3", () => {
  expect(internetChecksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7))).toBe(0xffff - 0xddf2);
});

test("an odd last byte counts as if a zero followed", () => {
  expect(internetChecksum(Uint8Array.of(1, 2, 3))).toBe(internetChecksum(Uint8Array.of(1, 2, 3, 0)));
});

test("a long run of ones does not overflow", () => {
  expect(internetChecksum(new Uint8Array(1 << 20).fill(0xff))).toBe(0);
});

test("CRC-32C of RFC 3720 appendix B.4", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});
