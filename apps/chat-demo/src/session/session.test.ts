import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LocalBus } from "../bus/local.ts";
import { MemoryHistory } from "../history/memory.ts";
import { Hub } from "../hub/hub.ts";
import { defaultLimits } from "../hub/limits.ts";
import { type ClientFrame, parseServerFrame, type ServerFrame } from "../protocol/frames.ts";
import { frameOf } from "../transports/encode-frame.ts";
import { FrameSession } from "../transports/frame-session.ts";
import { backoff } from "./backoff.ts";
import type { Change } from "./change.ts";
import { Session } from "./session.ts";

/** The real hub, and as many sessions as wanted, over connections that break when the test says so. */
class Chat {
  readonly history = new MemoryHistory(defaultLimits, 0);
  readonly hub = new Hub({ bus: new LocalBus(this.history), history: this.history, catchUp: 1_000 });
  now = 1_000_000;

  client(options: { nick?: string; room?: string } = {}): Person {
    return new Person(this, options);
  }

  /** Promises of the hub that are due are kept. */
  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
}

let keys = 0;

class Person {
  readonly #chat: Chat;
  readonly session: Session;
  readonly changes: Change[] = [];
  /** On their way. */
  #up: string[] = [];
  #down: string[] = [];
  #server: FrameSession | undefined;

  constructor(chat: Chat, options: { nick?: string; room?: string }) {
    this.#chat = chat;
    this.session = new Session({
      ...options,
      now: () => chat.now,
      random: () => 0.5,
      makeKey: () => `key-of-the-test-${++keys}`,
      send: (frame: ClientFrame) => {
        if (this.connected) this.#up.push(JSON.stringify(frame));
      },
      changed: (change) => this.changes.push(change),
    });
  }

  get connected(): boolean {
    return this.#server !== undefined;
  }

  connect(): this {
    if (this.connected) return this;
    this.session.connecting();
    const { hub } = this.#chat;
    const down: string[] = [];
    this.#up = [];
    this.#down = down;
    const tell = (frame: ServerFrame): void => void down.push(JSON.stringify(frame));
    const facts = { server: "test", features: { wire: false, weather: false, titles: false } };
    const services = { hub, limits: defaultLimits, facts, gate: undefined, wire: undefined, onDrop: () => {} };
    this.#server = new FrameSession(services, {
      address: "127.0.0.1",
      tell,
      channel: {
        frames: true,
        encode: (event) => Buffer.from(JSON.stringify(frameOf(event, facts, defaultLimits.maxLineLength))),
        send: (bytes) => down.push(bytes.toString()) > 0,
        close: (reason) => tell({ type: "goodbye", reason }),
      },
    });
    this.session.opened();
    return this;
  }

  /** Whatever is on its way is lost; the server finds out, or does not yet. */
  cut({ noticed = true } = {}): this {
    const client = this.#server?.client;
    if (noticed && client !== undefined) this.#chat.hub.leave(client, "connection lost");
    if (this.connected) {
      this.#server = undefined;
      this.session.closed();
    }
    return this;
  }

  /** Up to so many frames arrive on each side. */
  carry(count = Number.POSITIVE_INFINITY): void {
    for (const text of this.#up.splice(0, count)) this.#server?.receive(text);
    for (const text of this.#down.splice(0, count)) this.receive(text);
  }

  receive(text: string): void {
    const result = parseServerFrame(text);
    if ("problem" in result) throw new Error(`${result.problem}: ${text}`);
    this.session.received(result.frame);
  }

  get idle(): boolean {
    return this.#up.length === 0 && this.#down.length === 0;
  }

  /** What is shown of a room. */
  shown(room?: string): string[] {
    const found = this.session.rooms.find(({ name }) => name === room) ?? this.session.room;
    return found?.entries.flatMap((entry) => (entry.kind === "message" ? entry.message.text : [])) ?? [];
  }
}

async function drain(chat: Chat, people: readonly Person[]): Promise<void> {
  do {
    for (const person of people) person.carry();
    await chat.settle();
  } while (people.some(({ idle }) => !idle));
}

const rooms = ["tea", "den"];
type Action = { who: number } & (
  | { type: "say" }
  | { type: "move"; room: string }
  | { type: "carry"; count: number }
  | { type: "cut"; noticed: boolean }
  | { type: "connect" }
);
const who = fc.nat(2);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant("say" as const), who }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("carry" as const), who, count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("cut" as const), who, noticed: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("connect" as const), who }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("move" as const), who, room: fc.constantFrom(...rooms) }) },
);

