import { randomBytes } from "node:crypto";
import { SOL_SOCKET } from "@sockeye/socket-core";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "../src/index.ts";
import { bound, failure, loopback, pair } from "./endpoints.ts";

/** SO_NO_CHECK of socket(7): without a checksum the kernel refuses to segment, with EINVAL. */
const SO_NO_CHECK = 11;

/** All datagrams until so many bytes are there. */
async function receiveBytes(endpoint: Endpoint, total: number): Promise<Buffer[]> {
  const received: Buffer[] = [];
  for (let bytes = 0; bytes < total; ) {
    const batch = await endpoint.receiveMany({ timeout: 5000 });
    for (let i = 0; i < batch.length; i++) {
      bytes += batch.size(i);
      received.push(Buffer.from(batch.data(i)));
    }
  }
  return received;
}

function expectSegments(received: Buffer[], data: Buffer, size: number): void {
  expect(received.map((piece) => piece.length)).toEqual(
    Array.from({ length: Math.ceil(data.length / size) }, (_, i) => Math.min(size, data.length - i * size)),
  );
  expect(Buffer.concat(received).equals(data)).toBe(true);
}

describe.each(["IPv4", "IPv6"] as const)("%s", (family) => {
  it.each([
    ["plain", {}],
    ["coalescing", { coalescing: true }],
  ])("divides a buffer into datagrams for a %s receiver", async (name, options) => {
    const { server, client } = await pair(family, { receiveBuffer: 4 << 20, ...options });
    const data = randomBytes(150 * 1200 + 7);
    expect(await client.sendSegments(data, 1200)).toBe(151);
    expectSegments(await receiveBytes(server, data.length), data, 1200);
    expect(client.segmentation).toBe(true);
    // 54 segments of 1,200 bytes are one call.
    expect(client.statistics).toMatchObject({ sent: 151, bytesSent: data.length, sendCalls: 3, segmentsSent: 151 });
    expect(server.statistics).toMatchObject({ received: 151, bytesReceived: data.length });
    if (name === "coalescing") expect(server.statistics.segmentsReceived).toBe(151);
    else expect(server.statistics.segmentsReceived).toBe(0);
  });

  it.each([
    [64 * 1000, 1000, 1],
    [65 * 1000, 1000, 2],
    [65_507, 16_000, 2],
    [65_507, 65_507, 1],
    [10, 1000, 1],
    [200, 1, 4],
  ])("%i bytes in segments of %i are %i calls", async (length, size, calls) => {
    const { server, client } = await pair(family, { receiveBuffer: 4 << 20 }, { sendBuffer: 1 << 20 });
    const data = randomBytes(length);
    await client.sendSegments(data, size);
    expectSegments(await receiveBytes(server, length), data, size);
    expect(client.statistics.sendCalls).toBe(calls);
    expect(client.segmentation).toBe(true);
  });

  it("sends to an address, and refuses segments that are larger than a datagram", async () => {
    const server = await bound(loopback(family));
    const client = await bound(loopback(family));
    expect(await client.sendSegments(Buffer.from("aabbc"), 2, server.address)).toBe(3);
    expect((await receiveBytes(server, 5)).map(String)).toEqual(["aa", "bb", "c"]);
    expect(await client.sendSegments(Buffer.alloc(0), 2, server.address)).toBe(0);
    for (const size of [0, -1, 1.5, family === "IPv4" ? 65_508 : 65_528]) {
      expect(await failure(client.sendSegments(Buffer.alloc(1), size, server.address))).toBeInstanceOf(RangeError);
    }
  });

  it("gives each datagram of a super-packet its sender and the rest", async () => {
    const { server, client } = await pair(family, { coalescing: true, packetInfo: true });
    await client.sendSegments(Buffer.from("aabbc"), 2);
    const first = await server.receive({ timeout: 5000 });
    const batch = await server.receiveMany();
    expect([first.data.toString(), batch.data(0).toString(), batch.data(1).toString()]).toEqual(["aa", "bb", "c"]);
    expect(first).toMatchObject({ from: client.address, to: family === "IPv4" ? "127.0.0.1" : "::1" });
    expect(batch.ancillary(1).packetInfo?.address).toBe(first.to);
    expect(server.statistics.segmentsReceived).toBe(3);
  });
});

it("takes super-packets of more segments than it sends itself", async () => {
  const { server, client } = await pair("IPv4", { coalescing: true, batchSize: 1 });
  // Kernels since 6.9 take 128 in one call.
  const count = client.socket.trySendSegments(randomBytes(128), 1);
  expect(count).toBe(128);
  expect(await receiveBytes(server, 128)).toHaveLength(128);
});

describe("a refusal", () => {
  it("of the kernel ends offload for the endpoint, and all is sent nevertheless", async () => {
    const { server, client } = await pair("IPv4", { receiveBuffer: 4 << 20 });
    await client.sendSegments(Buffer.alloc(2000), 1000);
    client.socket.setsockopt(SOL_SOCKET, SO_NO_CHECK, 1);
    // This is what the endpoint meets with.
    expect(() => client.socket.trySendSegments(Buffer.alloc(2000), 1000)).toThrow("EINVAL");
    const data = randomBytes(100 * 1200);
    expect(await client.sendSegments(data, 1200)).toBe(100);
    expect(client.segmentation).toBe(false);
    const received = await receiveBytes(server, data.length + 2000);
    expectSegments(received.slice(2), data, 1200);
  });
});

it("is off when told so, and for Unix sockets", async () => {
  for (const family of ["IPv4", "Unix path"] as const) {
    const { server, client } = await pair(family, {}, { segmentation: "off" });
    expect(client.segmentation).toBe(false);
    expect(await client.sendSegments(Buffer.from("abc"), 1)).toBe(3);
    expect((await receiveBytes(server, 3)).map(String)).toEqual(["a", "b", "c"]);
    expect(client.statistics).toMatchObject({ sent: 3, sendCalls: 1, segmentsSent: 0 });
  }
});

it("sends segments that only fragments can carry, without an end to offload", async () => {
  const { server, client } = await pair("IPv6", { receiveBuffer: 4 << 20 }, { sendBuffer: 1 << 20 });
  // Larger than the loopback's MTU of 65,536 with its headers.
  const data = randomBytes(2 * 65_527);
  expect(await client.sendSegments(data, 65_527)).toBe(2);
  expectSegments(await receiveBytes(server, data.length), data, 65_527);
  expect(client.segmentation).toBe(true);
});

it("names the position of the segment that fails", async () => {
  const sender = await bound(loopback("IPv4"));
  const error = await failure(sender.sendSegments(Buffer.alloc(5000), 1000));
  expect(error).toMatchObject({ code: "EDESTADDRREQ", index: 0 });
  expect(sender.segmentation).toBe(true);
});
