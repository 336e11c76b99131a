// dgram-send.mjs run|flood PORT SIZE: on "run N" sends N datagrams.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";

const [way, port, size] = process.argv.slice(2);
const socket = createSocket("udp4");
socket.on("error", () => {});
socket.connect(Number(port), "127.0.0.1");
await once(socket, "connect");
const data = Buffer.alloc(Number(size));
/** So many are under way at a time; more make it no faster. */
const window = 64;

/** @type {(amount: number) => Promise<number>} */
function send(amount) {
  return new Promise((resolve) => {
    let begun = 0;
    let ended = 0;
    const next = () => {
      ended++;
      if (ended === amount) resolve(amount);
      else if (begun < amount) {
        begun++;
        socket.send(data, next);
      }
    };
    for (; begun < Math.min(window, amount); begun++) socket.send(data, next);
  });
}

if (way === "flood") await send(Number.POSITIVE_INFINITY);
for await (const line of createInterface({ input: process.stdin })) {
  const start = process.hrtime.bigint();
  const units = await send(Number(line.split(" ")[1]));
  console.log(JSON.stringify({ units, wall: Number(process.hrtime.bigint() - start) }));
}
