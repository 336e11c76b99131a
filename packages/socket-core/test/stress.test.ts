/** Many connections and storms, bounded in time. SOCKEYE_STRESS=full does it in full size. */
import { describe, expect, it } from "vitest";
import { dist, type Outcome, runModule } from "./child.ts";

const full = process.env.SOCKEYE_STRESS === "full";
const ended = { code: 0, signal: null, stderr: "" };

const prelude = `
import assert from "node:assert/strict";
import fs from "node:fs";
const { Socket, createServer, serve, AF_UNIX, SOCK_STREAM } = core;
const count = () => fs.readdirSync("/dev/fd").filter((fd) => {
  try { return fs.fstatSync(Number(fd)).isSocket(); } catch { return false; }
}).length;
// The pipes of this process are sockets, too.
const own = count();
const sockets = () => count() - own;
async function settled() {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
}
`;

/** Both ends are in one process: each connection has two descriptors there. */
const withDescriptors = (count: number): string[] =>
  process.platform === "linux" ? ["prlimit", `--nofile=${count}`] : [];

function stress(source: string, timeout: number): Promise<Outcome> {
  return runModule(prelude + source, { prefix: withDescriptors(10_000), args: ["--expose-gc"], timeout });
}

const [total, concurrency] = full ? [100_000, 2_000] : [20_000, 2_000];
it(`${total} connections, ${concurrency} at a time: no error, no descriptor left, heap flat`, async () => {
  const source = `
    const server = serve(
      createServer({ port: 0 }, { backlog: 4096 }),
      async ({ socket }) => {
        await socket.sendAll(await socket.recv());
        // Every other client ends with a reset.
        await socket.recv().catch((error) => { if (error.code !== "ECONNRESET") throw error; });
      },
      { onError: (error) => errors.push(error.message) },
    );
    const errors = [];
    const { port } = server.address;
    let begun = 0;
    let open = 0;
    let most = 0;
    async function client() {
      const n = begun++;
      const socket = new Socket();
      most = Math.max(most, ++open);
      try {
        // Several destinations: each has 28,000 ports of its own, and half of them stay in TIME_WAIT for a minute.
        await socket.connect({ address: "127.0.0." + (1 + (n % 8)), port });
        await socket.sendAll("ping" + n);
        const answer = String(await socket.recv());
        if (answer !== "ping" + n) errors.push("got " + answer);
        if (n % 2 === 0) socket.options.linger = 0;
      } catch (error) {
        errors.push(error.message);
      }
      if (n % 2 === 0) socket.close();
      else await socket.finish();
      open--;
    }
    async function cycle(count) {
      const end = begun + count;
      await Promise.all(Array.from({ length: ${concurrency} }, async () => {
        while (begun < end) await client();
      }));
      // Descriptors are closed when their handlers are done.
      while (server.connections > 0) await new Promise((resolve) => setImmediate(resolve));
      await settled();
      return { sockets: sockets(), heap: process.memoryUsage().heapUsed };
    }
    // The first ones make the compiler work, which is not the sockets' doing.
    const before = await cycle(${total / 5});
    const started = performance.now();
    const after = await cycle(${total - total / 5});
    const seconds = (performance.now() - started) / 1000;
    await server.close();
    console.log(JSON.stringify({
      begun, most, errors: errors.slice(0, 5), left: sockets(), sockets: after.sockets - before.sockets,
      heap: after.heap - before.heap, rate: Math.round(${total - total / 5} / seconds),
    }));`;
  const outcome = await stress(source, 110_000);
  expect(outcome).toMatchObject(ended);
  const result = JSON.parse(outcome.stdout);
  if (full) console.log(outcome.stdout.trim());
  expect(result).toMatchObject({ begun: total, most: concurrency, errors: [], left: 0, sockets: 0 });
  expect(result.heap).toBeLessThan(512 * 1024);
}, 120_000);

