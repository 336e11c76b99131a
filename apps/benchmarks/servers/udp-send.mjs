// udp-send.mjs one|many|segments PORT SIZE: on "run N" sends N datagrams.
import { createInterface } from "node:readline";
import { connect } from "@sockeye/udp";

const [way, port, size] = process.argv.slice(2);
const endpoint = await connect({ address: "127.0.0.1", port: Number(port) });
const data = Buffer.alloc(Number(size));
const datagrams = Array.from({ length: 256 }, () => ({ data }));
const segments = Buffer.alloc(Number(size) * 256);

/** @type {Record<string, (amount: number) => Promise<number>>} */
const ways = {
  async one(amount) {
    for (let sent = 0; sent < amount; sent++) await endpoint.send(data);
    return amount;
  },
  async many(amount) {
    let sent = 0;
    while (sent < amount) sent += await endpoint.sendMany(datagrams);
    return sent;
  },
  async segments(amount) {
    let sent = 0;
    while (sent < amount) sent += await endpoint.sendSegments(segments, Number(size));
    return sent;
  },
  /** Until it is ended. */
  async flood() {
    for (;;) await endpoint.sendSegments(segments, Number(size)).catch(() => {});
  },
};

if (way === "flood") await ways.flood(0);
for await (const line of createInterface({ input: process.stdin })) {
  const start = process.hrtime.bigint();
  const units = await ways[way](Number(line.split(" ")[1]));
  console.log(JSON.stringify({ units, wall: Number(process.hrtime.bigint() - start) }));
}
