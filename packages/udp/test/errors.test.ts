import {
  IP_MTU_DISCOVER,
  IP_PMTUDISC_DO,
  IPPROTO_IP,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SO_EE_ORIGIN_LOCAL,
} from "@sockeye/socket-core";
import { describe, expect, it } from "vitest";
import { bound, closedPort, connected, failure, loopback, pair } from "./endpoints.ts";

describe.each([
  ["IPv4", "127.0.0.1", SO_EE_ORIGIN_ICMP, 3, 3],
  ["IPv6", "::1", SO_EE_ORIGIN_ICMP6, 1, 4],
] as const)("%s", (family, address, origin, type, code) => {
  it("tells which datagram an ICMP error was about, and receives beside that", async () => {
    const endpoint = await bound(loopback(family), { errorQueue: true });
    const friend = await bound(loopback(family));
    const nobody = { address, port: await closedPort(address) };
    const errors = endpoint.errors();
    const error = errors.next();
    const datagram = endpoint.receive({ timeout: 5000 });
    await endpoint.send("anybody there?", nobody);
    expect((await error).value).toMatchObject({
      name: "ECONNREFUSED",
      origin,
      type,
      code,
      offender: address,
      to: nobody,
      datagram: Buffer.from("anybody there?"),
    });
    // Neither receiving nor sending to somebody else fails because of it.
    await endpoint.send("you?", friend.address);
    await friend.receive({ timeout: 5000 });
    await friend.send("yes", endpoint.address);
    expect((await datagram).data.toString()).toBe("yes");
  });

  it("keeps errors until somebody asks, whatever is sent and received meanwhile", async () => {
    const endpoint = await bound(loopback(family), { errorQueue: true });
    const friend = await bound(loopback(family));
    const nobody = { address, port: await closedPort(address) };
    for (let i = 0; i < 3; i++) {
      await endpoint.send(`nobody ${i}`, nobody);
      expect(
        await endpoint.sendMany([
          { data: "one", to: friend.address },
          { data: `nobody too ${i}`, to: nobody },
        ]),
      ).toBe(2);
      const waiting = endpoint.receive({ timeout: 5000 });
      await friend.send("hello", endpoint.address);
      expect((await waiting).data.toString()).toBe("hello");
    }
    const seen: string[] = [];
    for await (const { datagram, name } of endpoint.errors()) {
      expect(name).toBe("ECONNREFUSED");
      seen.push(datagram.toString());
      if (seen.length === 6) break;
    }
    expect(seen).toEqual([0, 1, 2].flatMap((i) => [`nobody ${i}`, `nobody too ${i}`]));
  });

  it("rejects the pending call of a connected endpoint, and goes on", async () => {
    const endpoint = await connected({ address, port: await closedPort(address) }, { errorQueue: true });
    const error = endpoint.errors().next();
    const receive = endpoint.receive({ timeout: 5000 });
    await endpoint.send("x");
    expect(await failure(receive)).toMatchObject({ code: "ECONNREFUSED" });
    expect((await error).value).toMatchObject({ name: "ECONNREFUSED", datagram: Buffer.from("x") });
    await endpoint.send("y");
    expect(await failure(endpoint.receive({ timeout: 5000 }))).toMatchObject({ code: "ECONNREFUSED" });
  });
});

it("tells the path's MTU when a datagram is too long for it", async () => {
  const endpoint = await bound(loopback("IPv4"), { errorQueue: true, sendBuffer: 1 << 20 });
  endpoint.socket.setsockopt(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
  // 65,507 bytes fit a packet; with a record-route option in its header they do not.
  endpoint.socket.setsockopt(IPPROTO_IP, 4, Buffer.concat([Buffer.from([7, 39, 4]), Buffer.alloc(37)]));
  const friend = await bound(loopback("IPv4"));
  const error = await failure(endpoint.send(Buffer.alloc(65_507), friend.address));
  expect(error).toMatchObject({ code: "EMSGSIZE" });
  expect(error.message).toContain("the path takes less");
  const { value } = await endpoint.errors({ timeout: 5000 }).next();
  expect(value).toMatchObject({ name: "EMSGSIZE", origin: SO_EE_ORIGIN_LOCAL, info: 65_535 - 40 });
});

it("leaves the error of a connected endpoint to its next call, without keeping the process busy", async () => {
  const endpoint = await connected({ address: "127.0.0.1", port: await closedPort() });
  // Nothing is in the error queue, and yet poll(2) reports an error.
  const watching = endpoint.socket.recvmsg(100, 100, { flags: 0x2000, timeout: 150 });
  await endpoint.send("x");
  const before = process.cpuUsage();
  expect(await failure(watching)).toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(75);
  expect(await failure(endpoint.receive({ timeout: 5000 }))).toMatchObject({ code: "ECONNREFUSED" });
});

it("ends with the endpoint, with the caller's patience, or with its signal", async () => {
  const { server } = await pair("IPv4", { errorQueue: true });
  expect(await failure(server.errors({ timeout: 1 }).next())).toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
  expect(await failure(server.errors({ signal: AbortSignal.abort("no") }).next())).toMatchObject({ code: "ABORT_ERR" });
  const pending = server.errors().next();
  expect(await failure(server.errors().next())).toMatchObject({ code: "ERR_SOCKET_BUSY" });
  await server.close();
  expect(await pending).toEqual({ done: true, value: undefined });
});

it("must have been asked for", async () => {
  const endpoint = await bound(loopback("IPv4"));
  expect(() => endpoint.errors()).toThrow("errorQueue must be true");
});
