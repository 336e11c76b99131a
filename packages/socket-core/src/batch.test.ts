import { afterEach, describe, expect, it, vi } from "vitest";
import type { InetAddress } from "./address.ts";
import { MAX_BATCH, ReceiveBatch, SendBatch } from "./batch.ts";
import { AF_INET, AF_INET6, IP_RECVTTL, IP_TTL, IPPROTO_IP, SOCK_DGRAM, SOL_UDP, UDP_GRO } from "./constants.ts";
import { native } from "./native.ts";
import { Socket } from "./socket.ts";

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});
function endpoint(family: number, address: string): Socket {
  const socket = new Socket(family, SOCK_DGRAM);
  open.push(socket);
  socket.bind({ address, port: 0 });
  return socket;
}

describe.each([
  ["IPv4", AF_INET, "127.0.0.1"],
  ["IPv6", AF_INET6, "::1"],
])("%s", (_name, family, address) => {
  it("sends and receives many at once, each with its sender", () => {
    const senders = [endpoint(family, address), endpoint(family, address)];
    const receiver = endpoint(family, address);
    for (const [i, sender] of senders.entries()) {
      const out = new SendBatch(family);
      for (let n = 0; n < 10; n++) expect(out.add(`${i}-${n}`, receiver.getsockname())).toBe(true);
      expect(sender.trySendMany(out)).toBe(10);
    }
    const batch = new ReceiveBatch();
    expect(receiver.tryReceiveMany(batch)).toBe(20);
    expect(batch.length).toBe(20);
    for (let n = 0; n < 20; n++) {
      expect(batch.data(n).toString()).toBe(`${Math.floor(n / 10)}-${n % 10}`);
      expect(batch.address(n)).toEqual(senders[Math.floor(n / 10)]!.getsockname());
      expect(batch.truncated(n)).toBe(false);
    }
    expect(receiver.tryReceiveMany(batch)).toBe(null);
    expect(() => batch.data(0)).toThrow("index must be from 0 to -1, got 0");
  });

  it("splits one buffer into datagrams, and puts them together again where asked to", () => {
    const sender = endpoint(family, address);
    const receiver = endpoint(family, address);
    receiver.setsockopt(SOL_UDP, UDP_GRO, 1);
    expect(sender.trySendSegments(Buffer.alloc(2500, "x"), 1000, receiver.getsockname())).toBe(2500);
    const batch = new ReceiveBatch(8, 65_536);
    expect(receiver.tryReceiveMany(batch)).toBe(1);
    expect([batch.size(0), batch.segmentSize(0)]).toEqual([2500, 1000]);
    expect(sender.trySendSegments(Buffer.alloc(10), 1000, receiver.getsockname())).toBe(10);
    expect(receiver.tryReceiveMany(batch)).toBe(1);
    expect([batch.size(0), batch.segmentSize(0)]).toEqual([10, undefined]);
  });
});

it("tells what was cut, what came beside it, and takes empty datagrams", () => {
  const sender = endpoint(AF_INET, "127.0.0.1");
  const receiver = endpoint(AF_INET, "127.0.0.1");
  receiver.setsockopt(IPPROTO_IP, IP_RECVTTL, 1);
  const out = new SendBatch(AF_INET);
  out.add("longer", receiver.getsockname());
  out.add("", receiver.getsockname());
  expect(out.bytes()).toBe(6);
  sender.trySendMany(out);
  const batch = new ReceiveBatch(2, 3);
  receiver.tryReceiveMany(batch);
  expect([batch.data(0).toString(), batch.truncated(0), batch.size(1), batch.truncated(1)]).toEqual([
    "lon",
    true,
    0,
    false,
  ]);
  expect(batch.ancillary(1)).toEqual({ ttl: 64 });
  const at = batch.ancillaryOffset(1, IPPROTO_IP, IP_TTL);
  expect(new DataView(batch.records.buffer).getInt32(at, true)).toBe(64);
  expect(batch.ancillaryOffset(1, SOL_UDP, UDP_GRO)).toBe(-1);
  // struct sockaddr_in { family, port, … }
  expect(new DataView(batch.records.buffer).getUint16(batch.addressOffset(1) + 2)).toBe(
    (sender.getsockname() as InetAddress).port,
  );
});

it("goes to the connected peer where no address is given, and from the middle", async () => {
  const receiver = endpoint(AF_INET, "127.0.0.1");
  const sender = new Socket(AF_INET, SOCK_DGRAM);
  open.push(sender);
  await sender.connect(receiver.getsockname());
  const out = new SendBatch(AF_INET, 4, 100);
  for (const text of ["a", "b", "c"]) out.add(text);
  expect(sender.trySendMany(out, 1)).toBe(2);
  const batch = new ReceiveBatch();
  receiver.tryReceiveMany(batch);
  expect([batch.data(0).toString(), batch.data(1).toString(), batch.length]).toEqual(["b", "c", 2]);
  out.clear();
  expect(sender.trySendMany(out)).toBe(0);
});

it("waits at once after a batch that was not full, and tries first after a full one", async () => {
  const sender = endpoint(AF_INET, "127.0.0.1");
  const receiver = endpoint(AF_INET, "127.0.0.1");
  const send = (text: string): void => {
    sender.trySendto(text, receiver.getsockname());
  };
  const calls = vi.spyOn(native, "recvmmsg");
  try {
    const batch = new ReceiveBatch(2);
    send("a");
    expect(await receiver.receiveMany(batch)).toBe(1);
    const next = receiver.receiveMany(batch);
    expect(calls).toHaveBeenCalledTimes(1);
    for (const text of ["b", "c", "d"]) send(text);
    expect(await next).toBe(2);
    expect(calls).toHaveBeenCalledTimes(2);
    const last = receiver.receiveMany(batch);
    expect(calls).toHaveBeenCalledTimes(3);
    expect([await last, batch.data(0).toString()]).toEqual([1, "d"]);
    // Without a wait it is tried all the same.
    await expect(receiver.receiveMany(batch, { timeout: 0 })).rejects.toMatchObject({ code: "EAGAIN" });
    expect(calls).toHaveBeenCalledTimes(4);
  } finally {
    calls.mockRestore();
  }
});

it("has room for so many and no more", () => {
  const out = new SendBatch(AF_INET, 2, 5);
  expect([out.add("abc"), out.add("def"), out.add("de"), out.add("")]).toEqual([true, false, true, false]);
  expect(() => new SendBatch(AF_INET, MAX_BATCH + 1)).toThrow("capacity must be an integer from 1 to 64, got 65");
  expect(() => new ReceiveBatch(0)).toThrow("capacity must be an integer from 1 to 64, got 0");
  expect(() => new ReceiveBatch(1, 0)).toThrow("slotSize must be an integer from 1 to 262144, got 0");
});
