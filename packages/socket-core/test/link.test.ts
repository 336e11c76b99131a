/** What needs a wire: two network namespaces with a veth pair between them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dist, runModule } from "./child.ts";
import { isRoot, type Link, link } from "./namespace.ts";

describe.skipIf(!isRoot)("over a link (needs root for namespaces)", () => {
  let wire: Link;
  beforeAll(async () => {
    wire = await link();
  });
  afterAll(() => wire.remove());

  /** A module that serves in the far namespace and says "ready" on a line. */
  async function far(source: string): Promise<{ stop(): Promise<void> }> {
    const module = `import * as core from ${JSON.stringify(dist)};\n${source}`;
    const [program, ...args] = wire.inside(wire.far);
    const child = spawn(program!, [...args, process.execPath, "--input-type=module", "--eval", module], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("ready");
    return {
      async stop() {
        child.kill();
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      },
    };
  }
  /** Datagrams may be lost while a link comes up: `ask` repeats its question. */
  const prelude = `import assert from "node:assert";
    async function ask(socket, question, address) {
      for (let i = 0; ; i++) {
        await socket.sendto(question, address);
        try {
          return await socket.recvfrom(100, { timeout: 500 });
        } catch (error) {
          if (i === 20 || error.code !== "ERR_SOCKET_TIMEOUT") throw error;
        }
      }
    }`;
  function near(source: string): ReturnType<typeof runModule> {
    return runModule(`${prelude}\n${source}`, { prefix: wire.inside(wire.near) });
  }

  it("bindToDevice: only what comes in on the interface is heard", async () => {
    const server = await far(`
      const socket = new core.Socket(core.AF_INET, core.SOCK_DGRAM);
      socket.options.bindToDevice = "veth0";
      socket.bind({ port: 7000 });
      console.log("ready");
      // Our own loopback does not reach it, the wire does.
      const own = new core.Socket(core.AF_INET, core.SOCK_DGRAM);
      await own.sendto("loopback", { address: "127.0.0.1", port: 7000 });
      for (;;) {
        const { data, address } = await socket.recvfrom();
        await socket.sendto("heard " + data, address);
      }`);
    const outcome = await near(`
      const socket = new core.Socket(core.AF_INET, core.SOCK_DGRAM);
      const { data, address } = await ask(socket, "wire", { address: "10.9.0.2", port: 7000 });
      assert.equal(String(data), "heard wire");
      assert.equal(address.address, "10.9.0.2");`);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    await server.stop();
  });

  it("multicast over IPv4 and IPv6, with the interface that it came in on", async () => {
    const server = await far(`
      const index = core.ifNameIndex().find(({ name }) => name === "veth0").index;
      const four = new core.Socket(core.AF_INET, core.SOCK_DGRAM);
      four.bind({ port: 7001 });
      const group = Buffer.concat([Buffer.from([239, 1, 2, 3]), Buffer.alloc(4), Buffer.from(new Int32Array([index]).buffer)]);
      four.setsockopt(core.IPPROTO_IP, core.IP_ADD_MEMBERSHIP, group);
      four.setsockopt(core.IPPROTO_IP, core.IP_PKTINFO, 1);
      const six = new core.Socket(core.AF_INET6, core.SOCK_DGRAM);
      six.bind({ port: 7002 });
      six.setsockopt(core.IPPROTO_IPV6, core.IPV6_JOIN_GROUP, Buffer.concat([core.inetPton(core.AF_INET6, "ff02::1234"), Buffer.from(new Int32Array([index]).buffer)]));
      six.setsockopt(core.IPPROTO_IPV6, core.IPV6_RECVPKTINFO, 1);
      console.log("ready");
      async function answer(socket) {
        for (;;) {
          const { data, ancillary, address } = await socket.recvmsg(100, 128);
          const { address: to, interface: on } = ancillary.packetInfo;
          await socket.sendto([data, to, on === index].join(" "), address);
        }
      }
      await Promise.all([answer(four), answer(six)]);`);
    const outcome = await near(`
      const index = core.ifNameIndex().find(({ name }) => name === "veth0").index;
      const four = new core.Socket(core.AF_INET, core.SOCK_DGRAM);
      four.setsockopt(core.IPPROTO_IP, core.IP_MULTICAST_IF, new Uint8Array(new Int32Array([0, 0, index]).buffer));
      const six = new core.Socket(core.AF_INET6, core.SOCK_DGRAM);
      console.log(String((await ask(four, "to v4", { address: "239.1.2.3", port: 7001 })).data));
      console.log(String((await ask(six, "to v6", { address: "ff02::1234%veth0", port: 7002 })).data));`);
    const stdout = "to v4 239.1.2.3 true\nto v6 ff02::1234 true\n";
    expect(outcome).toMatchObject({ code: 0, stderr: "", stdout });
    await server.stop();
  });

  it("path MTU: a datagram that must not be fragmented is EMSGSIZE, and the MTU can be asked for", async () => {
    const outcome = await near(`
      const socket = new core.Socket(core.AF_INET, core.SOCK_DGRAM);
      socket.setsockopt(core.IPPROTO_IP, core.IP_MTU_DISCOVER, core.IP_PMTUDISC_DO);
      await socket.connect({ address: "10.9.0.2", port: 9 });
      assert.equal(socket.getsockopt(core.IPPROTO_IP, core.IP_MTU), 1500);
      await socket.send(Buffer.alloc(1472));
      await assert.rejects(socket.send(Buffer.alloc(1473)), { code: "EMSGSIZE" });`);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
  });

  it("TCP arrives whole through loss", async () => {
    const server = await far(`
      const listener = core.createServer({ port: 7003 });
      console.log("ready");
      const { socket } = await listener.accept();
      let sum = 0, length = 0;
      for await (const chunk of socket.chunks()) for (const byte of chunk) { sum = (sum * 31 + byte) % 65_521; length++; }
      await socket.sendAll(length + " " + sum);
      await socket.finish();`);
    const outcome = await runModule(
      `import assert from "node:assert";
      const data = Buffer.alloc(300_000, "lossy link");
      let sum = 0;
      for (const byte of data) sum = (sum * 31 + byte) % 65_521;
      const socket = await core.createConnection({ address: "10.9.0.2", port: 7003 });
      await socket.sendAll(data);
      socket.shutdown(core.SHUT_WR);
      assert.equal(String(await socket.recv()), data.length + " " + sum);
      socket.close();`,
      {
        prefix: [
          ...wire.inside(wire.near),
          "sh",
          "-c",
          'nft "add table ip t; add chain ip t c { type filter hook output priority 0; }; add rule ip t c numgen random mod 100 < 5 drop" && exec "$@"',
          "sh",
        ],
        timeout: 60_000,
      },
    );
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    await server.stop();
  });

  it("a peer that vanishes: TCP_USER_TIMEOUT ends the wait", async () => {
    const server = await far(`
      const listener = core.createServer({ port: 7004 });
      console.log("ready");
      const { socket } = await listener.accept();
      await socket.recv();
      console.log("has it");
      await socket.recv();`);
    const outcome = await near(`
      import { execFileSync } from "node:child_process";
      const socket = await core.createConnection({ address: "10.9.0.2", port: 7004 });
      socket.options.userTimeout = 500;
      await socket.sendAll("x");
      const waiting = socket.recv();
      execFileSync("nft", ["add table ip w; add chain ip w c { type filter hook output priority 0; }; add rule ip w c tcp dport 7004 drop"]);
      await socket.sendAll("into the void");
      await assert.rejects(waiting, { code: "ETIMEDOUT" });
      execFileSync("nft", ["delete table ip w"]);`);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    await server.stop();
  });
});
