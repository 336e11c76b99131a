import { expect, it } from "vitest";
import { MAX_AFTER_ROOMS } from "../protocol/frames.ts";
import { Rooms } from "./rooms.ts";

function say(rooms: Rooms, name: string, id: number): void {
  rooms.named(name).say({ type: "said", id, time: 0, room: name, from: "ada", text: "x" });
}

it("knows a room in every spelling, and the lobby from the start", () => {
  const rooms = new Rooms();
  expect(rooms.named("Tea")).toBe(rooms.named("TEA"));
  expect(rooms.all.map(({ name }) => name)).toEqual(["lobby", "Tea"]);
});

it("tells how far it has read in the rooms that were visited last, and forgets the others", () => {
  const rooms = new Rooms();
  for (let i = 0; i <= MAX_AFTER_ROOMS; i++) {
    rooms.visit(`room-${i}`);
    say(rooms, `room-${i}`, i + 1);
  }
  rooms.visit("room-1");
  const { after } = rooms;
  expect(Object.keys(after)).toHaveLength(MAX_AFTER_ROOMS);
  expect([after["room-0"], after["room-1"], rooms.named("room-0").entries]).toEqual([undefined, 2, []]);
});

it("marks what is new where this client has been, and drops rooms that are empty here and there", () => {
  const rooms = new Rooms();
  const tea = rooms.visit("tea");
  say(rooms, "tea", 5);
  const den = rooms.visit("den");
  rooms.named("gone");
  rooms.list(
    [
      { room: "tea", size: 2, last: 6 },
      { room: "new", size: 1, last: 9 },
      { room: "den", size: 1, last: 7 },
    ],
    den,
  );
  expect(rooms.all.map(({ name, unread }) => [name, unread])).toEqual([
    ["den", false],
    ["lobby", false],
    ["new", false],
    ["tea", true],
  ]);
  expect(tea.size).toBe(2);
});
