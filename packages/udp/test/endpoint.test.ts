import { once } from "node:events";
import { BusyError, ClosedError, TimeoutError } from "@sockeye/socket-core";
import { describe, expect, it } from "vitest";
import { bind, connect, type Endpoint } from "../src/index.ts";
import { bound, closedPort, connected, failure, families, loopback, pair, portOf, unusedPath } from "./endpoints.ts";

async function echoOnce(endpoint: Endpoint): Promise<void> {
  const { data, from } = await endpoint.receive();
  await endpoint.send(data, from);
}

describe.each(families)("%s", (family) => {
  it("echoes between a bound and a connected endpoint", async () => {
    const { server, client } = await pair(family);
    const echoed = echoOnce(server);
    await client.send("hällo");
    await echoed;
    const { data, from } = await client.receive({ timeout: 5000 });
    expect(data.toString()).toBe("hällo");
    expect(from).toEqual(server.address);
    expect(client.remoteAddress).toEqual(server.address);
  });

  it("sends to an address without being connected", async () => {
    const one = await bound(loopback(family));
    const other = await bound(loopback(family));
    await one.send(new Uint8Array([1, 2, 3]), other.address);
    const { data, from } = await other.receive({ timeout: 5000 });
    expect([...data]).toEqual([1, 2, 3]);
    expect(from).toEqual(one.address);
  });

  it("takes a datagram of no bytes for a datagram", async () => {
    const { server, client } = await pair(family);
    await client.send("");
    await client.send("after");
    expect((await server.receive({ timeout: 5000 })).data).toHaveLength(0);
    expect((await server.receive({ timeout: 5000 })).data.toString()).toBe("after");
    await client.sendMany([{ data: "" }, { data: new Uint8Array(0) }]);
    const batch = await server.receiveMany({ timeout: 5000 });
    expect([batch.length, batch.size(0), batch.size(1)]).toEqual([2, 0, 0]);
  });

  it("marks a datagram that was longer than its room", async () => {
    const { server, client } = await pair(family, { maxDatagramSize: 4 });
    await client.sendMany([{ data: "12345" }, { data: "1234" }]);
    expect(await server.receive({ timeout: 5000 })).toMatchObject({ data: Buffer.from("1234"), truncated: true });
    const whole = await server.receive();
    expect(whole.data.toString()).toBe("1234");
    expect(whole.truncated).toBeUndefined();
  });
});

it.each([
  ["IPv4", 65_507],
  ["IPv6", 65_527],
] as const)("%s: sends and receives a datagram of %i bytes, and explains one byte more", async (family, most) => {
  const { server, client } = await pair(family, {}, { sendBuffer: 1 << 20 });
  const payload = Buffer.alloc(most, "longest");
  await client.send(payload);
  const { data, truncated } = await server.receive({ timeout: 5000 });
  expect(data.equals(payload)).toBe(true);
  expect(truncated).toBeUndefined();

  const error = await failure(client.send(Buffer.alloc(most + 1)));
  expect(error).toMatchObject({ name: "SocketError", code: "EMSGSIZE", syscall: "send" });
  expect(error.message).toContain(`a datagram of ${(most + 1).toLocaleString("en")} bytes is too long`);
  expect(error.message).toContain(`${family} takes ${most.toLocaleString("en")} at most`);

  const many = await failure(client.sendMany([{ data: "fits" }, { data: Buffer.alloc(most + 1) }, { data: "never" }]));
  expect(many).toMatchObject({ code: "EMSGSIZE", index: 1 });
  expect((await server.receive({ timeout: 5000 })).data.toString()).toBe("fits");
  // Too large for a batch altogether: the kernel is asked alone.
  expect(await failure(client.sendMany([{ data: Buffer.alloc(200_000) }]))).toMatchObject({
    code: "EMSGSIZE",
    index: 0,
  });
  await client.send("still works");
  expect((await server.receive({ timeout: 5000 })).data.toString()).toBe("still works");
});

