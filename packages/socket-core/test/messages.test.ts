/** sendmsg, recvmsg and recvmsgInto over everything that carries messages. */
import { afterEach, describe, expect, it } from "vitest";
import {
  type Address,
  AF_INET,
  AF_UNIX,
  type MessageInto,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  Socket,
  socketpair,
} from "../src/index.ts";
import { closeAll, datagramPair, families, fill, streamPair, track } from "./pairs.ts";

afterEach(closeAll);

const MSG = "Michael Gilfix was here";

interface Transport {
  name: string;
  kind: "stream" | "datagrams" | "packets";
  /** Whoever sends, whoever receives, and the address to send to where there is no connection. */
  make(): Promise<{ a: Socket; b: Socket; address?: Address }>;
}

const transports: Transport[] = [
  ...families.map(
    (family): Transport => ({
      name: family.name === "Unix" ? "Unix streams" : `TCP over ${family.name}`,
      kind: "stream",
      async make() {
        const [a, b] = await streamPair(family);
        return { a, b };
      },
    }),
  ),
  ...families.map(
    (family): Transport => ({
      name: family.name === "Unix" ? "Unix datagrams" : `UDP over ${family.name}`,
      kind: "datagrams",
      async make() {
        const [a, b, , address] = datagramPair(family);
        return { a, b, address };
      },
    }),
  ),
  {
    name: "sequenced packets",
    kind: "packets",
    async make() {
      const [a, b] = socketpair(AF_UNIX, SOCK_SEQPACKET);
      return { a: track(a), b: track(b) };
    },
  },
];

/** recvmsg, and recvmsgInto made to look like it: what holds for one holds for the other. */
const receivers = [
  {
    call: "recvmsg",
    receive: async (socket: Socket, length: number, room?: number, flags = 0) => {
      const { data, ...rest } = await socket.recvmsg(length, room, { flags });
      return { text: String(data), ...rest };
    },
  },
  {
    call: "recvmsgInto",
    receive: async (socket: Socket, length: number, room?: number, flags = 0) => {
      const memory = Buffer.alloc(length);
      const { length: count, ...rest }: MessageInto = await socket.recvmsgInto([memory], room, { flags });
      return { text: memory.toString("utf8", 0, count), ...rest };
    },
  },
];

