/** What only a whole process shows: when it ends, what it leaves open, and what happens when it runs out of descriptors. */
import { describe, expect, it, test } from "vitest";
import { runModule } from "./child.ts";

const prelude = `
const { Socket, createServer, createConnection, serve, SOCK_DGRAM, AF_INET } = core;
const fds = () => fs.readdirSync("/dev/fd").filter((fd) => {
  try { return fs.fstatSync(Number(fd)).isSocket(); } catch { return false; }
}).length;
import fs from "node:fs";
async function pair() {
  const server = createServer({ address: "127.0.0.1", port: 0 });
  const [{ socket }, client] = await Promise.all([server.accept(), createConnection(server.getsockname())]);
  server.close();
  return [client, socket];
}
`;
const ended = { code: 0, signal: null, stderr: "" };

describe("a process ends", () => {
  test.each([
    ["with idle sockets open", `await pair(); new Socket().listen(); globalThis.kept = await pair();`],
    [
      "after unref, although calls wait",
      `const [a] = await pair(); a.unref(); a.recv(); const s = createServer({ port: 0 }).unref(); s.accept();`,
    ],
    ["when unref comes after the call", `const [a] = await pair(); a.recv(); a.unref();`],
    [
      "when the last call is aborted in a timer",
      `const [a] = await pair(); const c = new AbortController(); setTimeout(() => c.abort(), 20); a.recv(1, { signal: c.signal }).catch(() => {}); globalThis.kept = a;`,
    ],
    [
      "when the last call times out",
      `const [a] = await pair(); a.recv(1, { timeout: 20 }).catch(() => {}); globalThis.kept = a;`,
    ],
    [
      "when the last call is closed in a timer",
      `const [a] = await pair(); setTimeout(() => a.close(), 20); a.recv().catch(() => {});`,
    ],
    [
      "when the last call is done in another's wake-up",
      `const [a, b] = await pair(); globalThis.kept = [a, b]; a.recv().then(() => {}); b.trySend("x");`,
    ],
    [
      "when a waiting call is unrefed in a timer",
      `const [a] = await pair(); a.recv(); setTimeout(() => a.unref(), 20);`,
    ],
  ])("%s", async (_name, source) => {
    expect(await runModule(prelude + source)).toMatchObject(ended);
  });

  it("not before a pending call is done", async () => {
    const source = `const s = new Socket(AF_INET, SOCK_DGRAM); s.bind({ address: "127.0.0.1", port: 0 });
      const t = setTimeout(() => s.trySendto("late", s.getsockname()), 100).unref();
      s.recv().then((data) => console.log(String(data)));
      new Promise((resolve) => setTimeout(resolve, 150));`;
    expect(await runModule(prelude + source)).toMatchObject({ ...ended, stdout: "late\n" });
  });

  it("not before ref'd again, when it was unref'd", async () => {
    const source = `const [a, b] = await pair(); a.unref(); a.recv().then((data) => console.log(String(data))); a.ref();
      const { Worker } = await import("node:worker_threads");
      setTimeout(() => b.trySend("x"), 50);`;
    expect(await runModule(prelude + source)).toMatchObject({ ...ended, stdout: "x\n" });
  });
});

