import { type Connection, openConnection, type Server, startServer } from "@sockeye/async-streams";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SendQueue } from "./send-queue.ts";

let server: Server;
let near: Connection;
let far: Connection;

beforeEach(async () => {
  const accepted = new Promise<Connection>((resolve, reject) => {
    startServer({ address: "127.0.0.1", port: 0 }, async (connection) => {
      resolve(connection);
      await connection.closed;
    }).then(async (started) => {
      server = started;
      near = await openConnection(started.address);
    }, reject);
  });
  far = await accepted;
});
afterEach(async () => {
  near.abort();
  far.abort();
  await server.close();
});

const message = (index: number): Buffer => Buffer.from(`${String(index).padStart(1_023, "0")}\n`);

/** Pushes to a peer that does not read until there is no room. */
async function fill(queue: SendQueue): Promise<number> {
  for (let count = 0; ; count++) {
    if (!queue.push(message(count))) return count;
    // The kernel is given its share.
    if (count % 16 === 0) await new Promise(setImmediate);
  }
}

it("keeps up to its limit of bytes, and sends all of it in order when the peer reads", async () => {
  const queue = new SendQueue(near.writer, { maxQueueBytes: 100_000, maxQueueMessages: 1_000 });
  const count = await fill(queue);
  expect(queue.bytes).toBeGreaterThan(100_000 - 1_024);
  expect(queue.bytes).toBeLessThanOrEqual(100_000);
  const ended = queue.end(Buffer.from("last\n"));
  for (let i = 0; i < count; i++) expect(await far.reader.readLine()).toBe(String(i).padStart(1_023, "0"));
  expect(await far.reader.readLine()).toBe("last");
  expect(await far.reader.readLine()).toBeNull();
  await ended;
});

it("keeps up to its limit of messages", async () => {
  const queue = new SendQueue(near.writer, { maxQueueBytes: 1e9, maxQueueMessages: 50 });
  await fill(queue);
  expect(queue.bytes).toBe(50 * 1_024);
});

it("gives up what waits, but not the last word, and cuts no message in two", async () => {
  const queue = new SendQueue(near.writer, { maxQueueBytes: 100_000, maxQueueMessages: 1_000 });
  const count = await fill(queue);
  void queue.end(Buffer.from("last\n"), { discard: true });
  expect(queue.bytes).toBe(5);
  const lines: string[] = [];
  for await (const line of far.reader) lines.push(line);
  expect(lines.pop()).toBe("last");
  expect(lines).toEqual(lines.map((_, index) => String(index).padStart(1_023, "0")));
  expect(lines.length).toBeLessThan(count);
  expect(lines.length).toBeGreaterThan(0);
});

it("takes nothing after its end", async () => {
  const queue = new SendQueue(near.writer, { maxQueueBytes: 1_000, maxQueueMessages: 10 });
  const ended = queue.end(Buffer.from("last\n"));
  expect(queue.push(message(1))).toBe(true);
  expect(queue.end(Buffer.from("again\n"))).toBe(ended);
  await ended;
  expect(await far.reader.readLine()).toBe("last");
  expect(await far.reader.readLine()).toBeNull();
});

it("ends without an error when the peer is gone", async () => {
  const queue = new SendQueue(near.writer, { maxQueueBytes: 100_000, maxQueueMessages: 1_000 });
  await fill(queue);
  far.abort();
  await queue.end(Buffer.from("last\n"));
  expect(queue.bytes).toBe(0);
});