it("sends Unix datagrams that are longer than any of UDP", async () => {
  const { client, server } = await pair("Unix path");
  await client.send(Buffer.alloc(100_000));
  expect(await server.receive({ timeout: 5000 })).toMatchObject({ truncated: true });
  const error = await failure(client.send(Buffer.alloc(50_000_000)));
  expect(error).toMatchObject({ code: "EMSGSIZE" });
  expect(error.message).toContain("send buffer");
});

it("serves IPv4 and IPv6 peers on a dual-stack endpoint", async () => {
  const server = await bound({ port: 0 }, { dualstack: true });
  for (const [address, seen] of [
    ["127.0.0.1", "::ffff:127.0.0.1"],
    ["::1", "::1"],
  ] as const) {
    const client = await connected({ address, port: portOf(server) });
    await client.send("who am I?");
    const { data, from } = await server.receive({ timeout: 5000 });
    expect(from).toMatchObject({ address: seen });
    await server.send(data, from);
    expect((await client.receive({ timeout: 5000 })).from).toMatchObject({ address });
  }
});

it("keeps IPv4 peers out of an IPv6 endpoint that is not dual-stack", async () => {
  const server = await bound({ port: 0 }, { family: 6 });
  const client = await connected({ address: "127.0.0.1", port: portOf(server) });
  await client.send("x");
  expect(await failure(client.receive({ timeout: 5000 }))).toMatchObject({ code: "ECONNREFUSED" });
});

it("resolves the name of a peer", async () => {
  const server = await bound({ address: "127.0.0.1", port: 0 });
  const client = await connected({ host: "localhost", port: portOf(server) }, { family: 4 });
  await client.send("by name");
  expect((await server.receive({ timeout: 5000 })).data.toString()).toBe("by name");
});

it("hears only its peer when it is connected", async () => {
  const { server, client } = await pair();
  const stranger = await bound(loopback("IPv4"));
  await stranger.send("stranger", client.address);
  await server.send("peer", client.address);
  expect((await client.receive({ timeout: 5000 })).data.toString()).toBe("peer");
  expect(await failure(client.receive({ timeout: 1 }))).toBeInstanceOf(TimeoutError);
});

it("shares a port with reusePort, and every datagram of a peer goes to the same endpoint", async () => {
  const one = await bound({ address: "127.0.0.1", port: 0 }, { reusePort: true });
  const other = await bound(one.address as { port: number }, { reusePort: true });
  expect(await failure(bind(one.address as { port: number }))).toMatchObject({ code: "EADDRINUSE" });
  for (let i = 0; i < 32; i++) {
    const client = await connected(one.address);
    await client.sendMany([{ data: `${i}` }, { data: `${i}` }]);
  }
  const seen = new Map<string, string>();
  let total = 0;
  for (const [name, endpoint] of Object.entries({ one, other })) {
    while (total < 64) {
      const datagram = await endpoint.receive({ timeout: 20 }).catch(() => undefined);
      if (datagram === undefined) break;
      const text = datagram.data.toString();
      expect(seen.get(text) ?? name).toBe(name);
      seen.set(text, name);
      total++;
    }
  }
  expect(total).toBe(64);
  expect(new Set(seen.values()).size).toBe(2);
});

it("broadcasts when it may", async () => {
  const server = await bound({ address: "127.255.255.255", port: 0 });
  const { port } = server.address as { port: number };
  const silent = await bound({ address: "127.0.0.1", port: 0 });
  expect(await failure(silent.send("x", { address: "127.255.255.255", port }))).toMatchObject({ code: "EACCES" });
  const loud = await bound({ address: "127.0.0.1", port: 0 }, { broadcast: true });
  await loud.send("to all", { address: "127.255.255.255", port });
  expect((await server.receive({ timeout: 5000 })).data.toString()).toBe("to all");
});

it("sets buffers, hop limit and traffic class", async () => {
  const v4 = await bound({ port: 0 }, { receiveBuffer: 20_000, sendBuffer: 30_000, ttl: 5, tos: 8, interface: "lo" });
  expect(v4.socket.options.receiveBuffer).toBe(40_000);
  expect(v4.socket.options.sendBuffer).toBe(60_000);
  expect(v4.socket.options.tos).toBe(8);
  expect(v4.socket.options.bindToDevice).toBe("lo");
});

