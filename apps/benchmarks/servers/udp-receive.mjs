// udp-receive.mjs one|many|coalescing: prints its port; on "run N" receives N datagrams.
import { createInterface } from "node:readline";
import { bind } from "@sockeye/udp";

const [way] = process.argv.slice(2);
const endpoint = await bind(
  { address: "127.0.0.1", port: 0 },
  {
    receiveBuffer: 4 << 20,
    coalescing: way === "coalescing",
    ...(way === "many" && { maxDatagramSize: 2048, batchSize: 64 }),
  },
);
const { address } = endpoint;
console.log("port" in address && address.port);

/** What a user does with a datagram, at the least. */
let bytes = 0;

/** @param {number} amount */
async function receiveMany(amount) {
  let received = 0;
  while (received < amount) {
    const batch = await endpoint.receiveMany();
    for (let i = 0; i < batch.length; i++) bytes += batch.size(i);
    received += batch.length;
  }
  return received;
}

/** @param {number} amount */
async function receiveOne(amount) {
  let received = 0;
  for await (const { data } of endpoint) {
    bytes += data.length;
    if (++received === amount) break;
  }
  return received;
}

for await (const line of createInterface({ input: process.stdin })) {
  const dropped = endpoint.statistics.dropped;
  const start = process.hrtime.bigint();
  const units = await (way === "one" ? receiveOne : receiveMany)(Number(line.split(" ")[1]));
  const wall = Number(process.hrtime.bigint() - start);
  console.log(JSON.stringify({ units, wall, bytes, dropped: endpoint.statistics.dropped - dropped }));
}
