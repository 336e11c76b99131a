/** What every two-way stream must do, as checks that need no test runner: they throw where it does not. */
import assert from "node:assert/strict";
import { SHUT_WR, type Socket, type SocketError } from "../src/index.ts";
import { fill, receiveAll, turn } from "./pairs.ts";

/** Makes two connected ends. */
export type MakeStreams = () => Promise<[Socket, Socket]>;

export interface StreamCheck {
  readonly name: string;
  run(make: MakeStreams): Promise<void>;
}

const closed = { code: "ERR_SOCKET_CLOSED" };
const busy = { code: "ERR_SOCKET_BUSY" };
const aborted = { code: "ABORT_ERR" };
const isBroken = (error: SocketError): boolean => error.code === "EPIPE" || error.code === "ECONNRESET";

async function clogged(make: MakeStreams): Promise<[Socket, Socket]> {
  const [sender, receiver] = await make();
  fill(sender);
  return [sender, receiver];
}

/** Sends until the peer's absence is noticed. */
async function sendUntilBroken(sender: Socket): Promise<void> {
  await assert.rejects(async () => {
    for (;;) {
      await sender.sendAll(Buffer.alloc(100, "x"));
      await turn();
    }
  }, isBroken);
}

async function expectText(receiver: Socket, text: string): Promise<void> {
  assert.equal(String(await receiver.recv(text.length)), text);
}

