import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { openConnection } from "@sockeye/async-streams";
import { afterEach, describe, expect, it } from "vitest";
import { ChatProcess } from "./chat-process.ts";
import { endPrograms } from "./program.ts";

afterEach(endPrograms);

describe.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("on %s", (signal) => {
  it("says goodbye to everyone, closes every socket and exits with 0", async () => {
    const server = await ChatProcess.start();
    const clients = [server.nc(), server.python(), server.join()];
    for (const client of clients) await client.line(/^-- Welcome/);
    expect(await server.kill(signal)).toEqual({ code: 0, signal: null });
    for (const client of clients) await client.line("-- Goodbye: the server is closing");
    await expect(openConnection({ host: "127.0.0.1", port: server.port })).rejects.toThrow("ECONNREFUSED");
  });
});

it("takes a signal that comes twice at once, as through npm, for one", async () => {
  const server = await ChatProcess.start();
  const client = server.nc();
  await client.line(/^-- Welcome/);
  server.child.kill("SIGINT");
  expect(await server.kill("SIGINT")).toEqual({ code: 0, signal: null });
  await client.line("-- Goodbye: the server is closing");
});

it("ends at once when it is asked again", async () => {
  const server = await ChatProcess.start();
  // It does not end by itself after the goodbye, so the server waits for it.
  const client = await openConnection({ host: "127.0.0.1", port: server.port });
  await client.reader.readLine();
  server.child.kill("SIGINT");
  await server.line(/^Saying goodbye/);
  const again = setInterval(() => server.child.kill("SIGINT"), 50);
  expect(await server.ended).toEqual({ code: 130, signal: null });
  clearInterval(again);
  client.abort();
});

it("does not wait for a client that reads neither its messages nor why it was dropped", async () => {
  const server = await ChatProcess.start("--max-queue", "65536");
  const slow = server.python("slow.py");
  await slow.line(/^-- Welcome/);
  const talker = await openConnection({ host: "127.0.0.1", port: server.port });
  for (let i = 0; i < 20_000; i++) await talker.writer.write(`${"x".repeat(120)}\n`);
  await server.line(/Dropped guest-1: too slow/);
  const asked = performance.now();
  expect(await server.kill("SIGINT")).toEqual({ code: 0, signal: null });
  expect(performance.now() - asked).toBeLessThan(10_000);
  talker.abort();
});

const procfs = existsSync("/proc/self/fd");
if (!procfs) console.log("Descriptors are not counted: there is no /proc");

it.skipIf(!procfs)("closes the descriptor of each client that left", async () => {
  const server = await ChatProcess.start();
  const folder = `/proc/${server.child.pid}/fd`;
  const sockets = (): number =>
    readdirSync(folder).filter((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`).startsWith("socket:");
      } catch {
        return false;
      }
    }).length;
  const before = sockets();
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(
      Array.from({ length: 10 }, () => openConnection({ host: "127.0.0.1", port: server.port })),
    );
    for (const [i, client] of clients.entries()) {
      await client.reader.readLine();
      if (i % 2 === 0) client.abort();
      else await client.close();
    }
  }
  const last = await openConnection({ host: "127.0.0.1", port: server.port });
  await last.writer.write("/who\n");
  for await (const line of last.reader) {
    if (line === "-- Rooms: #lobby (1)" && sockets() <= before + 2) break;
    if (line.startsWith("-- Rooms")) await last.writer.write("/who\n");
  }
  await last.close();
});
