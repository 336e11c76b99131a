/** Between network namespaces: CPython on the other side of a link that loses, delays, reorders and duplicates. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Endpoint } from "../src/index.ts";
import { bound, connected, failure } from "./endpoints.ts";
import { createLink, isRoot, type Link } from "./namespace.ts";
import { type Python, python } from "./python.ts";

const INET = { IPv4: "socket.AF_INET", IPv6: "socket.AF_INET6" } as const;

function echoServer(link: Link, family: "IPv4" | "IPv6"): Python {
  return python(
    `s = socket.socket(${INET[family]}, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
s.bind((sys.argv[1], 0))
print(s.getsockname()[1])
while True:
    data, peer = s.recvfrom(70000)
    s.sendto(data, peer)`,
    [link.theirs[family]],
    link.prefix,
  );
}

/** The same numbers in every run, from 0 to 1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

/** Passes datagrams on, between whoever sends first and `target`, each way late, twice or in another order. */
async function relay(target: { address: string; port: number }): Promise<Endpoint> {
  const front = await bound({ address: "127.0.0.1", port: 0 });
  const back = await connected(target);
  const random = generator(7);
  let client: Parameters<Endpoint["send"]>[1];
  const pass = async (from: Endpoint, send: (data: Buffer) => Promise<void>): Promise<void> => {
    for await (const { data, from: sender } of from) {
      if (from === front) client = sender;
      for (let copies = random() < 0.2 ? 2 : 1; copies > 0; copies--) {
        setTimeout(() => void send(data), random() * 20);
      }
    }
  };
  for (const passing of [pass(front, (data) => back.send(data)), pass(back, (data) => front.send(data, client))]) {
    passing.catch(() => {});
  }
  return front;
}