describe.each(transports.map((transport) => [transport.name, transport] as const))("over %s", (_name, transport) => {
  const { kind, make } = transport;

  describe("sendmsg", () => {
    it.each<[string, unknown, unknown]>([
      ["text", MSG, undefined],
      ["bytes", Buffer.from(MSG), []],
      ["one part", [MSG], []],
      ["parts", [MSG.slice(0, 3), Buffer.from(MSG.slice(3))], undefined],
      ["a view of other memory", Buffer.from(`..${MSG}..`).subarray(2, -2), []],
    ])("takes %s", async (_what, data, ancillary) => {
      const { a, b, address } = await make();
      const options = { ...(address && { address }), ...(ancillary !== undefined && { ancillary: [] }) };
      expect(await a.sendmsg(data as string, options)).toBe(MSG.length);
      expect(String(await b.recv(100))).toBe(MSG);
    });

    it("refuses what is no data, no ancillary data or no address, and nothing is sent", async () => {
      const { a, b, address } = await make();
      const to = address === undefined ? {} : { address };
      for (const data of [{}, [{}], [MSG, {}], 5, undefined, [undefined]]) {
        await expect(a.sendmsg(data as string, to), String(data)).rejects.toThrow(TypeError);
      }
      const item = { level: 1, type: 1, data: new Uint8Array(4) };
      const bad = [{}, [{}], [5], [{ ...item, level: {} }], [{ ...item, type: "1" }], [{ ...item, data: "text" }]];
      for (const ancillary of [...bad, [item, {}], [{ level: 0, type: 0 }]]) {
        const call = a.sendmsg(MSG, { ...to, ancillary: ancillary as [] });
        await expect(call, JSON.stringify(ancillary)).rejects.toThrow(TypeError);
      }
      await expect(a.sendmsg(MSG, { ...to, flags: {} as number })).rejects.toThrow(TypeError);
      await expect(a.sendmsg(MSG, { address: { port: "x" } as never })).rejects.toThrow(TypeError);
      await a.sendmsg("done", to);
      expect(String(await b.recv(1000))).toBe("done");
    });

    it("is a ClosedError after close", async () => {
      const { a, address } = await make();
      a.close();
      await expect(a.sendmsg([MSG], { ...(address && { address }) })).rejects.toMatchObject({
        code: "ERR_SOCKET_CLOSED",
      });
    });

    if (kind === "datagrams") {
      it("needs an address where there is no connection", async () => {
        const { a } = await make();
        await expect(a.sendmsg([MSG])).rejects.toMatchObject({ code: expect.stringMatching(/EDESTADDRREQ|ENOTCONN/) });
      });
    } else {
      it("that finds no room waits for as long as it may, or with MSG_DONTWAIT not at all", async () => {
        const { a, b } = await make();
        // A buffer that is set does not grow.
        a.options.sendBuffer = b.options.receiveBuffer = 65_536;
        const part = Buffer.alloc(512, "a");
        // The kernel passes on later what it has, with TCP as late as its first probe of a closed window, after 200 ms.
        do fill(a);
        while ((await a.sendmsg([part], { timeout: 500 }).catch(() => null)) !== null);
        // By then there may be room for a little, which is too little to wake who waits.
        fill(a);
        await expect(a.sendmsg([part], { timeout: 20 })).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
        await expect(a.sendmsg([part], { flags: MSG_DONTWAIT })).rejects.toMatchObject({ code: "EAGAIN" });
        await expect(a.send(part, { flags: MSG_DONTWAIT, timeout: 20 })).rejects.toMatchObject({ code: "EAGAIN" });
      });
    }
  });

  describe.each(receivers)("$call", ({ receive }) => {
    async function ready(): Promise<{ b: Socket; from: Address }> {
      const { a, b, address } = await make();
      await (address === undefined ? a.sendAll(MSG) : a.sendto(MSG, address));
      return { b, from: a.getsockname() };
    }

    it.each([
      ["into just enough room", MSG.length, undefined],
      ["into more than enough", MSG.length + 42, 0],
      ["with too little room for any ancillary data, where there is none", MSG.length, 1],
      ["with much room for it", MSG.length, 10_240],
    ])("receives %s", async (_how, length, room) => {
      const { b, from } = await ready();
      const message = await receive(b, length, room);
      expect(message).toMatchObject({ text: MSG, ancillary: {}, items: [] });
      expect(message.flags & (MSG_TRUNC | MSG_CTRUNC)).toBe(0);
      if (kind === "datagrams") expect(message.address).toEqual(from);
    });

    it("cuts a message, or leaves the rest of a stream for the next call", async () => {
      const { b } = await ready();
      const first = await receive(b, MSG.length - 3);
      expect(first.text).toBe(MSG.slice(0, -3));
      expect(first.flags & MSG_TRUNC).toBe(kind === "stream" ? 0 : MSG_TRUNC);
      if (kind === "stream") expect((await receive(b, 1024)).text).toBe(MSG.slice(-3));
      else await expect(b.recvmsg(1, 0, { timeout: 0 })).rejects.toMatchObject({ code: "EAGAIN" });
    });

    it("peeks at a part, at the whole, and then receives it", async () => {
      const { b } = await ready();
      expect((await receive(b, MSG.length - 3, 0, MSG_PEEK)).text).toBe(MSG.slice(0, -3));
      expect((await receive(b, MSG.length, 0, MSG_PEEK)).text).toBe(MSG);
      expect((await receive(b, MSG.length)).text).toBe(MSG);
    });

    it("receives what sendmsg sent in parts", async () => {
      const { a, b, address } = await make();
      await a.sendmsg([MSG.slice(0, 3), MSG.slice(3)], { ...(address && { address }) });
      expect((await receive(b, MSG.length)).text).toBe(MSG);
    });

    it("times out, and is a ClosedError after close", async () => {
      const { b } = await make();
      b.timeout = 20;
      await expect(receive(b, MSG.length)).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
      b.close();
      await expect(receive(b, 1024)).rejects.toMatchObject({ code: "ERR_SOCKET_CLOSED" });
    });

    it("does not wait with MSG_DONTWAIT", async () => {
      const { b } = await make();
      await expect(receive(b, 1, 0, MSG_DONTWAIT)).rejects.toMatchObject({ code: "EAGAIN" });
    });

    if (kind !== "datagrams") {
      it("is empty at the end", async () => {
        const { a, b } = await make();
        a.close();
        expect(await receive(b, 1024)).toMatchObject({ text: "", items: [], ancillary: {} });
      });
    }
  });

  it("recvmsg refuses bad arguments, and the message stays", async () => {
    const { a, b, address } = await make();
    await a.sendmsg(MSG, { ...(address && { address }) });
    for (const [length, room, flags] of [
      [-1, 0, 0],
      [0, 0, 0],
      [MSG.length, -1, 0],
      [[Buffer.alloc(10)], 0, 0],
      [{}, 0, 0],
      [MSG.length, {}, 0],
      [MSG.length, 0, {}],
    ]) {
      const call = b.recvmsg(length as number, room as number, { flags: flags as number });
      await expect(call).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    }
    expect(String((await b.recvmsg(100)).data)).toBe(MSG);
  });

  it("recvmsgInto refuses bad arguments, and the message stays", async () => {
    const { a, b, address } = await make();
    await a.sendmsg(MSG, { ...(address && { address }) });
    const memory = Buffer.alloc(MSG.length);
    for (const [buffers, room, flags] of [
      [MSG.length, 0, 0],
      [memory, 0, 0],
      [[{}], 0, 0],
      [["not writable"], 0, 0],
      [[memory, {}], 0, 0],
      [[memory], -1, 0],
      [[memory], {}, 0],
      [[memory], 0, {}],
    ]) {
      const call = b.recvmsgInto(buffers as [Uint8Array], room as number, { flags: flags as number });
      await expect(call).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    }
    expect(await b.recvmsgInto([memory])).toMatchObject({ length: MSG.length });
    expect(String(memory)).toBe(MSG);
  });

  it("recvmsgInto scatters over several buffers, and touches nothing beside them", async () => {
    const { a, b, address } = await make();
    await a.sendmsg("Mary had a little lamb", { ...(address && { address }) });
    const [one, two, three] = [Buffer.from("----"), Buffer.from("0123456789"), Buffer.from("--------------")];
    expect(await b.recvmsgInto([one!, two!.subarray(2, 9), three!])).toMatchObject({ length: 22, items: [] });
    expect([String(one), String(two), String(three)]).toEqual(["Mary", "01 had a 9", "little lamb---"]);
  });
});

it("MSG_DONTWAIT keeps recv and recvfrom from waiting, too", async () => {
  const socket = track(new Socket(AF_INET, SOCK_DGRAM));
  socket.bind({ address: "127.0.0.1", port: 0 });
  await expect(socket.recv(1, { flags: MSG_DONTWAIT })).rejects.toMatchObject({ code: "EAGAIN" });
  await expect(socket.recvfrom(1, { flags: MSG_DONTWAIT })).rejects.toMatchObject({ code: "EAGAIN" });
  await socket.sendto("x", socket.getsockname());
  expect(String(await socket.recv(1, { flags: MSG_DONTWAIT }))).toBe("x");
});
