import { openConnection } from "@sockeye/async-streams";
import { afterEach, expect, it } from "vitest";
import { ChatProcess, cli } from "./chat-process.ts";
import { endPrograms } from "./program.ts";
import { noTerminal, Terminal } from "./terminal.ts";

let terminal: Terminal | undefined;
afterEach(async () => {
  terminal?.close();
  terminal = undefined;
  await endPrograms();
});

if (noTerminal !== undefined) console.log(`The terminal client is not tested: ${noTerminal}`);

const joinCommand = (server: ChatProcess, ...flags: string[]): string[] => [
  process.execPath,
  cli,
  "join",
  "--port",
  String(server.port),
  ...flags,
];

it.skipIf(noTerminal)("lets two nc, a CPython client and the terminal client see each other's lines", async () => {
  const server = await ChatProcess.start();
  const names = ["alice", "bob", "carol"] as const;
  const clients = [server.nc(), server.nc(), server.python()];
  for (const [i, client] of clients.entries()) {
    await client.line(/^-- Welcome, guest-/);
    client.type(`/nick ${names[i]}`);
    client.type("/join tea");
    await client.line(/^-- You are in #tea/);
  }
  terminal = new Terminal(joinCommand(server, "--nick", "dave", "--room", "tea"));
  await terminal.until(/^#tea dave>$/m);

  for (const [i, client] of clients.entries()) client.type(`hello from ${names[i]}`);
  terminal.type("hello from dave");
  terminal.press("Enter");
  for (const [i, client] of clients.entries()) {
    for (const name of [...names, "dave"]) {
      if (name !== names[i]) await client.line(`${name}: hello from ${name}`);
    }
  }
  for (const name of [...names, "dave"]) await terminal.until(new RegExp(`${name}: hello from ${name}$`, "m"));

  clients[2]!.type("/quit");
  await clients[2]!.line("-- Goodbye: see you");
  expect(await clients[2]!.ended).toEqual({ code: 0, signal: null });
  await clients[0]!.line("-- carol left #tea");
});

it("reads commands from a pipe and prints what is answered, without colours", async () => {
  const server = await ChatProcess.start();
  const client = server.join("--nick", "ada", "--room", "#tea");
  client.type("/who");
  client.type("x".repeat(5_000));
  client.child.stdin!.end("/me leaves");
  expect(await client.ended).toEqual({ code: 0, signal: null });
  expect(client.lines).toContain("-- In #tea: ada");
  expect(client.lines).toContain("* ada leaves");
  expect(client.lines).toContain("!! Not sent: 5000 bytes, and 4096 are the most");
  expect(client.lines.at(-1)).toBe("-- Goodbye: see you");
  expect(client.lines.join("")).not.toContain("\x1b");
});

it("passes no control characters from one client to another", async () => {
  const server = await ChatProcess.start();
  const nc = server.nc();
  await nc.line(/^-- Welcome, guest-1/);
  const evil = server.python();
  evil.child.stdin!.write("\x1b]0;owned\x07\x1b[2J\r-- Goodbye\xff\n/nick \x1b[31m\n");
  expect(await nc.line(/owned/)).toBe("guest-2: \\x1b]0;owned\\x07\\x1b[2J\\x0d-- Goodbyeÿ");
  expect(await evil.line(/^!!/)).toBe('!! "\\x1b[31m" is no name: use letters, digits, _ and -');
});

it("tells and drops a client that sends 10 MB without a newline, and keeps its memory", async () => {
  const server = await ChatProcess.start();
  const nc = server.nc();
  await nc.line(/^-- Welcome/);
  const before = await server.memory();
  const client = await openConnection({ host: "127.0.0.1", port: server.port });
  await client.reader.readLine();
  const sent = client.writer.write(Buffer.alloc(10_000_000, "x"));
  let last = "";
  for (let line = await client.reader.readLine(); line !== null; line = await client.reader.readLine()) last = line;
  expect(last).toBe("-- Goodbye: a line was longer than 4096 bytes");
  await sent;
  await client.close();
  await server.line(/"msg":"Dropped guest-2: a line was longer than 4096 bytes"/);
  const after = await server.memory();
  expect((after.rss - before.rss) / 2 ** 20).toBeLessThanOrEqual(8);
});

it("tells those who come when it is full", async () => {
  const server = await ChatProcess.start("--max-clients", "1");
  await server.nc().line(/^-- Welcome/);
  const late = server.python();
  await late.line("-- Goodbye: the chat is full with 1 people; try again later");
  expect(await late.ended).toEqual({ code: 0, signal: null });
});

it("reads a client more slowly that sends more than its rate, and loses nothing", async () => {
  const server = await ChatProcess.start("--rate", "10000");
  const listener = await openConnection({ host: "127.0.0.1", port: server.port });
  await listener.reader.readLine();
  const talker = await openConnection({ host: "127.0.0.1", port: server.port });
  const started = performance.now();
  await talker.writer.write("x\n".repeat(9_000));
  for (let said = 0; said < 9_000; ) if ((await listener.reader.readLine())!.endsWith(": x")) said++;
  // 4,000 at once, and the rest at ten a millisecond.
  expect(performance.now() - started).toBeGreaterThan(480);
  await Promise.all([talker.close(), listener.close()]);
});