describe.skipIf(!isRoot)("between network namespaces (needs root)", () => {
  let link: Link;
  beforeAll(() => {
    link = createLink();
  });
  afterAll(() => link?.remove());

  describe.each(["IPv4", "IPv6"] as const)("%s", (family) => {
    it("tells by the interface what came in over the link", async () => {
      const server = echoServer(link, family);
      const port = Number(await server.line());
      const client = await bound({ address: link.ours[family], port: 0 }, { packetInfo: true, interface: link.device });
      await client.send("hello", { address: link.theirs[family], port });
      const datagram = await client.receive({ timeout: 10_000 });
      expect(datagram).toMatchObject({ to: link.ours[family], ttl: 64, from: { address: link.theirs[family], port } });
      expect(datagram.interface).toBeGreaterThan(1);
    });

    it("sends segments over a device, larger than its MTU as fragments", async () => {
      const server = echoServer(link, family);
      const client = await connected(
        { address: link.theirs[family], port: Number(await server.line()) },
        { coalescing: true, receiveBuffer: 1 << 20 },
      );
      for (const size of [1400, 3000]) {
        const data = Buffer.from(Array.from({ length: 10 * size }, (_, i) => i % 251));
        expect(await client.sendSegments(data, size)).toBe(10);
        for (let i = 0; i < 10; i++) {
          const echoed = await client.receive({ timeout: 10_000 });
          expect(echoed.data.equals(data.subarray(i * size, (i + 1) * size))).toBe(true);
        }
        expect(client.segmentation).toBe(true);
      }
    });

    it("gets every answer in spite of loss, by asking again", async () => {
      const server = echoServer(link, family);
      const port = Number(await server.line());
      const table = `loss${family}`;
      link.nft("add", "table", "inet", table);
      link.nft("add", "chain", "inet", table, "input", "{ type filter hook input priority 0; }");
      link.nft("add", "rule", "inet", table, "input", `udp dport ${port} numgen random mod 100 < 30 counter drop`);
      const client = await connected({ address: link.theirs[family], port });
      let sent = 0;
      for (let question = 0; question < 60; question++) {
        for (let answered = false; !answered; ) {
          await client.send(String(question));
          sent++;
          const answer = await client.receive({ timeout: 50 }).catch((error) => {
            expect(error).toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
          });
          // A late answer to an earlier one is passed over.
          answered = answer?.data.toString() === String(question);
        }
      }
      const lost = Number(/counter packets (\d+)/.exec(link.nft("list", "table", "inet", table))![1]);
      link.nft("delete", "table", "inet", table);
      expect(lost).toBeGreaterThan(0);
      expect(sent).toBeGreaterThan(60);
      expect(client.statistics.sent).toBe(sent);
      expect(client.statistics.received).toBeLessThanOrEqual(sent - lost);
    });

    it("brings every datagram whole when they are late, doubled and out of order", async () => {
      const server = echoServer(link, family);
      const between = await relay({ address: link.theirs[family], port: Number(await server.line()) });
      const client = await connected(between.address);
      const text = (i: number): string => `${i} ${"x".repeat(i * 7)}`;
      const order: number[] = [];
      const seen = new Set<number>();
      while (seen.size < 200) {
        // No more at a time than fits the queues on the way.
        await client.sendMany(Array.from({ length: 25 }, (_, i) => ({ data: text(seen.size + i) })));
        for (const next = seen.size + 25; seen.size < next; ) {
          const { data } = await client.receive({ timeout: 10_000 });
          const number = Number.parseInt(data.toString(), 10);
          expect(data.toString()).toBe(text(number));
          order.push(number);
          seen.add(number);
        }
      }
      expect(order.length).toBeGreaterThan(200);
      expect(order).not.toEqual([...order].sort((a, b) => a - b));
    });

    it("hears of a host that is gone and of a port that nobody listens on", async () => {
      const endpoint = await bound({ address: link.ours[family], port: 0 }, { errorQueue: true });
      const errors = endpoint.errors({ timeout: 20_000 });
      await endpoint.send("closed port", { address: link.theirs[family], port: 9 });
      expect((await errors.next()).value).toMatchObject({ name: "ECONNREFUSED", offender: link.theirs[family] });
      // Nobody has this address, so the neighbour is not found, which the kernel tells itself.
      if (family === "IPv4") return;
      const nobody = `${link.theirs.IPv6}99`;
      await endpoint.send("nobody", { address: nobody, port: 9 });
      expect((await errors.next()).value).toMatchObject({ name: "EHOSTUNREACH", to: { address: nobody } });
    });

    it("exchanges multicast with CPython, of any source and of one", async () => {
      const group = family === "IPv4" ? "233.252.0.17" : "ff02::db8:17";
      const own = family === "IPv4" ? "232.1.1.17" : "ff32::8000:17";
      const endpoint = await bound({ port: 0 }, { family: family === "IPv4" ? 4 : 6, packetInfo: true });
      endpoint.multicast.join(group, link.device);
      endpoint.multicast.joinSource(own, link.theirs[family], link.device);
      endpoint.multicast.setInterface(link.device);
      const peer = python(
        `group, own, port, index = sys.argv[1], sys.argv[2], int(sys.argv[3]), socket.if_nametoindex(sys.argv[4])
s = socket.socket(${INET[family]}, socket.SOCK_DGRAM)
s.settimeout(10)
s.bind(("", 0))
${
  family === "IPv4"
    ? `number = struct.pack("@4s4si", socket.inet_aton("0.0.0.0"), socket.inet_aton("0.0.0.0"), index)
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("@4s4si", socket.inet_aton(group), socket.inet_aton("0.0.0.0"), index))`
    : `s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, group) + struct.pack("@i", index))`
}
sender = socket.socket(${INET[family]}, socket.SOCK_DGRAM)
sender.bind((sys.argv[5], 0))
${
  family === "IPv4"
    ? "sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, number)"
    : "sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)"
}
for to in (group, own):
    sender.sendto(f"{to} {s.getsockname()[1]}".encode(), (to, port))
print(s.recv(100).decode())`,
        [group, own, (endpoint.address as { port: number }).port, link.peerDevice, link.theirs[family]],
        link.prefix,
      );
      let port = 0;
      for (const to of [group, own]) {
        const datagram = await endpoint.receive({ timeout: 10_000 });
        expect(datagram).toMatchObject({ to, from: { address: link.theirs[family] } });
        port = Number(datagram.data.toString().split(" ")[1]);
      }
      await endpoint.send("to the group", { address: group, port });
      expect(await peer.line()).toBe("to the group");
    });
  });

  it("reaches everybody on the link by its broadcast address", async () => {
    const peer = python(
      `s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.bind(("", 0))
print(s.getsockname()[1])
print(s.recv(100).decode())`,
      [],
      link.prefix,
    );
    const port = Number(await peer.line());
    const endpoint = await bound({ address: link.ours.IPv4, port: 0 }, { broadcast: true });
    const last = link.ours.IPv4.replace(/\d+$/, (host) => String(Number(host) + 2));
    await endpoint.send("everybody", { address: last, port });
    expect(await peer.line()).toBe("everybody");
    expect(await failure(endpoint.receive({ timeout: 1 }))).toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
  });
});