it("20,000 connections leave descriptors and heap where they were", async () => {
  const source = `
    const server = createServer({ address: "127.0.0.1", port: 0 });
    const name = server.getsockname();
    async function cycle() {
      const client = new Socket();
      const [{ socket }] = await Promise.all([server.accept(), client.connect(name)]);
      // The reset keeps 20,000 ports out of TIME_WAIT.
      client.setsockopt(core.SOL_SOCKET, core.SO_LINGER, linger);
      client.trySend("x");
      await socket.recv();
      client.close();
      await socket.recv().catch(() => {});
      socket.close();
    }
    const linger = Buffer.from(new Int32Array([1, 0]).buffer);
    async function measure() {
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        gc();
      }
      return { fds: fds(), heap: process.memoryUsage().heapUsed, rss: process.memoryUsage().rss };
    }
    // The first ones make the compiler work, which is not the sockets' doing.
    for (let i = 0; i < 20_000; i++) await cycle();
    const before = await measure();
    for (let i = 0; i < 20_000; i++) await cycle();
    const after = await measure();
    console.log(JSON.stringify({ fds: after.fds - before.fds, heap: after.heap - before.heap, rss: after.rss - before.rss }));
    server.close();`;
  const outcome = await runModule(prelude + source, { args: ["--expose-gc"], timeout: 100_000 });
  expect(outcome).toMatchObject(ended);
  const grown = JSON.parse(outcome.stdout);
  expect(grown.fds).toBe(0);
  expect(grown.heap).toBeLessThan(256 * 1024);
}, 120_000);

// prlimit(1) is of Linux.
const hasPrlimit = process.platform === "linux";
it.runIf(hasPrlimit)(
  "out of descriptors, accept backs off, tells nobody, and goes on when there are some again",
  async () => {
    const source = `
    const server = createServer({ address: "127.0.0.1", port: 0 });
    const name = server.getsockname();
    const client = await createConnection(name);
    const { socket: first } = await server.accept();
    const second = new Socket();
    const hoard = [];
    for (;;) try { hoard.push(new Socket()); } catch (error) { console.log(error.code); break; }
    const connected = second.connect(name);
    const accepted = server.accept();
    await connected;
    try { server.tryAccept(); } catch (error) { console.log(error.code); }
    let early = false;
    accepted.then(() => { early = true; });
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user, system } = process.cpuUsage(before);
    console.log(early, (user + system) / 1000 < 150);
    for (const socket of hoard) socket.close();
    const { socket } = await accepted;
    await second.sendAll("recovered");
    console.log(String(await socket.recv()));
    for (const open of [server, client, first, second, socket]) open.close();`;
    const outcome = await runModule(prelude + source, { prefix: ["prlimit", "--nofile=64"] });
    expect(outcome).toMatchObject({ ...ended, stdout: "EMFILE\nEMFILE\nfalse true\nrecovered\n" });
  },
);

it("a forgotten socket is closed with a ResourceWarning; one with a pending call is kept", async () => {
  const source = `
    const warnings = [];
    process.on("warning", (warning) => warnings.push(warning));
    const [a, b] = await pair();
    let heard;
    (() => { const waiting = b; waiting.recv().then((data) => { heard = String(data); }); })();
    const weak = new WeakRef(await (async () => { const [other, waits] = await pair(); globalThis.kept = other; waits.unref().recv().catch(() => {}); return waits; })());
    const before = fds();
    (() => { for (let i = 0; i < 50; i++) new Socket(); })();
    console.log(fds() - before);
    for (let i = 0; i < 50 && fds() > before; i++) { await new Promise((resolve) => setTimeout(resolve, 20)); gc(); }
    console.log(fds() - before, new Set(warnings.map((w) => w.name)), warnings.length >= 50);
    console.log(/^A socket \\(descriptor \\d+\\) was dropped without close\\(\\)$/.test(warnings[0].message));
    a.trySend("still here");
    while (heard === undefined) await new Promise((resolve) => setImmediate(resolve));
    console.log(heard, weak.deref() !== undefined);`;
  const outcome = await runModule(prelude + source, { args: ["--expose-gc", "--no-warnings"] });
  expect(outcome).toMatchObject({
    ...ended,
    stdout: "50\n0 Set(1) { 'ResourceWarning' } true\ntrue\nstill here true\n",
  });
});