it("loses nothing and doubles nothing, wherever connections break", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 80 }), async (actions) => {
      const chat = new Chat();
      const people = ["ada", "bob", "eve"].map((nick) => chat.client({ nick, room: "tea" }));
      const said: string[][] = people.map(() => []);
      for (const act of actions) {
        const person = people[act.who]!;
        if (act.type === "say") {
          const text = `${act.who}/${said[act.who]!.length}`;
          said[act.who]!.push(text);
          person.session.input(text);
        } else if (act.type === "move") person.session.input(`/join ${act.room}`);
        else if (act.type === "carry") person.carry(act.count);
        else if (act.type === "cut") person.cut(act);
        else person.connect();
        await chat.settle();
      }
      for (const person of people) person.connect();
      await drain(chat, people);

      const kept = rooms.map((room) => chat.history.before(room, Number.MAX_SAFE_INTEGER, 1_000).messages);
      expect(
        kept
          .flat()
          .map(({ text }) => text)
          .sort(),
      ).toEqual(said.flat().sort());
      for (const [i, person] of people.entries()) {
        expect(person.session.unacknowledged).toEqual([]);
        expect(person.session.pending).toEqual([]);
        // What one person said stands in a room in the order in which it was said.
        for (const messages of kept) {
          const own = messages.filter(({ text }) => text.startsWith(`${i}/`)).map(({ text }) => Number(text.slice(2)));
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
        // Everything that is in the room stands there, once and in order.
        const room = person.session.room!.name;
        expect(person.shown(room)).toEqual(kept[rooms.indexOf(room)]!.map(({ text }) => text));
      }
      chat.hub.close("the test is over");
    }),
    { numRuns: 300 },
  );
});

async function joined(...nicks: string[]): Promise<{ chat: Chat; people: Person[] }> {
  const chat = new Chat();
  const people = nicks.map((nick) => chat.client({ nick, room: "tea" }).connect());
  await drain(chat, people);
  return { chat, people };
}

