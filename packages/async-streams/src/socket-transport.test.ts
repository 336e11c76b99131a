import fc from "fast-check";
import { expect, it } from "vitest";
import { type Pair, tcpPair, unixPair } from "../test/pairs.ts";

/** A byte of a stream tells which stream it is and where in it. */
function streamOf(index: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 31 + index * 101 + (i >> 8)) & 255));
}

it("readers that share the memory they receive into do not see each other's bytes", async () => {
  const length = 300_000;
  const pairs: Pair[] = [];
  for (let i = 0; i < 6; i++) pairs.push(await (i % 2 === 0 ? tcpPair() : unixPair()));
  const step = fc.record({ who: fc.nat(5), send: fc.nat(90_000), read: fc.integer({ min: 1, max: 70_000 }) });
  const sent = pairs.map(() => 0);
  const got = pairs.map(() => 0);
  const streams = pairs.map((_, i) => streamOf(i, length));
  const receive = async (who: number, max: number): Promise<void> => {
    const { reader } = pairs[who]!.server;
    const memory = Buffer.alloc(max);
    // Into the shared memory, or past it.
    const chunk = max % 2 === 0 ? await reader.read(max) : memory.subarray(0, (await reader.readInto(memory)) ?? 0);
    const from = got[who]!;
    expect(chunk?.equals(streams[who]!.subarray(from, from + chunk.length))).toBe(true);
    got[who]! += chunk!.length;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      for (const { who, send, read } of steps) {
        const end = Math.min(length, sent[who]! + send);
        void pairs[who]!.client.writer.write(streams[who]!.subarray(sent[who], end));
        sent[who] = end;
        if (sent[who]! > got[who]!) await receive(who, read);
      }
    }),
    { numRuns: 40 },
  );
  for (const [who, { client }] of pairs.entries()) {
    await Promise.all([
      client.writer.end(streams[who]!.subarray(sent[who])),
      (async () => {
        while (got[who]! < length) await receive(who, 65_536);
      })(),
    ]);
  }
});

it("what a codec puts back before what is unread is not overwritten", async () => {
  const { client, server } = await tcpPair();
  const other = await tcpPair();
  await client.writer.write("abcdef");
  const put = await server.reader.decode((queue) => {
    if (queue.length === 0) return undefined;
    const unread = queue.take();
    queue.push(Buffer.from(unread.subarray(0, 3)));
    queue.push(Buffer.from("XYZ"));
    return unread.toString();
  });
  expect(put).toBe("abcdef");
  await other.client.writer.write("other bytes in the shared memory");
  await other.server.reader.read(5);
  await client.writer.write("ghi");
  expect((await server.reader.readExactly(9)).toString()).toBe("abcXYZghi");
  const half = await (async () => {
    await client.writer.write("123456");
    return server.reader.decode((queue) => {
      if (queue.length < 6) return undefined;
      queue.skip(3);
      queue.push(Buffer.from("!"));
      return true;
    });
  })();
  expect(half).toBe(true);
  await client.writer.write("789");
  expect((await server.reader.readExactly(7)).toString()).toBe("456!789");
});
