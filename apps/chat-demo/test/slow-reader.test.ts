import { openConnection } from "@sockeye/async-streams";
import { afterEach, expect, it } from "vitest";
import { ChatProcess } from "./chat-process.ts";
import { endPrograms } from "./program.ts";

const LINES = 100_000;
const MIB = 1024 * 1024;

afterEach(endPrograms);

it("drops a client that never reads, keeps its memory, and slows nobody down", { timeout: 120_000 }, async () => {
  // What was said is kept as well, in a history that is bounded by itself.
  const server = await ChatProcess.start("--limit", "maxHistory=1000");
  const slow = server.python("slow.py");
  await slow.line(/^-- Welcome/);
  const reader = await openConnection({ host: "127.0.0.1", port: server.port });
  await reader.reader.readLine();
  const talker = await openConnection({ host: "127.0.0.1", port: server.port });
  await talker.reader.readLine();
  await reader.writer.write("/nick reader\n/who\n");
  while (!(await reader.reader.readLine())!.startsWith("-- Rooms")) {}
  const before = await server.memory();

  const received = (async () => {
    let count = 0;
    const notices: string[] = [];
    for await (const line of reader.reader) {
      if (line.startsWith("--")) notices.push(line);
      else if (line === `guest-3: ${text(count)}`) count++;
      else throw new Error(`After ${count} lines: ${line}`);
      if (count === LINES) return notices;
    }
    throw new Error(`The reader's connection ended after ${count} lines`);
  })();
  // Awaited below; until then a failure of it is nobody's.
  received.catch(() => {});
  const started = performance.now();
  for (let i = 0; i < LINES; i++) await talker.writer.write(`${text(i)}\n`);
  const notices = await received;
  const seconds = (performance.now() - started) / 1_000;

  const after = await server.memory();
  const heap = (after.heapUsed - before.heapUsed) / MIB;
  const rss = (after.rss - before.rss) / MIB;
  console.log(`${seconds.toFixed(1)} s; heap ${heap.toFixed(2)} MiB, RSS ${rss.toFixed(1)} MiB more than before`);
  expect(heap).toBeLessThanOrEqual(2);
  expect(rss).toBeLessThanOrEqual(32);

  expect(notices).toContainEqual(expect.stringMatching(/^-- guest-1 left #lobby \(too slow/));
  await server.line(/Dropped guest-1: too slow/);
  // It can still read why, behind what the kernel already had for it.
  slow.type("read");
  const summary = await slow.line(/lines, then:/);
  expect(summary).toMatch(/-- Goodbye: too slow/);
  expect(Number.parseInt(summary, 10)).toBeLessThan(LINES);
  await Promise.all([talker.close(), reader.close()]);
});

/** About as long as what people write. */
function text(index: number): string {
  return `line ${index} of what somebody says who writes faster than anybody reads`;
}

it("notices a client that never reads although each line is short", async () => {
  const server = await ChatProcess.start("--max-queue", "65536");
  const slow = server.python("slow.py");
  await slow.line(/^-- Welcome/);
  const talker = await openConnection({ host: "127.0.0.1", port: server.port });
  await talker.reader.readLine();
  // Fewer bytes than a kernel takes that is left to choose its buffer.
  for (let i = 0; i < 50_000; i++) await talker.writer.write("x\n");
  await server.line(/Dropped guest-1: too slow/);
  await talker.close();
});
