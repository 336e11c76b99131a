import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startModule } from "./child.ts";
import { command, inside, isRoot, Namespaces } from "./namespace.ts";

/**
 * near ── first ── second ── far: two routers between two hosts. Networks 10.91.0.0/24 to 10.91.2.0/24 and
 * fd91::/64, fd91:1::/64, fd91:2::/64, from the left.
 */
describe.skipIf(!isRoot)("through routers in namespaces (needs root)", () => {
  const all = new Namespaces();
  let near = "";
  beforeAll(() => {
    near = all.create("pca");
    const first = all.create("pcb");
    const second = all.create("pcc");
    const far = all.create("pcd");
    const ends = (namespace: string, device: string, network: number, host: number) => ({
      namespace,
      device,
      addresses: [`10.91.${network}.${host}/24`, `fd91:${network}::${host}/64`],
    });
    all.wire(ends(near, "right", 0, 1), ends(first, "left", 0, 2));
    all.wire(ends(first, "right", 1, 1), ends(second, "left", 1, 2));
    all.wire(ends(second, "right", 2, 1), ends(far, "left", 2, 2));
    const route = (namespace: string, network: string, via: string): void => {
      command(`ip -n ${namespace} route add ${network} via ${via}`);
    };
    route(near, "default", "10.91.0.2");
    route(near, "default", "fd91:0::2");
    route(first, "default", "10.91.1.2");
    route(first, "default", "fd91:1::2");
    route(second, "default", "10.91.1.1");
    route(second, "default", "fd91:1::1");
    route(far, "default", "10.91.2.1");
    route(far, "default", "fd91:2::1");
    for (const router of [first, second]) {
      command(`ip netns exec ${router} sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`);
    }
    // Answers come as fast as they are asked for.
    for (const each of [first, second, far]) {
      command(`ip netns exec ${each} sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0`);
    }
    // On the way to 10.66.0.0/16 there is no way on.
    command(`ip -n ${second} route add unreachable 10.66.0.0/16`);
    server = startModule(
      `import { createServer } from "node:net";
       createServer((socket) => socket.end()).listen(8091, "10.91.2.2", () => console.log("ready"));`,
      inside(far),
    );
  });
  let server: ReturnType<typeof startModule>;
  afterAll(async () => {
    await (await server).stop();
    all.remove();
  });

  /** Runs a module in the near namespace; the JSON that it prints, line by line. */
  async function run(source: string): Promise<unknown[]> {
    const child = await startModule(
      `const print = (value) => console.log(JSON.stringify(value));\n${source}`,
      inside(near),
    );
    const { stdout, stderr, code } = await child.ended;
    expect([stderr, code]).toEqual(["", 0]);
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  }

  test.each([
    ["10.91.2.2", 62],
    ["fd91:2::2", 62],
  ])("ping %s", async (address, ttl) => {
    const lines = await run(`
      const ping = live.ping(${JSON.stringify(address)}, { count: 3, interval: 0, timeout: 10000 });
      for await (const { packet, ...reply } of ping) print([reply, packet.summary().includes("echo-reply")]);
      print(ping.statistics());
    `);
    for (const [i, line] of lines.slice(0, 3).entries()) {
      expect(line).toEqual([
        {
          sequence: i + 1,
          ok: true,
          from: address,
          ttl,
          rtt: expect.any(Number),
          text: expect.stringContaining("echo-reply"),
        },
        true,
      ]);
      expect((line as [{ rtt: number }])[0].rtt).toBeGreaterThan(0);
    }
    expect(lines[3]).toMatchObject({ sent: 3, received: 3, loss: 0, min: expect.any(Number), max: expect.any(Number) });
  });

  test("ping tells of routers that cannot pass it on, and of silence", async () => {
    const lines = await run(`
      const one = async (host, options) => {
        for await (const { packet, rtt, ...reply } of live.ping(host, { count: 1, ...options })) print(reply);
      };
      await one("10.91.2.2", { ttl: 1, timeout: 10000 });
      await one("10.66.1.1", { timeout: 10000 });
      await one("fd91:2::2", { ttl: 2, timeout: 10000 });
      const silent = live.ping("10.91.0.77", { count: 1, timeout: 1 });
      for await (const reply of silent) print(reply);
      print(silent.statistics());
    `);
    expect(lines).toMatchObject([
      { ok: false, from: "10.91.0.2", text: "time-exceeded code=0" },
      { ok: false, from: "10.91.1.2", text: "unreachable code=1" },
      { ok: false, from: "fd91:1::2", text: "time-exceeded code=0" },
      { sequence: 1, ok: false },
      { sent: 1, received: 0, loss: 1 },
    ]);
  });

  test.each([
    ["udp", "10.91.2.2", ["10.91.0.2", "10.91.1.2", "10.91.2.2"], "unreachable code=3"],
    ["icmp", "10.91.2.2", ["10.91.0.2", "10.91.1.2", "10.91.2.2"], "echo-reply"],
    ["tcp", "10.91.2.2", ["10.91.0.2", "10.91.1.2", "10.91.2.2"], "RA "],
    ["udp", "fd91:2::2", ["fd91::2", "fd91:1::2", "fd91:2::2"], "unreachable code=4"],
    ["icmp", "fd91:2::2", ["fd91::2", "fd91:1::2", "fd91:2::2"], "echo-reply"],
    ["tcp", "fd91:2::2", ["fd91::2", "fd91:1::2", "fd91:2::2"], "RA "],
  ])("traceroute by %s to %s", async (method, address, routers, end) => {
    const hops = (await run(`
      const options = { method: ${JSON.stringify(method)}, timeout: 10000 };
      for await (const hop of live.traceroute(${JSON.stringify(address)}, options)) print(hop);
    `)) as { ttl: number; last: boolean; probes: { from: string; rtt: number; text: string }[] }[];
    expect(hops.map(({ ttl, last }) => [ttl, last])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    for (const [i, { probes }] of hops.entries()) {
      expect(probes.map(({ from }) => from)).toEqual(Array(3).fill(routers[i]));
      for (const { rtt, text } of probes) {
        expect(rtt).toBeGreaterThan(0);
        expect(text).toContain(i < 2 ? "time-exceeded code=0" : end);
      }
    }
  });

  test("sr1 of a SYN to an open and a closed port, of a datagram, of an ARP question", async () => {
    await (await server).line();
    const lines = await run(`
      const { IPv4, IPv6, TCP, UDP, ICMP, Ethernet, ARP, DNS, stack } = main;
      const syn = (dport) => stack(IPv4({ dst: "10.91.2.2" }), TCP({ sport: 30000 + dport, dport, seq: 1000, flags: "S" }));
      for (const port of [8091, 8092]) {
        const answer = await live.sr1(syn(port), { timeout: 10000 });
        const tcp = answer.require(TCP);
        print([tcp.sport, tcp.flags & 0x3f, tcp.ack, answer.require(IPv4).src]);
      }
      const refused = await live.sr1(stack(IPv4({ dst: "10.91.2.2" }), UDP({ sport: 4444, dport: 4445 }), "x"), { timeout: 10000 });
      print([refused.require(ICMP).code, refused.get(IPv4, 1).dst, refused.require(UDP).dport]);
      const right = live.interfaces().find(({ name }) => name === "right");
      const who = stack(Ethernet({ src: right.mac }), ARP({ hwsrc: right.mac, psrc: "10.91.0.1", pdst: "10.91.0.2" }));
      const here = await live.sr1(who, { interface: "right", timeout: 10000 });
      print([here.require(ARP).psrc, here.require(ARP).hwdst === right.mac]);
      print(await live.sr1(stack(IPv4({ dst: "10.91.0.77" }), UDP({ sport: 1, dport: 9 })), { timeout: 1, retries: 2 }) === undefined);
      const { source, gateway, interface: out } = live.routeTo("10.91.2.2");
      print([source, gateway, out.name]);
    `);
    expect(lines).toEqual([
      [8091, 0x12, 1001, "10.91.2.2"],
      [8092, 0x14, 1001, "10.91.2.2"],
      [3, "10.91.2.2", 4445],
      ["10.91.0.2", true],
      true,
      ["10.91.0.1", "10.91.0.2", "right"],
    ]);
  });

  test("send, inject and sniff inside a namespace", async () => {
    const lines = await run(`
      const { IPv4, UDP, Ethernet, stack, Packet } = main;
      const sniffer = live.sniff({ interface: "right", filter: "udp dst port 7777", count: 4, timeout: 20000 });
      await live.send(stack(IPv4({ dst: "10.91.0.2" }), UDP({ dport: 7777 }), "by route"));
      const frame = (text) => stack(Ethernet(), IPv4({ src: "10.91.0.1", dst: "10.91.0.2" }), UDP({ dport: 7777 }), text);
      print(await live.inject("right", frame("one frame")));
      print(await live.inject("right", [frame("two").bytes(), frame("three").packet()]));
      for await (const packet of sniffer) {
        print([packet.require(IPv4).src, Buffer.from(packet.payload).toString(), packet.options[0].value]);
      }
    `);
    expect(lines).toEqual([
      1,
      2,
      ["10.91.0.1", "by route", 2],
      ["10.91.0.1", "one frame", 2],
      ["10.91.0.1", "two", 2],
      ["10.91.0.1", "three", 2],
    ]);
  });
});
