import { expect, it } from "vitest";
import { LocalBus } from "../bus/local.ts";
import { MemoryHistory } from "../history/memory.ts";
import { parseCommand } from "../protocol/commands.ts";
import type { ChatEvent } from "../protocol/events.ts";
import { Hub } from "./hub.ts";
import { defaultLimits } from "./limits.ts";
import type { Client } from "./member.ts";
import { Neighbours } from "./neighbours.ts";

it("tells what has changed on a server, and only that", () => {
  const neighbours = new Neighbours();
  const [ada, bob] = [
    { id: 1, nick: "ada", room: "tea" },
    { id: 2, nick: "bob", room: "tea" },
  ];
  expect(neighbours.set("one", [ada, bob])).toHaveLength(2);
  expect(neighbours.set("one", [bob, ada])).toEqual([]);
  const moved = { ...ada, room: "coffee" };
  expect(neighbours.set("one", [moved, bob])).toEqual([
    { before: { ...ada, server: "one" }, after: { ...moved, server: "one" } },
  ]);
  expect([...neighbours.rooms()].sort()).toEqual(["coffee", "tea"]);
  expect(neighbours.named("ADA")).toMatchObject({ room: "coffee" });
  expect(neighbours.in("Tea").size).toBe(1);
  // Two who swap their names.
  neighbours.set("one", [
    { ...moved, nick: "bob" },
    { ...bob, nick: "ada" },
  ]);
  expect(neighbours.named("ada")).toMatchObject({ id: 2 });
  expect(neighbours.named("bob")).toMatchObject({ id: 1 });
  expect(neighbours.set("two", [])).toEqual([]);
  expect(neighbours.set("one", [])).toHaveLength(2);
  expect([...neighbours.rooms()]).toEqual([]);
});

/** A hub of a server with this name, and somebody on it. */
function hubOf(server: string) {
  const history = new MemoryHistory(defaultLimits);
  const hub = new Hub({ history, bus: new LocalBus(history), catchUp: 100 });
  hub.joinCluster({ server, changed() {}, whisper() {}, notice() {} });
  const heard: ChatEvent[] = [];
  const client: Client = hub.enter({
    encode: (event) => {
      heard.push(event);
      return new Uint8Array(1);
    },
    frames: true,
    send: () => true,
    close() {},
  });
  hub.handle(client, parseCommand("/nick ada"));
  hub.announce(client);
  heard.length = 0;
  return { hub, client, heard };
}

it("takes a name back on one of two servers that gave it away at the same time", () => {
  const [a, b] = [hubOf("a"), hubOf("b")];
  const [fromA, fromB] = [[...a.hub.people()], [...b.hub.people()]];
  a.hub.setNeighbours("b", fromB, undefined);
  b.hub.setNeighbours("a", fromA, undefined);
  expect([a.client.nick, b.client.nick]).toEqual(["ada", expect.stringMatching(/^guest-/)]);
  expect(b.heard).toContainEqual(expect.objectContaining({ type: "problem", code: "nick" }));
});

it("says that those of a server are gone when it is", () => {
  const { hub, heard } = hubOf("a");
  hub.setNeighbours("b", [{ id: 1, nick: "bob", room: "lobby" }], undefined);
  hub.setNeighbours("b", [], "the server is away");
  expect(heard).toEqual([
    { type: "joined", nick: "bob", room: "lobby" },
    { type: "left", nick: "bob", room: "lobby", reason: "the server is away" },
  ]);
});
