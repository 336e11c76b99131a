import { expect, it } from "vitest";
import { Outgoing } from "./outgoing.ts";

/** A stream in memory that can fail. */
class Stream {
  readonly kept: string[] = [];
  readonly sent: string[] = [];
  failing: (id: string) => "refused" | "lost answer" | undefined = () => undefined;
  readonly outgoing: Outgoing;

  constructor() {
    this.outgoing = new Outgoing(async (id) => {
      this.sent.push(id);
      const failure = this.failing(id);
      if (failure === "refused") throw new Error("refused");
      if (!this.kept.includes(id)) this.kept.push(id);
      await new Promise(setImmediate);
      if (failure === "lost answer") throw new Error("timeout");
      return this.kept.indexOf(id) + 1;
    });
  }

  /** The stream brings what is in it. */
  bring(): unknown[] {
    return this.kept.map((id, index) => this.outgoing.arrived(id, index + 1));
  }

  add(...ids: string[]): Promise<number>[] {
    return ids.map((id) => this.outgoing.add(id, "subject", new Uint8Array(), `origin of ${id}`));
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

it("sends in order, and is done with a message when the stream brings it", async () => {
  const stream = new Stream();
  const added = stream.add("a", "b", "c");
  expect(stream.sent).toEqual([]);
  stream.outgoing.resume();
  await turns(5);
  expect(stream.kept).toEqual(["a", "b", "c"]);
  expect(stream.outgoing.size).toBe(3);
  expect(stream.bring()).toEqual(["origin of a", "origin of b", "origin of c"]);
  expect(await Promise.all(added)).toEqual([1, 2, 3]);
  expect(stream.outgoing.size).toBe(0);
  await stream.outgoing.settled(1_000);
});

it("keeps the order when the first one is refused", async () => {
  const stream = new Stream();
  stream.failing = (id) => (id === "a" && stream.sent.length === 1 ? "refused" : undefined);
  const added = stream.add("a", "b");
  stream.outgoing.resume();
  await turns(5);
  expect(stream.sent).toEqual(["a"]);
  stream.outgoing.resume();
  await turns(5);
  expect(stream.kept).toEqual(["a", "b"]);
  stream.bring();
  expect(await Promise.all(added)).toEqual([1, 2]);
});

it("sends again what may have been lost, and takes a repetition for what it is", async () => {
  const stream = new Stream();
  stream.outgoing.resume();
  const [first] = stream.add("a");
  await turns(3);
  stream.bring();
  expect(await first).toBe(1);
  stream.failing = (id) => (id === "b" && stream.sent.length === 2 ? "lost answer" : undefined);
  const [second] = stream.add("b");
  await turns(3);
  stream.outgoing.resume();
  await turns(3);
  expect(stream.sent).toEqual(["a", "b", "b"]);
  stream.bring();
  expect(await second).toBe(2);
  // Said by another server too, and heard before: the answer is the one that it had.
  const [again] = stream.add("a");
  expect(await again).toBe(1);
});

it("sends nothing while it pauses, and everything that has not arrived after it", async () => {
  const stream = new Stream();
  stream.outgoing.resume();
  const added = stream.add("a", "b", "c");
  await turns(5);
  stream.outgoing.arrived("a", 1);
  stream.outgoing.pause();
  added.push(...stream.add("d"));
  await turns(5);
  expect(stream.sent).toEqual(["a", "b", "c"]);
  stream.outgoing.resume();
  await turns(5);
  stream.bring();
  expect(stream.kept).toEqual(["a", "b", "c", "d"]);
  expect(await Promise.all(added)).toEqual([1, 2, 3, 4]);
});