describe("an accept storm that overflows the backlog", () => {
  it.runIf(process.platform === "linux")(
    "over TCP: everybody is served in the end",
    async () => {
      const source = `
      const overflows = () => {
        const [names, values] = fs.readFileSync("/proc/self/net/netstat", "utf8").split("\\n").filter((l) => l.startsWith("TcpExt"));
        return Number(values.split(" ")[names.split(" ").indexOf("ListenOverflows")]);
      };
      const before = overflows();
      const listener = createServer({ address: "127.0.0.1", port: 0 }, { backlog: 64 });
      const clients = Array.from({ length: 160 }, () => new Socket());
      const answers = clients.map(async (socket, i) => {
        await socket.connect(listener.getsockname());
        await socket.sendAll("hello " + i);
        return String(await socket.recv());
      });
      // Nobody accepts until the kernel has turned some away. They try again together, ever later: as many as the
      // backlog has room for get in at a time.
      while (overflows() === before) await new Promise((resolve) => setImmediate(resolve));
      const server = serve(listener, async ({ socket }) => socket.sendAll(await socket.recv()));
      assert.deepEqual(await Promise.all(answers), clients.map((_, i) => "hello " + i));
      for (const socket of clients) socket.close();
      await server.close();
      console.log(sockets());`;
      expect(await stress(source, 80_000)).toMatchObject({ ...ended, stdout: "0\n" });
    },
    90_000,
  );

  it("over Unix sockets: connects wait for room", async () => {
    const source = `
      const path = (await fs.promises.mkdtemp("/tmp/sockeye-")) + "/s";
      const listener = createServer({ path }, { backlog: 8 });
      const clients = Array.from({ length: 60 }, () => new Socket(AF_UNIX, SOCK_STREAM));
      let connected = 0;
      const answers = clients.map(async (socket, i) => {
        await socket.connect({ path });
        connected++;
        await socket.sendAll("hello " + i);
        return String(await socket.recv());
      });
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(connected < 60, String(connected));
      const server = serve(listener, async ({ socket }) => socket.sendAll(await socket.recv()));
      assert.deepEqual(await Promise.all(answers), clients.map((_, i) => "hello " + i));
      for (const socket of clients) socket.close();
      await server.close();
      fs.rmSync(path.slice(0, -2), { recursive: true });
      console.log(sockets());`;
    expect(await stress(source, 80_000)).toMatchObject({ ...ended, stdout: "0\n" });
  }, 90_000);
});

// macOS gives everything to the last one that was bound.
it.runIf(process.platform === "linux")("a server in each worker thread shares one port, and the load", async () => {
  const worker = `
    import(workerData.url).then(({ createServer, serve }) => {
      let served = 0;
      const server = serve(
        createServer({ address: "127.0.0.1", port: workerData.port }, { reusePort: true, backlog: 1024 }),
        async ({ socket }) => { served++; await socket.sendAll(await socket.recv()); },
        { onError: (error) => parentPort.postMessage({ error: error.message }) },
      );
      parentPort.on("message", async () => {
        await server.close({ grace: 10000 });
        parentPort.postMessage({ served });
        parentPort.close();
      });
      parentPort.postMessage({ port: server.address.port });
    });`;
  const source = `
    import { once } from "node:events";
    import { Worker } from "node:worker_threads";
    const code = "const { parentPort, workerData } = require('node:worker_threads');" + ${JSON.stringify(worker)};
    const workers = [];
    const errors = [];
    let port = 0;
    for (let i = 0; i < 4; i++) {
      const worker = new Worker(code, { eval: true, execArgv: [], workerData: { url: ${JSON.stringify(dist)}, port } });
      worker.on("message", ({ error }) => { if (error) errors.push(error); });
      port = (await once(worker, "message"))[0].port;
      workers.push(worker);
    }
    let begun = 0;
    await Promise.all(Array.from({ length: 50 }, async () => {
      while (begun++ < 2000) {
        const socket = new Socket();
        await socket.connect({ address: "127.0.0.1", port });
        await socket.sendAll("x");
        if (String(await socket.recv()) !== "x") errors.push("no echo");
        await socket.finish();
      }
    }));
    const served = await Promise.all(workers.map(async (worker) => {
      const exit = once(worker, "exit");
      worker.postMessage("end");
      const [{ served }] = await once(worker, "message");
      await exit;
      return served;
    }));
    console.log(JSON.stringify({ errors, total: served.reduce((a, b) => a + b), least: Math.min(...served), left: sockets() }));`;
  const outcome = await stress(source, 50_000);
  expect(outcome).toMatchObject(ended);
  const { least, ...result } = JSON.parse(outcome.stdout);
  expect(result).toEqual({ errors: [], total: 2_000, left: 0 });
  expect(least).toBeGreaterThan(100);
});
