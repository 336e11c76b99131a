import { describe, expect, it } from "vitest";
import { LocalBus } from "../bus/local.ts";
import { MemoryHistory } from "../history/memory.ts";
import { parseCommand } from "../protocol/commands.ts";
import { formatEvent } from "../protocol/plain-lines.ts";
import type { Encode } from "./channel.ts";
import { Hub } from "./hub.ts";
import { defaultLimits } from "./limits.ts";
import type { Client } from "./member.ts";

const asText: Encode = (event) => Buffer.from(formatEvent(event).join("\n"));

function localHub(): Hub {
  const history = new MemoryHistory(defaultLimits);
  return new Hub({ history, bus: new LocalBus(history), catchUp: 100 });
}

/** A client in memory. */
class Person {
  readonly heard: string[] = [];
  readonly client: Client;
  closed: { reason: string; discard: boolean } | undefined;
  /** Messages that it has room for. */
  room = Number.POSITIVE_INFINITY;
  readonly #hub: Hub;

  constructor(hub: Hub, encode: Encode = asText) {
    this.#hub = hub;
    this.client = hub.enter({
      encode,
      frames: false,
      send: (bytes) => {
        if (this.room <= 0) return false;
        this.room--;
        this.heard.push(bytes.toString());
        return true;
      },
      close: (reason, { discard }) => {
        this.closed = { reason, discard };
      },
    });
  }

  say(...lines: string[]): this {
    for (const line of lines) this.#hub.handle(this.client, parseCommand(line));
    return this;
  }

  /** What it heard since it was asked last. */
  news(): string[] {
    return this.heard.splice(0);
  }
}

function people(hub: Hub, ...names: string[]): Person[] {
  const all = names.map((name) => new Person(hub).say(`/nick ${name}`));
  for (const person of all) hub.announce(person.client);
  for (const person of all) person.news();
  return all;
}

it("welcomes guests to the lobby and announces them under the name and room they choose first", () => {
  const hub = localHub();
  const [ada] = people(hub, "ada");
  const bob = new Person(hub);
  expect(bob.news()).toEqual(["-- Welcome, guest-2. You are in #lobby, one other is here. /help lists the commands."]);
  bob.say("/nick bob");
  expect(ada!.news()).toEqual([]);
  hub.announce(bob.client);
  hub.announce(bob.client);
  expect(ada!.news()).toEqual(["-- bob joined #lobby"]);
  expect(bob.news()).toEqual(["-- You are now bob"]);
});

it("hears the room from the first moment, announced or not, and announces whoever speaks", () => {
  const hub = localHub();
  const [ada] = people(hub, "ada");
  const bob = new Person(hub);
  bob.news();
  ada!.say("hello");
  expect(bob.news()).toEqual(["ada: hello"]);
  bob.say("hi");
  expect(ada!.news()).toEqual(["-- guest-2 joined #lobby", "guest-2: hi"]);
});

it("does not tell the others that somebody left who never was announced", () => {
  const hub = localHub();
  const [ada] = people(hub, "ada");
  hub.leave(new Person(hub).client);
  expect(ada!.news()).toEqual([]);
  expect(hub.size).toBe(1);
});

it("says to the others of the room, and to nobody else", () => {
  const hub = localHub();
  const [ada, bob, eve] = people(hub, "ada", "bob", "eve");
  eve!.say("/join tea");
  expect(eve!.news()).toEqual(["-- You are in #tea, nobody else is here"]);
  expect(bob!.news()).toEqual(["-- eve left #lobby (to #tea)"]);
  ada!.news();
  ada!.say("hi", "/me waves");
  expect(ada!.news()).toEqual(["* ada waves"]);
  expect(bob!.news()).toEqual(["ada: hi", "* ada waves"]);
  expect(eve!.news()).toEqual([]);
  eve!.say("/leave");
  expect(bob!.news()).toEqual(["-- eve joined #lobby"]);
  eve!.say("/who tea");
  expect(eve!.news()).toEqual([
    "-- You are in #lobby, 2 others are here",
    expect.stringMatching(/^-- \d{4}-\d\d-\d\d \d\d:\d\d ada: hi\n-- .{16} \* ada waves$/),
    "-- In #tea: nobody",
    "-- Rooms: #lobby (3)",
  ]);
});

it("takes rooms and people by name, whatever the case", () => {
  const hub = localHub();
  const [ada, bob] = people(hub, "ada", "bob");
  ada!.say("/join Tea");
  bob!.say("/join tEA").news();
  ada!.say("hi");
  expect(bob!.news()).toEqual(["ada: hi"]);
  bob!.say("/join TEA", "/msg ADA psst").news();
  expect(ada!.news().at(-1)).toBe("[bob -> ada] psst");
});

