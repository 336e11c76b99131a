import fc from "fast-check";
import { expect, it } from "vitest";
import {
  bytesPerCall,
  exceedsPath,
  MAX_PAYLOAD_IPV4,
  MAX_SEGMENTS,
  refusesSegmentation,
  segmentCount,
} from "./segmentation.ts";

it.each([
  [1, 64],
  [1200, 54 * 1200],
  [1023, 64 * 1023],
  [1024, 63 * 1024],
  [1472, 44 * 1472],
  [32_754, 32_754],
  [65_507, 65_507],
  // Of IPv6 alone; one segment leaves without offload.
  [65_527, 65_527],
])("segments of %i bytes: %i bytes a call", (size, bytes) => {
  expect(bytesPerCall(size)).toBe(bytes);
});

it("never exceeds 64 segments or one datagram, and always moves on", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MAX_PAYLOAD_IPV4 }), (size) => {
      const bytes = bytesPerCall(size);
      expect(bytes % size).toBe(0);
      expect(bytes / size).toBeGreaterThanOrEqual(1);
      expect(bytes / size).toBeLessThanOrEqual(MAX_SEGMENTS);
      expect(bytes).toBeLessThanOrEqual(MAX_PAYLOAD_IPV4);
    }),
  );
});

it.each([
  [0, 5, 0],
  [1, 5, 1],
  [5, 5, 1],
  [6, 5, 2],
])("%i bytes in segments of %i are %i datagrams", (length, size, count) => {
  expect(segmentCount(length, size)).toBe(count);
});

it.each([
  ["EIO", true, false],
  ["EINVAL", true, false],
  ["ENOPROTOOPT", true, false],
  ["EMSGSIZE", false, true],
  ["ECONNREFUSED", false, false],
  [undefined, false, false],
])("%s ends offload: %s; says that the segment is too large: %s", (code, refuses, exceeds) => {
  const error = Object.assign(new Error("x"), { code });
  expect(refusesSegmentation(error)).toBe(refuses);
  expect(exceedsPath(error)).toBe(exceeds);
});
