import { describe, expect, it } from "vitest";
import { bound, connected, pair, portOf } from "./endpoints.ts";

describe.each([
  ["IPv4", "127.0.0.1"],
  ["IPv6", "::1"],
] as const)("%s", (family, address) => {
  it("tells destination, interface and hop limit", async () => {
    const { server, client } = await pair(family, { packetInfo: true }, { ttl: 17 });
    await client.send("x");
    const datagram = await server.receive({ timeout: 5000 });
    expect(datagram).toMatchObject({ to: address, interface: 1, ttl: 17 });
    expect(datagram).not.toHaveProperty("ecn");
    expect(datagram).not.toHaveProperty("timestamp");
  });

  it.each([0, 1, 2, 3])("tells ECN bits %i", async (ecn) => {
    const { server, client } = await pair(family, { ecn: true }, { tos: 0x28 | ecn });
    await client.send("x");
    const datagram = await server.receive({ timeout: 5000 });
    expect(datagram.ecn).toBe(ecn);
    expect(datagram).not.toHaveProperty("ttl");
  });

  it("sends with the ECN bits that were set in between", async () => {
    const { server, client } = await pair(family, { ecn: true });
    for (const ecn of [2, 0, 1]) {
      client.socket.options.tos = ecn;
      await client.send("x");
      expect((await server.receive({ timeout: 5000 })).ecn).toBe(ecn);
    }
  });

  it("tells ECN of segments", async () => {
    const { server, client } = await pair(family, { ecn: true, coalescing: true }, { tos: 2 });
    await client.sendSegments(Buffer.from("aabb"), 2);
    for (let i = 0; i < 2; i++) expect((await server.receive({ timeout: 5000 })).ecn).toBe(2);
  });
});

describe("a dual-stack endpoint", () => {
  it.each([
    ["127.0.0.1", "::ffff:127.0.0.1"],
    ["::1", "::1"],
  ])("tells the same of a peer at %s", async (address, mapped) => {
    const server = await bound({ port: 0 }, { dualstack: true, packetInfo: true, ecn: true, timestamps: true });
    const client = await connected({ address, port: portOf(server) }, { ttl: 9, tos: 1 });
    await client.send("x");
    const datagram = await server.receive({ timeout: 5000 });
    expect(datagram).toMatchObject({ from: { address: mapped }, interface: 1, ttl: 9, ecn: 1 });
    expect([address, mapped]).toContain(datagram.to);
  });

  it("sends with its own hop limit and traffic class to either", async () => {
    const server = await bound({ port: 0 }, { dualstack: true, ttl: 11, tos: 2 });
    for (const address of ["127.0.0.1", "::1"]) {
      const client = await bound({ address, port: 0 }, { packetInfo: true, ecn: true });
      const to = address === "::1" ? client.address : { address: `::ffff:${address}`, port: portOf(client) };
      await server.send("x", to);
      expect(await client.receive({ timeout: 5000 })).toMatchObject({ ttl: 11, ecn: 2 });
    }
  });
});

it.each(["IPv4", "IPv6", "Unix path"] as const)("%s: tells when the kernel received it", async (family) => {
  const { server, client } = await pair(family, { timestamps: true });
  const before = BigInt(Date.now()) * 1_000_000n;
  await client.send("x");
  const { timestamp } = await server.receive({ timeout: 5000 });
  const after = BigInt(Date.now() + 1) * 1_000_000n;
  // The clock of Date has milliseconds, the kernel's may be a tick behind.
  expect(timestamp! > before - 20_000_000n && timestamp! < after + 1_000_000n).toBe(true);
});

it("counts what the kernel dropped, and remembers it when closed", async () => {
  const { server, client } = await pair("IPv4", { receiveBuffer: 4096 });
  expect(server.statistics).toEqual({
    sent: 0,
    received: 0,
    bytesSent: 0,
    bytesReceived: 0,
    dropped: 0,
    sendCalls: 0,
    receiveCalls: 0,
    segmentsSent: 0,
    segmentsReceived: 0,
  });
  for (let i = 0; i < 100; i++) await client.send(Buffer.alloc(500));
  const { dropped } = server.statistics;
  expect(dropped).toBeGreaterThan(50);
  const batch = await server.receiveMany({ timeout: 5000 });
  expect(batch.length + dropped).toBe(100);
  expect(server.statistics).toMatchObject({
    received: batch.length,
    bytesReceived: batch.length * 500,
    receiveCalls: 1,
  });
  expect(client.statistics).toMatchObject({ sent: 100, bytesSent: 50_000, sendCalls: 100, dropped: 0 });
  await server.close();
  expect(server.statistics.dropped).toBe(dropped);
});