describe("/nick", () => {
  it("tells both sides, refuses a name that is taken and frees the old one", () => {
    const hub = localHub();
    const [ada, bob] = people(hub, "ada", "bob");
    bob!.say("/nick ADA");
    expect(bob!.news()).toEqual(["!! The name ADA is taken; you are bob"]);
    ada!.say("/nick Ada", "/nick eve");
    expect(bob!.news()).toEqual(["-- ada is now Ada", "-- Ada is now eve"]);
    bob!.say("/nick ada");
    expect(bob!.news()).toEqual(["-- You are now ada"]);
  });

  it("never gives a guest a name that somebody took", () => {
    const hub = localHub();
    people(hub, "guest-2");
    expect(new Person(hub).client.nick).toBe("guest-3");
  });
});

it("whispers to one person, and says so when there is none", () => {
  const hub = localHub();
  const [ada, bob, eve] = people(hub, "ada", "bob", "eve");
  ada!.say("/msg bob psst", "/msg nobody psst", "/msg ada note");
  expect(ada!.news()).toEqual([
    "[ada -> bob] psst",
    "!! Nobody here is called nobody; /who lists who is here",
    "[ada -> ada] note",
  ]);
  expect(bob!.news()).toEqual(["[ada -> bob] psst"]);
  expect(eve!.news()).toEqual([]);
});

it("lists who is here and which rooms there are, and at most a hundred of each", () => {
  const hub = localHub();
  const [ada] = people(hub, "ada");
  for (let i = 0; i < 150; i++) new Person(hub).say(`/nick p${i}`, ...(i < 120 ? [] : [`/join room-${i}`]));
  ada!.say("/who");
  const [inRoom, rooms] = ada!.news();
  expect(inRoom).toMatch(/^-- In #lobby: ada, p0, p1, .* and 21 more$/);
  expect(rooms).toMatch(/^-- Rooms: #lobby \(121\), #room-120 \(1\), /);
});

it("makes a message's bytes once for each kind of client, however many receive it", () => {
  const hub = localHub();
  let calls = 0;
  const counting: Encode = (event) => {
    calls++;
    return asText(event);
  };
  const [ada] = people(hub, "ada");
  for (let i = 0; i < 500; i++) new Person(hub, i % 2 === 0 ? counting : asText);
  calls = 0;
  ada!.say("hello");
  expect(calls).toBe(1);
});

it("says goodbye to who quits, and why to the others", () => {
  const hub = localHub();
  const [ada, bob] = people(hub, "ada", "bob");
  ada!.say("/quit tea time", "still here?");
  expect(ada!.closed).toEqual({ reason: "see you", discard: false });
  expect(bob!.news()).toEqual(["-- ada left #lobby (tea time)"]);
  expect(hub.size).toBe(1);
});

it("drops whoever has no room for more, however many at once, and goes on with the others", () => {
  const hub = localHub();
  const [ada, bob] = people(hub, "ada", "bob");
  const slow = people(hub, ...Array.from({ length: 90 }, (_, i) => `slow-${i}`));
  for (const person of slow) person.room = 0;
  bob!.news();
  ada!.say("hello");
  const dropped = { reason: expect.stringMatching(/too slow/), discard: true };
  for (const person of slow) expect(person.closed).toEqual(dropped);
  const [first, ...others] = bob!.news();
  expect(first).toBe("ada: hello");
  expect(others).toHaveLength(slow.length);
  for (const line of others) expect(line).toMatch(/^-- slow-\d+ left #lobby \(too slow/);
  expect(hub.size).toBe(2);
});

it("does not announce who comes and goes in a room with more than a hundred people", () => {
  const hub = localHub();
  const all = people(hub, ...Array.from({ length: 100 }, (_, i) => `p${i}`));
  for (const person of all) person.news();
  const late = new Person(hub).say("/nick late", "hello", "/quit");
  expect(late.closed).toBeDefined();
  expect(all[0]!.news()).toEqual(["late: hello", "-- late left #lobby"]);
});

it("says goodbye to everybody when it closes", () => {
  const hub = localHub();
  const all = people(hub, "ada", "bob");
  hub.close("the server is closing");
  for (const person of all) expect(person.closed).toEqual({ reason: "the server is closing", discard: false });
  expect(hub.size).toBe(0);
  all[0]!.say("hello");
  hub.leave(all[0]!.client);
  expect(all[1]!.news()).toEqual([]);
});
