import { expect, it } from "vitest";
import { Directory, MAX_LISTED } from "./directory.ts";
import type { Member } from "./member.ts";
import { Seen } from "./seen.ts";

let ids = 0;

function member(nick: string): Member {
  const channel = { encode: () => new Uint8Array(), frames: true, send: () => true, close() {} };
  return { id: ++ids, key: undefined, nick, room: undefined, channel, announced: true, seen: new Seen({}), saying: 0 };
}

function directory(...people: [nick: string, room: string][]): { directory: Directory; members: Member[] } {
  const directory = new Directory();
  const members = people.map(([nick, room]) => {
    const each = member(nick);
    directory.add(each);
    directory.enter(each, room);
    return each;
  });
  return { directory, members };
}

it("has a room as long as somebody is in it, under the name of whoever made it", () => {
  const { directory: all, members } = directory(["ada", "Tea"], ["bob", "TEA"]);
  expect(all.roomNames()).toEqual(["Tea"]);
  expect(members.map(({ room }) => room)).toEqual(["Tea", "Tea"]);
  for (const each of members) all.exit(each);
  expect([all.rooms, all.size, all.in("tea").size]).toEqual([0, 2, 0]);
  all.enter(members[0]!, "tea");
  expect(all.peopleOf("TEA")).toEqual({ type: "people", room: "tea", nicks: ["ada"], more: 0 });
});

it("gives a name to one person, here or on another server", () => {
  const { directory: all, members } = directory(["ada", "tea"]);
  all.neighbours.set("other", [{ id: 1, nick: "guest-1", room: "tea" }]);
  expect([all.isTaken("ADA"), all.isTaken("ada", members[0]), all.isTaken("Guest-1")]).toEqual([true, false, true]);
  expect(all.freeName()).toBe("guest-2");
  all.rename(members[0]!, "eve");
  expect([all.named("ada"), all.named("Eve")]).toEqual([undefined, members[0]]);
  expect([all.sizeOf("tea"), all.roomNames()]).toEqual([2, ["tea"]]);
});

it("lists so many people of a room, and counts the others", () => {
  const { directory: all } = directory(
    ...Array.from({ length: MAX_LISTED + 5 }, (_, i): [string, string] => [`p${i}`, "tea"]),
  );
  const people = all.peopleOf("tea");
  expect(people).toMatchObject({ type: "people", more: 5 });
  all.clear();
  expect([all.size, all.rooms]).toEqual([0, 0]);
});
