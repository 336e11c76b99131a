// import.mjs PACKAGE: on "run 1" imports it, once, and says what that took.
import { createInterface } from "node:readline";

for await (const _ of createInterface({ input: process.stdin })) {
  const start = process.cpuUsage();
  const since = process.hrtime.bigint();
  await import(process.argv[2]);
  const wall = Number(process.hrtime.bigint() - since);
  const { user, system } = process.cpuUsage(start);
  console.log(JSON.stringify({ units: 1, wall, processor: (user + system) * 1000 }));
}
