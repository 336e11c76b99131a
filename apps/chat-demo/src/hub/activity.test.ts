import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ChatEvent } from "../protocol/events.ts";
import { Activity } from "./activity.ts";

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
