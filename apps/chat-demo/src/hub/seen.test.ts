import { expect, it } from "vitest";
import { MAX_AFTER_ROOMS } from "../protocol/frames.ts";
import { Seen } from "./seen.ts";

it("remembers so many rooms, and forgets the one that was left first", () => {
  const seen = new Seen({ Tea: 7 });
  expect(seen.get("tEA")).toBe(7);
  for (let i = 1; i < MAX_AFTER_ROOMS; i++) expect(seen.set(`room-${i}`, i)).toBeUndefined();
  expect(seen.set("tea", 9)).toBeUndefined();
  expect(seen.set("one-more", 1)).toBe("room-1");
  expect(seen.get("tea")).toBe(9);
});
