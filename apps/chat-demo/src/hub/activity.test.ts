import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ChatEvent } from "../protocol/events.ts";
import { MAX_AFTER_ROOMS } from "../protocol/frames.ts";
import { Activity } from "./activity.ts";
import { lastOf, partsOf } from "./parts.ts";
import { Seen } from "./seen.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells of a room at once, and then once a second of the last message", () => {
  const told: [string, ChatEvent][] = [];
  const activity = new Activity<string>((watcher, event) => told.push([watcher, event]));
  activity.watch("tea", "ada");
  activity.watch("tea", "bob");
  for (let id = 1; id <= 5; id++) activity.happened("tea", "Tea", id);
  activity.happened("coffee", "coffee", 6);
  const event = { type: "activity", room: "Tea", id: 1 };
  expect(told.splice(0)).toEqual([
    ["ada", event],
    ["bob", event],
  ]);
  activity.unwatch("tea", "bob");
  vi.advanceTimersByTime(1_000);
  expect(told.splice(0)).toEqual([["ada", { ...event, id: 5 }]]);
  vi.advanceTimersByTime(10_000);
  expect(told).toEqual([]);
  activity.unwatch("tea", "ada");
  expect(vi.getTimerCount()).toBe(0);
});

it("remembers so many rooms, and forgets the one that was left first", () => {
  const seen = new Seen({ Tea: 7 });
  expect(seen.get("tEA")).toBe(7);
  for (let i = 1; i < MAX_AFTER_ROOMS; i++) expect(seen.set(`room-${i}`, i)).toBeUndefined();
  expect(seen.set("tea", 9)).toBeUndefined();
  expect(seen.set("one-more", 1)).toBe("room-1");
  expect(seen.get("tea")).toBe(9);
});

it("cuts a history into parts of a size, and keeps the end of what is too much", () => {
  const messages = Array.from({ length: 10 }, (_, i) => {
    return { type: "said" as const, id: i, time: 0, room: "tea", from: "ada", text: "x".repeat(840) };
  });
  expect(partsOf([], 2_000)).toEqual([[]]);
  expect(partsOf(messages, 3_000).map((part) => part.map(({ id }) => id))).toEqual([
    [0, 1, 2],
    [3, 4, 5],
    [6, 7, 8],
    [9],
  ]);
  expect(partsOf(messages, 1)).toHaveLength(10);
  expect(lastOf(messages, 3_000).map(({ id }) => id)).toEqual([7, 8, 9]);
  expect(lastOf(messages, 100_000)).toHaveLength(10);
});
