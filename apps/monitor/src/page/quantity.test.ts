import { expect, test } from "vitest";
import { bitRate, bytes, count, memory, packetRate, share } from "./quantity.ts";

test.each([
  [count(1234567), "1,234,567"],
  [bytes(0), "0 B"],
  [bytes(999), "999 B"],
  [bytes(1000), "1.00 kB"],
  [bytes(999_999), "1.00 MB"],
  [bytes(12_345_678), "12.3 MB"],
  [bytes(9e17), "900000 TB"],
  [memory(96 * 1024 * 1024), "96.0 MiB"],
  [bitRate(48_200_000), "48.2 Mbit/s"],
  [packetRate(0), "0.0 /s"],
  [packetRate(48_211), "48.2 k/s"],
  [share(1, 3), "33 %"],
  [share(1, 300), "0.3 %"],
  [share(0, 0), "0 %"],
])("%s", (text, expected) => {
  expect(text).toBe(expected);
});
