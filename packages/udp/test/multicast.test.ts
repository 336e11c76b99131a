import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Endpoint, EndpointOptions } from "../src/index.ts";
import { interfaceNumber } from "../src/multicast.ts";
import { bound, failure, portOf } from "./endpoints.ts";
import { createLink, isRoot, type Link } from "./namespace.ts";

/** Groups for documentation, RFC 6676, and of any source and of one. */
const kinds = [
  { family: "IPv4", any: "233.252.0.1", own: "232.1.1.1", foreign: "192.0.2.7", bindTo: {} },
  { family: "IPv6", any: "ff02::db8:1", own: "ff32::8000:1", foreign: "2001:db8::7", bindTo: { family: 6 } },
] as const;

/** IPv4 groups work on the loopback; those of IPv6 have a route on Ethernet devices alone. */
let link: Link | undefined;
beforeAll(() => {
  if (isRoot) link = createLink();
});
afterAll(() => link?.remove());
const deviceOf = (family: "IPv4" | "IPv6"): string => (family === "IPv4" ? "lo" : link!.device);
const selfOf = (family: "IPv4" | "IPv6"): string => (family === "IPv4" ? "127.0.0.1" : link!.ours.IPv6);

describe.each(isRoot ? kinds : kinds.slice(0, 1))("$family", ({ family, any, own, foreign, bindTo }) => {
  let device: string;
  let self: string;
  beforeAll(() => {
    device = deviceOf(family);
    self = selfOf(family);
  });

  async function receiver(port = 0): Promise<Endpoint> {
    return bound({ port }, { ...bindTo, reuseAddress: true } as EndpointOptions);
  }

  async function sender(): Promise<Endpoint> {
    const endpoint = await bound({ address: self, port: 0 });
    endpoint.multicast.setInterface(device);
    return endpoint;
  }

  /** Sends to the group, then to the receiver itself, so that what does not come is known without a wait. */
  async function arrives(from: Endpoint, to: Endpoint, group: string): Promise<boolean> {
    await from.send("group", { address: group, port: portOf(to) });
    await from.send("end", { address: self, port: portOf(to) });
    const first = (await to.receive({ timeout: 5000 })).data.toString();
    if (first === "end") return false;
    expect(first).toBe("group");
    expect((await to.receive({ timeout: 5000 })).data.toString()).toBe("end");
    return true;
  }

  it("receives what is sent to a group until it leaves", async () => {
    const from = await sender();
    const to = await receiver();
    expect(await arrives(from, to, any)).toBe(false);
    to.multicast.join(any, device);
    expect(await arrives(from, to, any)).toBe(true);
    expect(() => to.multicast.join(any, device)).toThrow("EADDRINUSE");
    to.multicast.leave(any, device);
    expect(await arrives(from, to, any)).toBe(false);
    expect(() => to.multicast.leave(any, device)).toThrow("EADDRNOTAVAIL");
  });

  it("receives from one source alone, when asked", async () => {
    const from = await sender();
    const to = await receiver();
    to.multicast.joinSource(own, foreign, device);
    expect(await arrives(from, to, own)).toBe(false);
    to.multicast.joinSource(own, self, device);
    expect(await arrives(from, to, own)).toBe(true);
    to.multicast.leaveSource(own, self, device);
    expect(await arrives(from, to, own)).toBe(false);
    to.multicast.leaveSource(own, foreign, device);
  });

  it("gives several endpoints of one port each a copy", async () => {
    const from = await sender();
    const one = await receiver();
    const other = await receiver(portOf(one));
    for (const to of [one, other]) to.multicast.join(any, device);
    await from.send("for both", { address: any, port: portOf(one) });
    for (const to of [one, other]) expect((await to.receive({ timeout: 5000 })).data.toString()).toBe("for both");
  });

  it("keeps its own datagrams from this machine without loopback", async () => {
    const from = await sender();
    const to = await receiver();
    to.multicast.join(any, device);
    expect(from.multicast.loopback).toBe(true);
    from.multicast.loopback = false;
    expect(from.multicast.loopback).toBe(false);
    // What a real interface sends out comes back to lo by itself, so the state is all there is to see here.
    from.multicast.loopback = true;
    expect(await arrives(from, to, any)).toBe(true);
  });

  it("has hops of its own", async () => {
    const from = await sender();
    const to = await bound({ port: 0 }, { ...bindTo, packetInfo: true } as EndpointOptions);
    to.multicast.join(any, device);
    expect(from.multicast.ttl).toBe(1);
    from.multicast.ttl = 9;
    expect(from.multicast.ttl).toBe(9);
    await from.send("x", { address: any, port: portOf(to) });
    expect(await to.receive({ timeout: 5000 })).toMatchObject({ to: any, ttl: 9, interface: interfaceNumber(device) });
    for (const hops of [-1, 256, 1.5, "1" as never]) {
      expect(() => {
        from.multicast.ttl = hops;
      }).toThrow("ttl must be an integer from 0 to 255");
    }
  });
});

it.skipIf(!isRoot)("joins groups of either family on a dual-stack endpoint (needs root)", async () => {
  const to = await bound({ port: 0 }, { dualstack: true });
  for (const { family, any } of kinds) {
    to.multicast.join(any, deviceOf(family));
    const from = await bound({ address: selfOf(family), port: 0 });
    from.multicast.setInterface(deviceOf(family));
    await from.send(any, { address: any, port: portOf(to) });
    expect((await to.receive({ timeout: 5000 })).data.toString()).toBe(any);
  }
});

it("refuses groups that are none, and Unix sockets", async () => {
  const v4 = await bound({ port: 0 });
  expect(() => v4.multicast.join("10.0.0.1")).toThrow(RangeError);
  const unix = await bound({ path: "\0sockeye-no-groups" });
  expect(() => unix.multicast.join("233.252.0.1")).toThrow("endpoint must be one of IPv4 or IPv6");
  expect(await failure(unix.send("x", { address: "233.252.0.1", port: 5 }))).toMatchObject({ code: "ERR_INVALID_ARG" });
});
