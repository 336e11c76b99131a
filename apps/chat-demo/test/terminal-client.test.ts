import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@sockeye/async-streams";
import { afterEach, describe, expect, it } from "vitest";
import { certificate } from "./certificate.ts";
import { ChatProcess, cli } from "./chat-process.ts";
import { endPrograms, Program } from "./program.ts";
import { noTerminal, Terminal } from "./terminal.ts";

if (noTerminal !== undefined) console.log(`The terminal client is not tested: ${noTerminal}`);

let terminal: Terminal | undefined;
const folders: string[] = [];
afterEach(async () => {
  terminal?.close();
  terminal = undefined;
  await endPrograms();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function historyFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-chat-"));
  folders.push(folder);
  return join(folder, "history.sqlite");
}

function open(server: ChatProcess, flags: string[], size: { columns?: number; rows?: number } = {}): Terminal {
  return new Terminal([process.execPath, cli, "join", "--port", String(server.port), ...flags], size);
}

async function nc(server: ChatProcess, nick: string, room?: string): Promise<Program> {
  const client = server.nc();
  await client.line(/^-- Welcome/);
  client.type(`/nick ${nick}`);
  await client.line(`-- You are now ${nick}`);
  if (room !== undefined) {
    client.type(`/join ${room}`);
    await client.line(new RegExp(`^-- You are in #${room}`));
  }
  return client;
}

describe.skipIf(noTerminal)("the terminal client", () => {
  it("keeps what is being typed when lines arrive, also over several rows and in the middle of it", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob");
    terminal = open(server, ["--nick", "ada"], { columns: 40 });
    await terminal.until(/^#lobby ada>$/m);
    const typed = "a line that is longer than this narrow terminal is wide, by far";
    terminal.type(typed);
    await terminal.until(/^#lobby ada> a line that is longer than t\nhis narrow terminal is wide, by far$/m);
    for (let i = 0; i < 3; i++) terminal.press("Left");
    bob.type("one");
    await terminal.until(/bob: one\n#lobby ada> /m);
    bob.type("two, which is itself longer than the forty columns");
    await terminal.until(/columns\n#lobby ada> /);
    terminal.type("X");
    const screen = await terminal.until(/X/);
    expect(screen.split("\n").slice(-5)).toEqual([
      expect.stringMatching(/^\d\d:\d\d bob: one$/),
      expect.stringMatching(/^\d\d:\d\d bob: two, which is itself longer t$/),
      "han the forty columns",
      "#lobby ada> a line that is longer than t",
      "his narrow terminal is wide, by Xfar",
    ]);
    terminal.press("Enter");
    await bob.line(`ada: ${typed.replace("far", "Xfar")}`);
  });

  it("puts what was typed in its place among the rest, however long it was", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob");
    terminal = open(server, ["--nick", "ada"], { columns: 40 });
    // Who says something is announced first, and not in the middle of what follows.
    bob.type("ready");
    await terminal.until(/bob: ready\n#lobby ada>$/);
    // The prompt has twelve columns: the second of these nearly fills the row, and the last is just too long for it.
    const lines = ["short", "x".repeat(27), "y".repeat(60), "z".repeat(29)];
    for (const line of lines) {
      terminal.type(line);
      terminal.press("Enter");
      await bob.line(`ada: ${line}`);
    }
    const screen = await terminal.until(/z{29}\n#lobby ada>$/);
    const rows = screen.split("\n");
    expect(
      rows.some((row) => row.endsWith("ada: short")),
      screen,
    ).toBe(true);
    const joined = rows.slice(rows.findIndex((row) => row.endsWith("ada: short"))).join("");
    expect(joined.replace(/\d\d:\d\d /g, "")).toBe(`${lines.map((line) => `ada: ${line}`).join("")}#lobby ada>`);
  });

  it("puts a pasted line in its place, also when it ends with its row and when more is typed after it", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob");
    terminal = open(server, ["--nick", "ada"], { columns: 40 });
    await terminal.until(/^#lobby ada>$/m);
    // The prompt has twelve columns: 68 more fill two rows.
    terminal.type("x".repeat(68));
    await terminal.until(/> x{28}\nx{40}$/);
    bob.type("in between");
    await terminal.until(/bob: in between\n#lobby ada> x{28}\nx{40}$/);
    terminal.press("Enter");
    await terminal.until(/bob: in between\n\d\d:\d\d ada: x{29}\nx{39}\n#lobby ada>$/);
    terminal.type("y".repeat(67));
    await terminal.until(/> y{28}\ny{39}$/);
    terminal.type("y");
    terminal.press("Enter");
    await terminal.until(/x{39}\n\d\d:\d\d ada: y{29}\ny{39}\n#lobby ada>$/);
  });

  it("says goodbye and exits with 0 on Ctrl-C, Ctrl-D and /quit", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob");
    for (const [i, key] of ["C-c", "C-d", "/quit"].entries()) {
      terminal = open(server, ["--nick", `ada${i}`]);
      await terminal.until(/^#lobby ada\d>$/m);
      await bob.line(`-- ada${i} joined #lobby`);
      if (key.startsWith("/")) terminal.type(key);
      terminal.press(key.startsWith("/") ? "Enter" : key);
      await terminal.until(/^exit code 0$/m);
      await bob.line(`-- ada${i} left #lobby`);
      terminal.close();
      terminal = undefined;
    }
  });

  it("completes commands, rooms and names", async () => {
    const server = await ChatProcess.start();
    await nc(server, "barbara", "tea-house");
    terminal = open(server, ["--nick", "ada"]);
    await terminal.until(/^#lobby ada>$/m);
    terminal.type("/jo");
    terminal.press("Tab");
    await terminal.until(/> \/join$/m);
    terminal.type("te");
    terminal.press("Tab");
    await terminal.until(/> \/join tea-house$/m);
    terminal.press("Enter");
    await terminal.until(/^#tea-house ada>$/m);
    terminal.type("ba");
    terminal.press("Tab");
    await terminal.until(/> barbara:$/m);
  });

  it("shows what was said before, and where else there is something new", async () => {
    const server = await ChatProcess.start();
    const bob = await nc(server, "bob", "tea");
    for (let i = 0; i < 3; i++) bob.type(`earlier ${i}`);
    bob.type("/who");
    await bob.line(/^-- In #tea/);
    terminal = open(server, ["--nick", "ada", "--room", "tea"]);
    await terminal.until(/bob: earlier 0\n.*bob: earlier 1\n.*bob: earlier 2\n(.*\n)*#tea ada>$/);
    terminal.type("/join den");
    terminal.press("Enter");
    await terminal.until(/^#den ada>$/m);
    bob.type("later");
    await terminal.until(/^#den \+tea ada>$/m);
    terminal.type("/join tea");
    terminal.press("Enter");
    const screen = await terminal.until(/bob: later\n(.*\n)*#tea ada>$/);
    expect(screen.match(/earlier 2/g)).toHaveLength(1);
  });

  it("comes back after the server was killed, with everything that was said meanwhile, once", async () => {
    const file = historyFile();
    const first = await ChatProcess.start("--history", file);
    const early = await nc(first, "bob", "tea");
    terminal = open(first, ["--nick", "ada", "--room", "tea"]);
    await terminal.until(/^#tea ada>$/m);
    early.type("before");
    await terminal.until(/bob: before$/m);
    await first.kill("SIGKILL");
    await terminal.until(/^#tea offline ada>$/m);
    for (const text of ["kept", "also kept"]) {
      terminal.type(text);
      terminal.press("Enter");
    }
    await terminal.until(/^#tea offline, 2 unsent ada>$/m);

    const second = await ChatProcess.start(
      ...["--port", String(first.port), "--web-port", String(first.webPort), "--history", file],
    );
    const bob = await nc(second, "bob", "tea");
    const screen = await terminal.until(/ada: kept\n(.*\n)*.*ada: also kept\n(.*\n)*#tea ada>$/);
    bob.type("/history");
    await bob.line(/^-- .* ada: also kept$/);
    const asked = bob.lines.slice(bob.lines.findLastIndex((line) => line.endsWith("bob: before")));
    expect(asked.map((line) => line.replace(/^-- \S+ \S+ /, "")).filter((line) => line.includes(": "))).toEqual([
      "bob: before",
      "ada: kept",
      "ada: also kept",
    ]);
    for (const text of ["bob: before", "ada: kept", "ada: also kept"]) {
      expect(screen.split("\n").filter((line) => line.endsWith(text) && !line.startsWith("--"))).toHaveLength(1);
    }
  });
});

it.skipIf(noTerminal)("asks for the password without showing it, and again when it was wrong", async () => {
  const server = await ChatProcess.start("--password", "open sesame");
  terminal = open(server, ["--nick", "ada"]);
  await terminal.until(/^Password:$/m);
  terminal.type("guexx");
  terminal.press("BSpace");
  terminal.press("Enter");
  await terminal.until(/^That is not the password of this chat\nPassword:$/m);
  terminal.type("open sesame");
  terminal.press("Enter");
  // The server does not look at another one too soon after a wrong one: then it is sent again, and nobody is asked.
  const screen = await terminal.until(/^#lobby ada>$/m);
  expect(screen.match(/Password:/g)).toHaveLength(2);
  expect(terminal.screen()).not.toMatch(/gue|sesame/);
  terminal.press("C-c");
  await terminal.until(/^exit code 0$/m);
});

it("takes the password from the environment, and says where it is wanted", async () => {
  const server = await ChatProcess.start("--password", "open sesame");
  const args = [cli, "join", "--port", String(server.port)];
  const without = new Program(process.execPath, args);
  expect(await without.ended).toEqual({ code: 1, signal: null });
  expect(without.lines).toEqual(["The server asks for a password. Give it in SOCKEYE_CHAT_PASSWORD."]);
  const knowing = new Program(process.execPath, args, { env: { SOCKEYE_CHAT_PASSWORD: "open sesame" } });
  await knowing.line(/^-- Welcome, guest-1/);
});

it("speaks TLS to a server whose certificate it was told to trust, and to no other", async () => {
  const own = await certificate();
  const server = await ChatProcess.start("--tls", own.cert, own.key);
  const trusting = server.join("--tls-ca", own.cert, "--nick", "ada");
  await trusting.line(/^-- Welcome, ada/);
  const careful = server.join("--tls");
  expect(await careful.ended).toEqual({ code: 1, signal: null });
  expect(careful.lines.join("\n")).toMatch(/cannot be trusted: .*certificate/);
  const plain = server.join();
  expect((await plain.ended).code).toBe(1);
  expect(plain.lines.join("\n")).toMatch(/If it speaks TLS, say --tls$/);
  await own.remove();
});

const noNamespace = process.getuid?.() === 0 ? undefined : "network namespaces are made by root";
if (noNamespace !== undefined) console.log(`chat find is not tested: ${noNamespace}`);

it.skipIf(noNamespace)("finds the chats of a network", async () => {
  const flags = ["serve", "--host", "0.0.0.0", "--port", "0", "--web-port", "0", "--name", "den"];
  const script = `ip link set lo up && ip route add 239.0.0.0/8 dev lo && exec "$@"`;
  const server = new Program("unshare", ["--net", "sh", "-c", script, "sh", process.execPath, cli, ...flags]);
  const port = /:(\d+)\./.exec(await server.line(/^The chat is on /))![1];
  await server.line(/^Ctrl-C/);
  const inside = (...args: string[]): Program =>
    new Program("nsenter", [`--net=/proc/${server.child.pid}/ns/net`, process.execPath, cli, ...args]);
  const found = inside("find", "--wait", "3000");
  await found.line("den (0 people)");
  await found.line(new RegExp(`^ {2}npm run chat -- --host 127\\.0\\.0\\.1 --port ${port}$`));
  expect(await found.ended).toEqual({ code: 0, signal: null });
  const client = inside("join", "--port", port!);
  await client.line(/^-- Welcome/);
  await server.kill("SIGINT");
  const none = new Program("unshare", ["--net", process.execPath, cli, "find", "--wait", "100"]);
  expect(await none.ended).toEqual({ code: 1, signal: null });
  await none.line(/^No chat answers on this network\./);
});

it("goes on reading its pipe after the server was killed and came back", async () => {
  const file = historyFile();
  const first = await ChatProcess.start("--history", file);
  const client = first.join("--nick", "ada");
  await client.line(/^-- Welcome, ada/);
  await first.kill("SIGKILL");
  await client.line(/^-- .*(without a goodbye|broke).* Trying again\.$/);
  client.type("from the pipe");
  const second = await ChatProcess.start(
    ...["--port", String(first.port), "--web-port", String(first.webPort), "--history", file],
  );
  await client.line("-- Connected again.");
  const bob = await nc(second, "bob");
  client.child.stdin!.end("the end\n");
  await bob.line("ada: the end");
  expect(await client.ended).toEqual({ code: 0, signal: null });
  expect(client.lines.filter((line) => line.startsWith("ada: "))).toEqual(["ada: from the pipe", "ada: the end"]);
});

it("drives no terminal with what a server sends", async () => {
  const evil = {
    type: "welcome",
    version: 1,
    nick: "\x1b[31mada",
    room: "\x1b]0;owned\x07",
    others: 0,
    server: "x",
    maxLine: 4_096,
    features: { wire: false, weather: false, titles: false },
  };
  const said = { type: "said", id: 1, time: 1, room: evil.room, from: "\x9b2J", text: "\u202eevil\x1b[2J" };
  const server = await startServer({ address: "127.0.0.1", port: 0 }, async ({ reader, writer }) => {
    // A greeting in plain lines, as for who is slow to say hello, is passed over.
    await writer.write("-- Welcome, guest-1.\n");
    await reader.readLine();
    for (const frame of [evil, said, { type: "notice", text: "\x1b[H" }])
      await writer.write(`${JSON.stringify(frame)}\n`);
    await writer.write(`${JSON.stringify({ type: "goodbye", reason: "\x1bc" })}\n`);
  });
  const { port } = server.address as { port: number };
  const client = new Program(process.execPath, [cli, "join", "--port", String(port)]);
  expect(await client.ended).toEqual({ code: 0, signal: null });
  expect(client.lines).not.toContain("-- Welcome, guest-1.");
  expect(client.lines).toContain("\\x9b2J: \\u202eevil\\x1b[2J");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  expect(client.lines.join("")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
  await server.close();
});
