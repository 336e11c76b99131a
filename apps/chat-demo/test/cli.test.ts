import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@sockeye/async-streams";
import { afterEach, expect, it, test } from "vitest";
import { ChatProcess, cli } from "./chat-process.ts";
import { endPrograms, Program } from "./program.ts";

afterEach(endPrograms);

const chat = (args: string[], env: NodeJS.ProcessEnv = {}): Program =>
  new Program(process.execPath, [cli, ...args], { env });

test.each([
  [["serve", "--port", "99999"], /option '--port <port>' argument '99999' is invalid\. .* 0 to 65535/],
  [["serve", "--host", "example"], /^--host example: address must be an IPv4 literal/],
  [["serve", "--host", "192.0.2.1", "--port", "0"], /^192\.0\.2\.1 is no address of this machine\. .*--host/],
  [["serve", "--rate", "fast"], /option '--rate <lines>' argument 'fast' is invalid/],
  [["serve", "--weather", "here"], /option '--weather <url>' argument 'here' is invalid\. .*\{place\}/],
  [["serve", "--limit", "speed=1"], /argument 'speed=1' is invalid\. Expected NAME=VALUE with one of maxClients/],
  [["serve", "--limit", "burst=x"], /Expected a whole number/],
  [["serve", "--bus", "nats://x", "--history", "y"], /'--bus <url>' cannot be used with option '--history <file>'/],
  [["serve", "--name", "two words"], /"two words" is no name/],
  [["join", "--nick", "two words"], /option '--nick <name>' argument 'two words' is invalid\. "two words" is no name/],
  [["join", "--port", "1"], /^Nothing listens on 127\.0\.0\.1:1\. Start the chat with "npm start"/],
  [["join", "--host", "nowhere.invalid"], /^There is no host "nowhere\.invalid"\. Check --host\./],
  [["dance"], /unknown command 'dance'/],
])("%j says what is wrong", async (args, message) => {
  const program = chat(args);
  expect((await program.ended).code).toBe(1);
  expect(program.lines.join("\n")).toMatch(message);
  expect(program.lines.join("\n")).not.toMatch(/^ +at /m);
});

test.each([[["--help"]], [["serve", "--help"]], [["join", "--help"]]])("%j fits a screen", async (args) => {
  const program = chat(args);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.lines.length).toBeLessThan(24);
  for (const line of program.lines) expect(line.length).toBeLessThanOrEqual(80);
});

it("names the flag when the port is taken", async () => {
  const { port } = await ChatProcess.start();
  const program = chat(["serve", "--port", String(port), "--web-port", "0", "--history", "memory"]);
  expect((await program.ended).code).toBe(1);
  expect(program.lines).toEqual([
    `Port ${port} of 127.0.0.1 is taken. Choose another with --port, or stop the program that has it.`,
  ]);
});

it("names the flag when the page's port is taken", async () => {
  const { webPort } = await ChatProcess.start();
  const program = chat(["serve", "--port", "0", "--web-port", String(webPort)]);
  expect((await program.ended).code).toBe(1);
  expect(program.lines).toEqual([
    `Port ${webPort} of 127.0.0.1 is taken. Choose another with --web-port, or go without with --no-web.`,
  ]);
});

it("keeps what is said where programs keep such things, for each port of its own", async () => {
  const state = await mkdtemp(join(tmpdir(), "chat-state-"));
  const { port } = await ChatProcess.start();
  await endPrograms();
  const args = ["serve", "--port", String(port), "--no-web"];
  for (const heard of [undefined, /ada: still here$/]) {
    const server = chat(args, { XDG_STATE_HOME: state });
    await server.line(/^The chat is on/);
    const client = new Program("nc", ["127.0.0.1", String(port)]);
    await client.line(/^-- Welcome/);
    if (heard !== undefined) await client.line(heard);
    client.type("/nick ada");
    client.type("still here");
    client.type("/quit");
    await client.line(/^-- Goodbye/);
    expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  }
  expect(await readdir(join(state, "sockeye-chat"))).toEqual([`history-${port}.sqlite`]);
  await rm(state, { recursive: true });
});

it("prints how to join, with what is not the default", async () => {
  const server = await ChatProcess.start();
  await server.line(`  npm run chat -- --nick ada --port ${server.port}`);
  await server.line(`  nc 127.0.0.1 ${server.port}`);
});

it("takes host and port from the environment", async () => {
  const server = chat(["serve", "--no-web"], { SOCKEYE_CHAT_HOST: "::1", SOCKEYE_CHAT_PORT: "0" });
  const [, port] = /^The chat is on \[::1\]:(\d+)\./.exec(await server.line(/^The chat is on/))!;
  await server.line(`  npm run chat -- --nick ada --host ::1 --port ${port}`);
  const client = chat(["join"], { SOCKEYE_CHAT_HOST: "::1", SOCKEYE_CHAT_PORT: port });
  await client.line(/^-- Welcome, guest-1\./);
});

it("takes the password and the limits from the environment", async () => {
  const env = { SOCKEYE_CHAT_PORT: "0", SOCKEYE_CHAT_PASSWORD: "sesame", SOCKEYE_CHAT_MAX_LINE: "99" };
  const server = chat(["serve", "--no-web"], env);
  const [, port = ""] = /:(\d+)\./.exec(await server.line(/^The chat is on/))!;
  const client = new Program("nc", ["127.0.0.1", port]);
  await client.line("-- This chat has a password. Type it:");
  client.type("sesame");
  await client.line(/^-- Welcome/);
  client.type("x".repeat(100));
  await client.line("-- Goodbye: a line was longer than 99 bytes");
});

it("says that what answers is no chat server", async () => {
  const server = await startServer({ address: "127.0.0.1", port: 0 }, ({ writer }) =>
    writer.write("x".repeat(100_000)),
  );
  const client = chat(["join", "--port", String((server.address as { port: number }).port)]);
  expect(await client.ended).toEqual({ code: 1, signal: null });
  expect(client.lines).toEqual(["What answers there is no chat server that this client understands."]);
  await server.close();
});