/** mulberry32 as bytes and sizes: the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const oneWay: StreamCheck[] = [
  {
    name: "sends and receives",
    async run(make) {
      const [s, r] = await make();
      const [sent] = await Promise.all([s.sendAll("x"), expectText(r, "x")]);
      assert.equal(sent, undefined);
    },
  },
  {
    name: "gives no meaning to an empty send",
    async run(make) {
      const [s, r] = await make();
      await s.sendAll("");
      await s.sendAll(Buffer.alloc(0));
      await s.sendAll("y");
      await expectText(r, "y");
    },
  },
  {
    name: "takes text, a Uint8Array and a view of a larger one",
    async run(make) {
      const [s, r] = await make();
      await s.sendAll("é");
      assert.equal(String(await r.recv(2)), "é");
      await s.sendAll(Uint8Array.of(49));
      await expectText(r, "1");
      await s.sendAll(Buffer.from("0123").subarray(2, 3));
      await expectText(r, "2");
    },
  },
  {
    name: "receives a positive whole number of bytes, or what there is",
    async run(make) {
      const [s, r] = await make();
      await assert.rejects(r.recv(-1), RangeError);
      await assert.rejects(r.recv(0), RangeError);
      await assert.rejects(r.recv(1.5), RangeError);
      await assert.rejects(r.recv("1" as unknown as number), TypeError);
      await s.sendAll("x");
      assert.equal(String(await r.recv()), "x");
      await s.sendAll("y");
      assert.equal(String(await r.recv(undefined)), "y");
    },
  },
  {
    name: "has one read at a time",
    async run(make) {
      const [s, r] = await make();
      const first = r.recv(1);
      await assert.rejects(r.recv(1), busy);
      await assert.rejects(r.recvInto(Buffer.alloc(1)), busy);
      await assert.rejects(r.recvmsg(1), busy);
      await s.sendAll("x");
      assert.equal(String(await first), "x");
    },
  },
  {
    name: "is writable when it is empty and somebody receives",
    async run(make) {
      const [s, r] = await make();
      const waiting = r.recv(1);
      await s.writable();
      await s.sendAll("x");
      assert.equal(String(await waiting), "x");
    },
  },
  {
    name: "breaks for the sender when the receiver closes, and stays broken",
    async run(make) {
      const [s, r] = await make();
      r.close();
      await sendUntilBroken(s);
      await assert.rejects(s.sendAll("x"), isBroken);
      await assert.rejects(s.sendmsg("x"), isBroken);
    },
  },
  {
    name: "breaks for the sender when the receiver closes in order while it sends",
    async run(make) {
      const [s, r] = await make();
      await Promise.all([sendUntilBroken(s), r.finish({ timeout: 1 })]);
    },
  },
  {
    name: "is closed for whoever closed it, as often as it is closed",
    async run(make) {
      const [s, r] = await make();
      r.close();
      await assert.rejects(r.recv(4096), closed);
      await assert.rejects(r.readable(), closed);
      r.close();
      await r.finish();
      s.close();
      await assert.rejects(s.sendAll("x"), closed);
      await assert.rejects(s.sendAll(""), closed);
      await assert.rejects(s.writable(), closed);
      s.close();
      await s.finish();
      assert.deepEqual([s.closed, r.closed, s.fileno(), r.fileno()], [true, true, -1, -1]);
    },
  },
  {
    name: "delivers what was sent before it was closed, and then the end",
    async run(make) {
      for (const close of [(s: Socket) => s.close(), (s: Socket) => s.finish()]) {
        const [s, r] = await make();
        await s.sendAll("y");
        const closing = close(s);
        await expectText(r, "y");
        assert.equal(await r.recv(1), null);
        assert.equal(await r.recv(1), null);
        r.close();
        await closing;
      }
    },
  },
  {
    name: "never gives data after a forceful close, and does not freeze",
    async run(make) {
      const [s, r] = await make();
      s.options.linger = 0;
      s.close();
      await assert.rejects(s.sendAll("123"), closed);
      assert.equal(await r.recv(1).catch((error) => (isBroken(error) ? null : error)), null);
    },
  },
  {
    name: "an aborted call is aborted even where it need not wait, and leaves the stream usable",
    async run(make) {
      const [s, r] = await make();
      const signal = AbortSignal.abort("enough");
      await assert.rejects(s.sendAll("x", { signal }), { ...aborted, cause: "enough" });
      await assert.rejects(r.recv(1, { signal }), aborted);
      const controller = new AbortController();
      const waiting = r.recv(1, { signal: controller.signal });
      controller.abort();
      await assert.rejects(waiting, aborted);
      await s.sendAll("z");
      await expectText(r, "z");
      s.close();
      assert.equal(await r.recv(1), null);
    },
  },
  {
    name: "closing wakes a read that waits",
    async run(make) {
      const [, r] = await make();
      const waiting = assert.rejects(r.recv(10), closed);
      await turn();
      r.close();
      await waiting;
    },
  },
  {
    name: "full: is writable only when there is room again",
    async run(make) {
      const [s, r] = await clogged(make);
      const order: string[] = [];
      const waiting = s.writable().then(() => order.push("writable"));
      await turn();
      order.push("receiving");
      const memory = Buffer.alloc(64 * 1024);
      while (order.length === 1) {
        if (r.tryRecv(memory) === null) await turn();
      }
      await waiting;
      assert.deepEqual(order, ["receiving", "writable"]);
      await turn();
      assert.notEqual(s.trySend("more"), null);
    },
  },
  {
    name: "full: has one write at a time",
    async run(make) {
      for (const [first, second] of [
        [(s: Socket) => s.writable(), (s: Socket) => s.writable()],
        [(s: Socket) => s.writable(), (s: Socket) => s.sendAll("123")],
        [(s: Socket) => s.sendAll("123"), (s: Socket) => s.sendAll("123")],
        [(s: Socket) => s.sendAll("123"), (s: Socket) => s.sendmsg("123")],
      ] as const) {
        const [s] = await clogged(make);
        const waiting = assert.rejects(first(s), closed);
        await assert.rejects(second(s), busy);
        s.close();
        await waiting;
      }
    },
  },
  {
    name: "full: the receiver's close ends the wait for room",
    async run(make) {
      const [s, r] = await clogged(make);
      const waiting = s.writable().catch((error) => assert.ok(isBroken(error)));
      await turn();
      r.options.linger = 0;
      r.close();
      await waiting;
      // And when it begins after the close.
      await s.writable().catch((error) => assert.ok(isBroken(error)));
    },
  },
  {
    name: "full: closing wakes a write that waits",
    async run(make) {
      for (const write of [(s: Socket) => s.sendAll("xyzzy"), (s: Socket) => s.writable()]) {
        const [s] = await clogged(make);
        const waiting = assert.rejects(write(s), closed);
        await turn();
        s.close();
        await waiting;
      }
    },
  },
  {
    name: "full: an aborted send tells how far it came, and the rest can follow",
    async run(make) {
      const [s, r] = await make();
      const taken = fill(s);
      const controller = new AbortController();
      const waiting = s.sendAll("tail", { signal: controller.signal });
      controller.abort();
      await assert.rejects(waiting, { ...aborted, bytesSent: 0 });
      const received = receiveAll(r);
      await s.sendAll("tail");
      s.shutdown(SHUT_WR);
      const bytes = await received;
      assert.equal(bytes.length, taken + 4);
      assert.equal(bytes.subarray(taken).toString(), "tail");
    },
  },
];

const twoWay: StreamCheck[] = [
  {
    name: "carries a megabyte each way at a time, in pieces of any size",
    async run(make) {
      const [a, b] = await make();
      const size = 2 ** 20;
      const byte = random(0);
      const data = Buffer.from(Uint8Array.from({ length: size }, () => byte(256)));
      const reversed = Buffer.from(data).reverse();
      async function send(s: Socket, bytes: Buffer, seed: number): Promise<void> {
        const next = random(seed);
        for (let at = 0; at < size; ) {
          const end = at + 1 + next(2 ** 14);
          await s.sendAll(bytes.subarray(at, end));
          at = end;
        }
      }
      async function receive(r: Socket, bytes: Buffer, seed: number): Promise<void> {
        const next = random(seed);
        const parts: Buffer[] = [];
        for (let total = 0; total < size; ) {
          const part = await r.recv(1 + next(2 ** 14));
          assert.ok(part !== null && part.length > 0);
          parts.push(part);
          total += part.length;
        }
        assert.ok(Buffer.concat(parts).equals(bytes));
      }
      await Promise.all([send(a, data, 0), send(b, reversed, 1), receive(a, reversed, 2), receive(b, data, 3)]);
    },
  },
  {
    name: "a read that waits gets the end when the peer closes",
    async run(make) {
      const [a, b] = await make();
      const waiting = b.recv(10);
      await turn();
      a.close();
      assert.equal(await waiting, null);
      b.close();
    },
  },
  {
    name: "can be half closed: the other way goes on",
    async run(make) {
      const [a, b] = await make();
      await a.sendAll("x");
      a.shutdown(SHUT_WR);
      await expectText(b, "x");
      assert.equal(await b.recv(10), null);
      await assert.rejects(a.sendAll("y"), isBroken);
      a.shutdown(SHUT_WR);
      await b.sendAll("x");
      b.shutdown(SHUT_WR);
      await expectText(a, "x");
      assert.equal(await a.recv(10), null);
    },
  },
  {
    name: "full: half closing ends a write that waits, with the number that was sent",
    async run(make) {
      const [a] = await clogged(make);
      const waiting = assert.rejects(a.sendAll("x"), { code: "EPIPE", bytesSent: 0 });
      await turn();
      a.shutdown(SHUT_WR);
      await waiting;
    },
  },
  {
    name: "half closed, iteration ends and the answer still goes out",
    async run(make) {
      const [a, b] = await make();
      const answer = receiveAll(a);
      await a.sendAll("question");
      a.shutdown(SHUT_WR);
      for await (const chunk of b.chunks()) await b.sendAll(chunk);
      await b.sendAll(".");
      b.close();
      assert.equal(String(await answer), "question.");
    },
  },
];

const flipped = (check: StreamCheck): StreamCheck => ({
  name: `${check.name}, the other way round`,
  run: (make) => check.run(async () => (await make()).reverse() as [Socket, Socket]),
});

/** One-way checks from either end, then those of both ends. */
export const streamChecks: readonly StreamCheck[] = [...oneWay, ...oneWay.map(flipped), ...twoWay];