describe("a session", () => {
  it("knows who is there, and follows who comes, goes and has another name", async () => {
    const { chat, people } = await joined("ada", "bob");
    const [ada, bob] = people as [Person, Person];
    expect([ada.session.people, bob.session.people]).toEqual([
      ["ada", "bob"],
      ["ada", "bob"],
    ]);
    bob.session.input("/nick Bobby");
    const eve = chat.client({ room: "tea", nick: "eve" }).connect();
    await drain(chat, [...people, eve]);
    expect(ada.session.people).toEqual(["ada", "Bobby", "eve"]);
    expect(bob.session.nick).toBe("Bobby");
    eve.session.input("/join den");
    await drain(chat, [...people, eve]);
    expect(ada.session.people).toEqual(["ada", "Bobby"]);
    expect(eve.session.people).toEqual(["eve"]);
    chat.hub.close("");
  });

  it("marks a room in which there is something new, until one goes there", async () => {
    const { chat, people } = await joined("ada", "bob");
    const [ada, bob] = people as [Person, Person];
    ada.session.input("first");
    await drain(chat, people);
    bob.session.input("/join den");
    await drain(chat, people);
    ada.session.input("second");
    await drain(chat, people);
    const tea = bob.session.rooms.find(({ name }) => name === "tea")!;
    expect(tea.unread).toBe(true);
    bob.session.input("/join tea");
    await drain(chat, people);
    expect([tea.unread, bob.shown("tea")]).toEqual([false, ["first", "second"]]);
    chat.hub.close("");
  });

  it("loads what is older, in pages, and knows where the room begins", async () => {
    const { chat, people } = await joined("ada");
    const [ada] = people as [Person];
    for (let i = 0; i < 120; i++) ada.session.input(`${i}`);
    await drain(chat, people);
    const eve = chat.client({ room: "tea" }).connect();
    await drain(chat, [...people, eve]);
    expect(eve.shown()).toHaveLength(50);
    for (let pages = 0; eve.session.room!.more && pages < 5; pages++) {
      eve.session.loadOlder();
      await drain(chat, [eve]);
    }
    expect(eve.shown()).toEqual(Array.from({ length: 120 }, (_, i) => `${i}`));
    chat.hub.close("");
  });

  it("has its name back as soon as the connection before is found dead", async () => {
    const { chat, people } = await joined("ada");
    const [ada] = people as [Person];
    const ghost = chat.client({ nick: "ghost" });
    ada.cut();
    const thief = chat.client({ nick: "ada", room: "tea" }).connect();
    await drain(chat, [thief]);
    ada.connect();
    await drain(chat, [ada, thief]);
    expect(ada.session.nick).toMatch(/^guest-/);
    thief.cut();
    chat.now += 5_000;
    ada.session.tick();
    await drain(chat, [ada]);
    expect([ada.session.nick, ghost.connected]).toEqual(["ada", false]);
    chat.hub.close("");
  });

  it("keeps what is said without a connection, and refuses what makes no sense then", async () => {
    const { chat, people } = await joined("ada");
    const [ada] = people as [Person];
    ada.cut();
    for (const line of ["kept", "/me waits", "/who", "x".repeat(5_000)]) ada.session.input(line);
    expect(ada.session.pending.map(({ text }) => text)).toEqual(["kept", "/me waits"]);
    const problems = ada.session.room!.entries.flatMap((entry) => (entry.kind === "problem" ? entry.text : []));
    expect(problems).toEqual([
      "Not sent, as there is no connection: /who",
      "Not sent: 5000 bytes, and 4096 are the most",
    ]);
    ada.connect();
    await drain(chat, people);
    expect(ada.shown()).toEqual(["kept", "waits"]);
    chat.hub.close("");
  });

  it("shows a message once that it is told twice", async () => {
    const { chat, people } = await joined("ada");
    const [ada] = people as [Person];
    const said = { type: "said", id: 7, time: 1, room: "tea", from: "bob", text: "hi" };
    const history = { type: "history", room: "tea", messages: [said, { ...said, id: 8, text: "ho" }], more: true };
    for (const frame of [said, said, history, history, said]) ada.receive(JSON.stringify(frame));
    expect(ada.shown()).toEqual(["hi", "ho"]);
    // Behind a gap the room begins anew, and a server without its history counts from the beginning.
    const gap = { ...history, messages: [{ ...said, id: 20, text: "later" }], gap: true };
    ada.receive(JSON.stringify(gap));
    expect([ada.shown(), ada.session.room!.more]).toEqual([["later"], true]);
    ada.receive(JSON.stringify({ ...gap, messages: [{ ...said, id: 1, text: "anew" }], more: false }));
    expect(ada.shown()).toEqual(["later", "anew"]);
    chat.hub.close("");
  });

  it("asks after a silence, and gives up a connection that does not answer", async () => {
    const { chat, people } = await joined("ada");
    const [ada] = people as [Person];
    chat.now += 21_000;
    expect(ada.session.tick()).toBe("alive");
    await drain(chat, people);
    chat.now += 60_000;
    expect(ada.session.tick()).toBe("alive");
    chat.now += 10_000;
    expect(ada.session.tick()).toBe("dead");
    chat.hub.close("");
  });

  it("takes its place back from the connection before, and nobody is told", async () => {
    const { chat, people } = await joined("ada", "bob");
    const [ada, bob] = people as [Person, Person];
    ada.session.input("before");
    await drain(chat, people);
    ada.cut({ noticed: false });
    ada.session.input("after");
    bob.changes.length = 0;
    ada.connect();
    await drain(chat, people);
    expect([ada.session.nick, chat.hub.size, bob.session.people]).toEqual(["ada", 2, ["ada", "bob"]]);
    expect(bob.changes.map(({ type }) => type)).toEqual(["appended"]);
    expect(bob.shown()).toEqual(["before", "after"]);
    // In another room it comes as everybody does.
    ada.session.input("/join den");
    await drain(chat, people);
    const room = bob.session.room!;
    const notices = (): string[] => room.entries.flatMap((entry) => (entry.kind === "notice" ? entry.text : []));
    expect(notices().slice(-1)).toEqual(["ada left #tea (to #den)"]);
    chat.hub.close("");
  });

  it("waits as long as the server says, with a password that was not looked at", async () => {
    const { chat, people } = await joined("bob");
    const ada = chat.client({ nick: "ada", room: "tea" }).connect();
    ada.receive(
      JSON.stringify({
        type: "problem",
        code: "password",
        text: "Too many wrong passwords; try again in 1 s",
        wait: 900,
      }),
    );
    expect(ada.session.link).toEqual({
      state: "waiting",
      until: chat.now + 900,
      reason: "Too many wrong passwords",
    });
    ada.cut();
    ada.connect();
    await drain(chat, [...people, ada]);
    expect(ada.session.link.state).toBe("online");
    ada.cut();
    ada.session.connecting();
    ada.receive(JSON.stringify({ type: "problem", code: "password", text: "That is not the password" }));
    expect(ada.session.link).toMatchObject({ state: "over", why: "password" });
    chat.hub.close("");
  });

  it("goes on after a goodbye, with what was not sent, when the person wants to", async () => {
    const { chat, people } = await joined("ada");
    const [ada] = people as [Person];
    ada.receive(JSON.stringify({ type: "goodbye", reason: "the server is closing" }));
    ada.cut();
    expect(ada.session.link).toMatchObject({ state: "over", why: "goodbye" });
    ada.session.input("still here");
    expect(ada.session.pending.map(({ text }) => text)).toEqual(["still here"]);
    ada.connect();
    await drain(chat, people);
    expect([ada.session.link.state, ada.shown()]).toEqual(["online", ["still here"]]);
    ada.session.leave("See you");
    ada.session.input("too late");
    expect(ada.session.pending).toEqual([]);
    expect(ada.session.room!.entries.at(-1)).toMatchObject({ text: "Not sent, as you have left: too late" });
    chat.hub.close("");
  });

  it("waits longer each time a server cannot be reached, and starts over after a good connection", async () => {
    const { chat, people } = await joined("ada");
    const [ada] = people as [Person];
    const waits: number[] = [];
    chat.now += 60_000;
    ada.cut();
    for (let i = 0; i < 8; i++) {
      const { link } = ada.session;
      if (link.state === "waiting") waits.push(link.until - chat.now);
      ada.session.connecting();
      ada.session.closed();
    }
    expect(waits).toEqual([375, 750, 1_500, 3_000, 6_000, 11_250, 11_250, 11_250]);
    chat.hub.close("");
  });

  it("is over after /quit, and after a goodbye that is for good", async () => {
    const { chat, people } = await joined("ada", "bob");
    const [ada, bob] = people as [Person, Person];
    ada.session.input("/quit");
    await drain(chat, people);
    expect(ada.session.link).toEqual({ state: "over", why: "left", text: "Goodbye: see you" });
    bob.receive(JSON.stringify({ type: "goodbye", reason: "a new version", restart: true }));
    expect(bob.session.link.state).toBe("online");
    bob.cut();
    expect(bob.session.link.state).toBe("waiting");
    chat.hub.close("");
  });

  it("says a message again that the server could not keep, and drops one that it will not have", async () => {
    const { chat, people } = await joined("ada");
    const [ada] = people as [Person];
    ada.cut();
    ada.session.input("hello");
    const key = ada.session.pending[0]!.key;
    ada.connect();
    ada.receive(
      JSON.stringify({
        type: "welcome",
        version: 1,
        nick: "ada",
        room: "tea",
        others: 0,
        server: "test",
        maxLine: 100,
        features: { wire: false, weather: false, titles: false },
      }),
    );
    ada.receive(JSON.stringify({ type: "problem", code: "unavailable", text: "Not now; say it again", key }));
    expect(ada.session.pending).toHaveLength(1);
    // It is said once, however often it is tried.
    chat.now += 2_000;
    ada.session.tick();
    ada.receive(JSON.stringify({ type: "problem", code: "unavailable", text: "Not now; say it again", key }));
    const problems = ada.session.room!.entries.flatMap((entry) => (entry.kind === "problem" ? entry.text : []));
    expect(problems).toEqual(["Not now; it is sent again"]);
    ada.receive(JSON.stringify({ type: "problem", code: "command", text: "No", key }));
    expect(ada.session.pending).toEqual([]);
    chat.hub.close("");
  });
});

it("never waits longer than the longest, nor less than half of its turn", () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
      const wait = backoff(failures, random);
      const turn = Math.min(15_000, 500 * 2 ** failures);
      expect(wait).toBeGreaterThanOrEqual(turn / 2);
      expect(wait).toBeLessThanOrEqual(turn);
    }),
  );
});