describe("a worker", () => {
  const worker = `
    import { Worker } from "node:worker_threads";
    import { once } from "node:events";
    function inWorker(body) {
      const source = "const { parentPort } = require('node:worker_threads'); import(" + JSON.stringify(url) +
        ").then(async (core) => { const { Socket, createServer, createConnection } = core;" + body + "});";
      return new Worker(source, { eval: true, execArgv: [] });
    }
    const exitOf = (worker) => new Promise((resolve) => worker.on("error", () => {}).once("exit", resolve));
    const count = () => fs.readdirSync("/dev/fd").filter((fd) => {
      try { return fs.fstatSync(Number(fd)).isSocket(); } catch { return false; }
    }).length;`;
  /** In the child the addon is loaded by nobody but the worker. */
  async function run(source: string): Promise<Awaited<ReturnType<typeof runModule>>> {
    const { dist, run } = await import("./child.ts");
    const module = `import fs from "node:fs"; const url = ${JSON.stringify(dist)};${worker}${source}`;
    return run(process.execPath, ["--input-type=module", "--eval", module]);
  }
  const hundred = `
    const server = createServer({ address: "127.0.0.1", port: 0 });
    const sockets = [server];
    while (sockets.length < 100) {
      const [{ socket }, client] = await Promise.all([server.accept(), createConnection(server.getsockname())]);
      sockets.push(socket, client);
    }
    globalThis.kept = sockets;`;

  it("terminated with 100 open sockets, calls waiting, leaves nothing open and the process ends well", async () => {
    const body = `${hundred}
      for (const socket of sockets.slice(1)) socket.recv().catch(() => {});
      server.accept().catch(() => {});
      parentPort.postMessage(sockets.length);`;
    const outcome = await run(`
      const before = count();
      const worker = inWorker(${JSON.stringify(body)});
      const [opened] = await once(worker, "message");
      console.log(opened >= 100, count() - before >= 100);
      console.log(await worker.terminate(), count() - before);`);
    expect(outcome).toMatchObject({ ...ended, stdout: "true true\n1 0\n" });
  });

  it("terminated in the middle of traffic, ten times over", async () => {
    const body = `${hundred}
      for (let i = 1; i < sockets.length; i += 2) {
        const [a, b] = [sockets[i], sockets[i + 1]];
        const memory = [Buffer.alloc(100), Buffer.alloc(100)];
        const pump = async (from, to, buffer) => { for (;;) { await from.recvInto(buffer); await to.sendAll(buffer); } };
        pump(a, a, memory[0]); pump(b, b, memory[1]);
        a.trySend("ball");
      }
      parentPort.postMessage("playing");`;
    const outcome = await run(`
      const before = count();
      for (let i = 0; i < 10; i++) {
        const worker = inWorker(${JSON.stringify(body)});
        await once(worker, "message");
        await worker.terminate();
      }
      console.log(count() - before);`);
    expect(outcome).toMatchObject({ ...ended, stdout: "0\n" });
  });

  it("that ends by itself, or by process.exit or an error, leaves nothing open", async () => {
    const outcome = await run(`
      const before = count();
      for (const end of ["", "process.exit(3);", "throw new Error('on purpose');"]) {
        const worker = inWorker(${JSON.stringify(hundred)} + end);
        const code = await exitOf(worker);
        console.log(code, count() - before);
      }`);
    expect(outcome).toMatchObject({ ...ended, stdout: "0 0\n3 0\n1 0\n" });
  });

  it("beside others: each has its own", async () => {
    const body = `const server = createServer({ address: "127.0.0.1", port: 0 });
      const [{ socket }, client] = await Promise.all([server.accept(), createConnection(server.getsockname())]);
      for (let i = 0; i < 1000; i++) { await client.sendAll("x"); await socket.recv(); }
      for (const open of [server, socket, client]) open.close();
      parentPort.postMessage("done");`;
    const outcome = await run(`
      const before = count();
      const workers = Array.from({ length: 4 }, () => inWorker(${JSON.stringify(body)}));
      const codes = await Promise.all(workers.map(async (worker) => (await exitOf(worker))));
      console.log(codes.join(), count() - before);`);
    expect(outcome).toMatchObject({ ...ended, stdout: "0,0,0,0 0\n" });
  });
});