describe("receiving", () => {
  it("is one call at a time", async () => {
    const { server, client } = await pair();
    const first = server.receive();
    for (const second of [server.receive(), server.receiveMany(), server[Symbol.asyncIterator]().next()]) {
      expect(await failure(second)).toBeInstanceOf(BusyError);
    }
    await client.send("for the first");
    expect((await first).data.toString()).toBe("for the first");
  });

  it("loses nothing when it is cancelled or times out", async () => {
    const { server, client } = await pair();
    expect(await failure(server.receive({ timeout: 1 }))).toBeInstanceOf(TimeoutError);
    const controller = new AbortController();
    const aborted = server.receive({ signal: controller.signal });
    controller.abort("no more");
    // Sent before the aborted call is looked at.
    await client.sendMany([{ data: "1" }, { data: "2" }]);
    expect(await failure(aborted)).toMatchObject({ code: "ABORT_ERR", cause: "no more" });
    expect(await failure(server.receive({ signal: controller.signal }))).toMatchObject({ code: "ABORT_ERR" });
    expect((await server.receive({ timeout: 5000 })).data.toString()).toBe("1");
    expect(await failure(server.receive({ signal: controller.signal }))).toMatchObject({ code: "ABORT_ERR" });
    expect((await server.receive({ timeout: 5000 })).data.toString()).toBe("2");
  });

  it("goes on after break where it stopped, one by one or in batches", async () => {
    const { server, client } = await pair("IPv4", { batchSize: 8 });
    await client.sendMany(Array.from({ length: 20 }, (_, i) => ({ data: String(i) })));
    const seen: number[] = [];
    for await (const { data } of server) {
      seen.push(Number(data));
      if (seen.length === 3) break;
    }
    seen.push(Number((await server.receive()).data));
    const some = await server.receiveMany({ max: 2 });
    for (let i = 0; i < some.length; i++) seen.push(Number(some.data(i)));
    while (seen.length < 20) {
      const batch = await server.receiveMany({ timeout: 5000 });
      for (let i = 0; i < batch.length; i++) seen.push(Number(batch.data(i)));
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(server.statistics).toMatchObject({ received: 20, receiveCalls: 3 });
  });

  it("lets timers and other sockets have a turn although datagrams never end", async () => {
    const { server, client } = await pair("IPv4", { receiveBuffer: 8 << 20 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (let round = 0; ticks < 3; round++) {
      expect(round).toBeLessThan(100_000);
      await client.send("x");
      await server.receive({ timeout: 5000 });
    }
    clearInterval(timer);
  });

  it("ends with the endpoint", async () => {
    const server = await bound(loopback("IPv4"));
    const pending = server.receive();
    const iteration = (async () => {
      await failure(pending);
      for await (const _ of server) expect.unreachable();
    })();
    await server.close();
    await iteration;
    expect(await failure(pending)).toBeInstanceOf(ClosedError);
    expect(await failure(server.receive())).toBeInstanceOf(ClosedError);
    expect(await failure(server.send("x", { address: "127.0.0.1", port: 9 }))).toBeInstanceOf(ClosedError);
    await server.close();
    expect(server.closed).toBe(true);
  });
});

describe("batches", () => {
  it("gives datagrams without copying them", async () => {
    const { server, client } = await pair();
    await client.sendMany([{ data: "a" }, { data: "bc" }]);
    const batch = await server.receiveMany({ timeout: 5000 });
    expect(batch).toHaveLength(2);
    expect(batch.data(1).toString()).toBe("bc");
    expect(batch.data(1).buffer).toBe(batch.bytes.buffer);
    expect(batch.bytes.subarray(batch.offset(1), batch.offset(1) + batch.size(1)).toString()).toBe("bc");
    expect([batch.address(0), batch.port(0)]).toEqual(["127.0.0.1", portOf(client)]);
    expect(batch.from(1)).toEqual(client.address);
    expect(batch.truncated(0)).toBe(false);
    for (const index of [-1, 2, 0.5, Number.NaN]) expect(() => batch.data(index)).toThrow(RangeError);
  });

  it("names the sender of Unix datagrams by its path", async () => {
    const { server, client } = await pair("Unix path");
    await client.send("x");
    const batch = await server.receiveMany({ timeout: 5000 });
    expect([batch.address(0), batch.port(0)]).toEqual([(client.address as { path: string }).path, 0]);
  });

  it("makes no more datagrams than it was told to receive at once", async () => {
    const { server, client } = await pair("IPv4", { batchSize: 3 });
    await client.sendMany(Array.from({ length: 7 }, () => ({ data: "x" })));
    const lengths: number[] = [];
    for (let left = 7; left > 0; left -= lengths.at(-1)!)
      lengths.push((await server.receiveMany({ timeout: 5000 })).length);
    expect(lengths).toEqual([3, 3, 1]);
  });
});

it.each([
  [() => bind(undefined as never), "address"],
  [() => bind({ port: 70_000 }), "port"],
  [() => bind({ port: 0, address: "example.org" }), "address"],
  [() => bind({ port: 0 }, { family: 5 as never }), "family"],
  [() => bind({ port: 0 }, { family: 4, dualstack: true }), "family"],
  [() => bind({ port: 0 }, { batchSize: 65 }), "batchSize"],
  [() => bind({ port: 0 }, { maxDatagramSize: 0 }), "maxDatagramSize"],
  [() => bind({ port: 0 }, { maxDatagramSize: 1500, coalescing: true }), "maxDatagramSize"],
  [() => bind({ port: 0 }, { segmentation: "on" as never }), "segmentation"],
  [() => bind({ port: 0 }, { ttl: 256 }), "ttl"],
  [() => bind({ port: 0 }, { tos: -1 }), "tos"],
  [() => bind({ port: 0 }, { broadcast: 1 as never }), "broadcast"],
  [() => bind({ port: 0 }, { maxQueuedSends: 0 }), "maxQueuedSends"],
  [() => bind({ port: 0 }, null as never), "options"],
  [() => connect(null as never), "address"],
  [() => connect({ address: "::1", port: 1 }, { family: 4 }), "address"],
])("names a bad argument: %s", async (make, name) => {
  const error = await failure(make());
  expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
  expect(error.message).toContain(name);
});

it("leaves no descriptor open when binding fails", async () => {
  const { readdirSync } = await import("node:fs");
  const taken = await bound({ address: "127.0.0.1", port: 0 });
  const open = (): number => readdirSync("/proc/self/fd").length;
  const before = open();
  for (let i = 0; i < 10; i++) {
    expect(await failure(bind(taken.address as { port: number }))).toMatchObject({ code: "EADDRINUSE" });
    await failure(connect({ path: unusedPath() }));
    await failure(connect({ host: "localhost", port: 1 }, { family: 4, source: { address: "::1", port: 0 } }));
  }
  expect(open()).toBe(before);
});

it("holds the process only while a call waits", async () => {
  const { spawn } = await import("node:child_process");
  const program = `
    const { bind } = await import(${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)});
    const idle = await bind({ port: 0 });
    await idle.send("x", { address: "127.0.0.1", port: idle.address.port });
    await idle.receive();
    const waiting = (await bind({ port: 0 })).unref();
    waiting.receive();
    console.log("done");
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [code] = await once(child, "close");
  expect(code).toBe(0);
});

it("refuses what nobody listens for, and goes on", async () => {
  const port = await closedPort();
  const client = await connected({ address: "127.0.0.1", port });
  for (let i = 0; i < 3; i++) {
    await client.send("x");
    expect(await failure(client.receive({ timeout: 5000 }))).toMatchObject({ code: "ECONNREFUSED" });
  }
  const server = await bound({ address: "127.0.0.1", port });
  await client.send("now");
  expect((await server.receive({ timeout: 5000 })).data.toString()).toBe("now");
});
