/** Ancillary data of RFC 3542 (advanced sockets API for IPv6), and what happens to it where there is too little room. */
import { afterEach, describe, expect, it } from "vitest";
import {
  type AncillaryMessage,
  ancillarySpace,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  type Message,
  MSG_CTRUNC,
  type Socket,
  timeToLive,
  typeOfService,
} from "../src/index.ts";
import { closeAll, datagramPair, families } from "./pairs.ts";

afterEach(closeAll);

const INT = 4;
const len = (bytes: number): number => ancillarySpace(0) + bytes;
const space = ancillarySpace(INT);
const HOPS = 2;
const CLASS = 0x2a;
const toV6 = { address: "::1", port: 1 };
const both = [typeOfService(CLASS, toV6), timeToLive(HOPS, toV6)];

type Wanted = "hops" | "class";

/** A datagram that was sent with `ancillary` and is received by `receive`, where `wanted` are asked for. */
async function pass(
  wanted: readonly Wanted[],
  ancillary: readonly AncillaryMessage[],
  receive: (socket: Socket) => Promise<Message>,
): Promise<Message> {
  const [a, b, , address] = datagramPair(families[1]!);
  for (const what of wanted) b.setsockopt(IPPROTO_IPV6, what === "hops" ? IPV6_RECVHOPLIMIT : IPV6_RECVTCLASS, 1);
  expect(await a.sendmsg("datagram", { address, ancillary })).toBe(8);
  const message = await receive(b);
  expect(String(message.data)).toBe("datagram");
  expect(message.address).toEqual(a.getsockname());
  return message;
}

describe.each([
  ["recvmsg", (room?: number) => (socket: Socket) => socket.recvmsg(100, room)],
  [
    "recvmsgInto",
    (room?: number) => async (socket: Socket) => {
      const memory = Buffer.alloc(100);
      const { length, ...rest } = await socket.recvmsgInto([memory], room);
      return { data: memory.subarray(0, length), ...rest };
    },
  ],
])("%s", (_name, into) => {
  it.each<[string, Wanted[], AncillaryMessage[], number, object]>([
    ["the hop limit", ["hops"], [], 10_240, { ttl: expect.any(Number) }],
    ["the hop limit, into CMSG_SPACE", ["hops"], [], space, { ttl: expect.any(Number) }],
    ["the hop limit that was set", ["hops"], [timeToLive(HOPS, toV6)], 10_240, { ttl: HOPS }],
    ["class and hop limit", ["hops", "class"], [], 10_240, { ttl: expect.any(Number), tos: 0 }],
    ["class and hop limit, into twice CMSG_SPACE", ["hops", "class"], [], 2 * space, { tos: 0 }],
    ["class and hop limit that were set", ["hops", "class"], both, 10_240, { ttl: HOPS, tos: CLASS }],
  ])("receives %s", async (_what, wanted, ancillary, room, expected) => {
    const message = await pass(wanted, ancillary, into(room));
    expect(message.ancillary).toMatchObject(expected);
    expect(message.items.map(({ level, data }) => [level, data.length])).toEqual(wanted.map(() => [IPPROTO_IPV6, INT]));
    expect(message.flags & MSG_CTRUNC).toBe(0);
    if (message.ancillary.ttl !== HOPS) expect(message.ancillary.ttl).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ["the default, none", undefined],
    ["none", 0],
    ["a byte", 1],
    ["two numbers", 2 * INT],
    ["a byte less than a header", len(0) - 1],
  ])("room for %s: nothing comes, and that is told", async (_what, room) => {
    const message = await pass(["hops"], [], into(room));
    expect([message.ancillary, message.items]).toEqual([{}, []]);
    expect(message.flags & MSG_CTRUNC).toBe(MSG_CTRUNC);
  });

  it.each([
    ["a header", len(0)],
    ["a byte less than the item", len(INT) - 1],
  ])("room for %s: a cut item is not decoded", async (_what, room) => {
    const message = await pass(["hops"], [timeToLive(HOPS, toV6)], into(room));
    expect(message.ancillary).toEqual({});
    expect(message.items.length).toBeLessThanOrEqual(1);
    for (const { type, data } of message.items) {
      expect([type, data.length < INT]).toEqual([IPV6_HOPLIMIT, true]);
    }
    expect(message.flags & MSG_CTRUNC).toBe(MSG_CTRUNC);
  });

  it.each([
    ["one item", space],
    ["one item and a byte", space + 1],
    ["one item and two numbers", space + 2 * INT],
    ["one item and a byte less than a header", space + len(0) - 1],
    ["a byte less than both", space + len(INT) - 1],
  ])("room for %s: the first is whole, the second is not decoded", async (_what, room) => {
    const message = await pass(["hops", "class"], both, into(room));
    const [first, second] = message.items;
    expect([IPV6_HOPLIMIT, IPV6_TCLASS]).toContain(first!.type);
    expect(first!.data.length).toBe(INT);
    if (second !== undefined) expect(second.data.length).toBeLessThan(INT);
    expect(Object.keys(message.ancillary)).toEqual([first!.type === IPV6_HOPLIMIT ? "ttl" : "tos"]);
    expect(message.flags & MSG_CTRUNC).toBe(MSG_CTRUNC);
  });
});

it("an item that is a byte too long is refused, or the next one still counts", async () => {
  const [a, b, , address] = datagramPair(families[1]!);
  b.setsockopt(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  const odd = { ...both[0]!, data: new Uint8Array([...both[0]!.data, 0]) };
  const refused = await a.sendmsg("x", { address, ancillary: [odd, both[1]!] }).then(
    () => false,
    (error) => typeof error.errno === "number",
  );
  if (refused) await a.sendmsg("x", { address, ancillary: both });
  expect((await b.recvmsg(1, 10_240)).ancillary.ttl).toBe(HOPS);
});
