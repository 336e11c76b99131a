import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { bound, connected, loopback, portOf, unusedPath } from "./endpoints.ts";
import { python } from "./python.ts";

const INET = { IPv4: "socket.AF_INET", IPv6: "socket.AF_INET6" } as const;

describe.each([
  ["IPv4", "127.0.0.1"],
  ["IPv6", "::1"],
] as const)("over %s", (family, address) => {
  it("echoes for CPython", async () => {
    const server = await bound(loopback(family));
    const client = python(
      `s = socket.socket(${INET[family]}, socket.SOCK_DGRAM)
s.settimeout(10)
s.connect((sys.argv[1], int(sys.argv[2])))
for size in (0, 1, 1200, 9000, ${family === "IPv4" ? 65507 : 65527}):
    data = bytes(i % 251 for i in range(size))
    s.send(data)
    assert s.recv(70000) == data, size
print("done")`,
      [address, portOf(server)],
    );
    for (let i = 0; i < 5; i++) {
      const { data, from } = await server.receive({ timeout: 10_000 });
      await server.send(data, from);
    }
    expect(await client.line()).toBe("done");
    expect(await client.ended()).toBe(0);
  });

  it("talks to an echo server of CPython", async () => {
    const server = python(
      `s = socket.socket(${INET[family]}, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
print(s.getsockname()[1])
while True:
    data, peer = s.recvfrom(70000)
    s.sendto(data, peer)`,
      [address],
    );
    const client = await connected({ address, port: Number(await server.line()) }, { sendBuffer: 1 << 20 });
    for (const size of [0, 1, 1200, 9000, 65_507]) {
      const data = randomBytes(size);
      await client.send(data);
      expect((await client.receive({ timeout: 10_000 })).data.equals(data)).toBe(true);
    }
    // More than one system call either way, and never more under way than fits its queue.
    for (let round = 0; round < 10; round++) {
      await client.sendMany(Array.from({ length: 100 }, (_, i) => ({ data: `${round}.${i}` })));
      for (let i = 0; i < 100; i++) {
        expect((await client.receive({ timeout: 10_000 })).data.toString()).toBe(`${round}.${i}`);
      }
    }
    await client.sendSegments(Buffer.from("aaabbbcc"), 3);
    for (const text of ["aaa", "bbb", "cc"]) {
      expect((await client.receive({ timeout: 10_000 })).data.toString()).toBe(text);
    }
  });

  it("sees what CPython sends with segmentation offload as its datagrams", async () => {
    const server = await bound(loopback(family), { coalescing: true });
    const sender = python(
      `s = socket.socket(${INET[family]}, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, 103, 1000)
s.sendto(b"a" * 1000 + b"b" * 1000 + b"c" * 10, (sys.argv[1], int(sys.argv[2])))`,
      [address, portOf(server)],
    );
    for (const [letter, size] of [
      ["a", 1000],
      ["b", 1000],
      ["c", 10],
    ] as const) {
      expect((await server.receive({ timeout: 10_000 })).data.toString()).toBe(letter.repeat(size));
    }
    expect(server.statistics).toMatchObject({ received: 3, receiveCalls: 1, segmentsReceived: 3 });
    expect(await sender.ended()).toBe(0);
  });

  it("gives CPython the ECN bits and hop limit that were set, and reads CPython's", async () => {
    const endpoint = await bound(loopback(family), { ttl: 33, tos: 2, ecn: true, packetInfo: true });
    const v4 = family === "IPv4";
    const peer = python(
      `s = socket.socket(${INET[family]}, socket.SOCK_DGRAM)
s.settimeout(10)
level = ${v4 ? "socket.IPPROTO_IP" : "socket.IPPROTO_IPV6"}
for name in (${v4 ? "socket.IP_RECVTOS, 12" : "socket.IPV6_RECVTCLASS, socket.IPV6_RECVHOPLIMIT"}):
    s.setsockopt(level, name, 1)
s.setsockopt(level, ${v4 ? "socket.IP_TOS" : "socket.IPV6_TCLASS"}, 1)
s.setsockopt(level, ${v4 ? "socket.IP_TTL" : "socket.IPV6_UNICAST_HOPS"}, 44)
s.sendto(b"hello", (sys.argv[1], int(sys.argv[2])))
data, items, flags, peer = s.recvmsg(100, 1024)
seen = {kind: int.from_bytes(value, sys.byteorder) for _, kind, value in items}
print(seen[${v4 ? "socket.IP_TOS" : "socket.IPV6_TCLASS"}], seen[${v4 ? "socket.IP_TTL" : "socket.IPV6_HOPLIMIT"}])`,
      [address, portOf(endpoint)],
    );
    const hello = await endpoint.receive({ timeout: 10_000 });
    expect(hello).toMatchObject({ to: address, ttl: 44, ecn: 1 });
    await endpoint.send("answer", hello.from);
    expect(await peer.line()).toBe("2 33");
  });
});

it.each(["Unix path", "Unix abstract name"] as const)("talks to CPython over a %s", async (family) => {
  const server = await bound(loopback(family));
  const own = family === "Unix path" ? unusedPath() : `\0sockeye-python-${process.pid}`;
  const spell = (path: string): string => path.replace("\0", "@");
  const client = python(
    `name = lambda text: text.replace("@", "\\0")
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.settimeout(10)
s.bind(name(sys.argv[2]))
s.sendto(b"hello", name(sys.argv[1]))
data, peer = s.recvfrom(100)
print(data.decode(), (peer if isinstance(peer, str) else peer.decode()).replace("\\0", "@"))`,
    [spell((server.address as { path: string }).path), spell(own)],
  );
  const { data, from } = await server.receive({ timeout: 10_000 });
  expect([data.toString(), from]).toEqual(["hello", { path: own }]);
  await server.send("answer", from);
  expect(await client.line()).toBe(`answer ${spell((server.address as { path: string }).path)}`);
});

it("joins a group that CPython sends to, and sends to a group that CPython joined", async () => {
  const group = "233.252.0.9";
  const endpoint = await bound({ port: 0 });
  endpoint.multicast.join(group, "lo");
  endpoint.multicast.setInterface("lo");
  const peer = python(
    `group, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.bind(("", 0))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton("127.0.0.1"))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
s.sendto(str(s.getsockname()[1]).encode(), (group, port))
print(s.recv(100).decode())`,
    [group, portOf(endpoint)],
  );
  const port = Number((await endpoint.receive({ timeout: 10_000 })).data.toString());
  await endpoint.send("to the group", { address: group, port });
  expect(await peer.line()).toBe("to the group");
});
