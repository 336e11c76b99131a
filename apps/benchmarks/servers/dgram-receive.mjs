// dgram-receive.mjs: prints its port; on "run N" receives N datagrams.
import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";

const socket = createSocket({ type: "udp4", recvBufferSize: 4 << 20 });
let bytes = 0;
let received = 0;
let wanted = Number.POSITIVE_INFINITY;
let start = 0n;
socket.on("message", (data) => {
  bytes += data.length;
  if (++received < wanted) return;
  console.log(JSON.stringify({ units: received, wall: Number(process.hrtime.bigint() - start), bytes }));
  wanted = Number.POSITIVE_INFINITY;
});
socket.bind(0, "127.0.0.1", () => console.log(socket.address().port));

for await (const line of createInterface({ input: process.stdin })) {
  received = 0;
  wanted = Number(line.split(" ")[1]);
  start = process.hrtime.bigint();
}
