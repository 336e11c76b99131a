import { createSocket, type Socket as Datagrams } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { AF_PACKET, SOCK_RAW, Socket } from "@sockeye/socket-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Ethernet, IPv4, openCapture, type Packet, stack, UDP, VLAN } from "../../src/index.ts";
import { interfaces, type SniffOptions, sniff } from "../../src/live/index.ts";
import { type Running, start } from "./child.ts";
import { command, isRoot, uniqueName } from "./namespace.ts";

const folder = mkdtempSync(join(tmpdir(), "sniff-"));
afterAll(() => rmSync(folder, { recursive: true }));
const open: Datagrams[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

async function endpoint(address = "127.0.0.1"): Promise<{ socket: Datagrams; port: number }> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  open.push(socket);
  socket.bind(0, address);
  await once(socket, "listening");
  return { socket, port: socket.address().port };
}

function send(socket: Datagrams, data: string, port: number, address = "127.0.0.1"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(data, port, address, (error) => (error ? reject(error) : resolve()));
  });
}

/** tcpdump that writes what it captures on `device`, once it listens. */
function tcpdump(device: string, file: string, filter: string): Promise<Running> {
  return start(
    ["tcpdump", "-i", device, "-n", "-U", "--immediate-mode", "--nano", "-B", "8192", "-w", file, filter],
    /listening on/,
  );
}

const holds = (packet: Packet, text: string): boolean => Buffer.from(packet.bytes).includes(text);

/** Lengths and bytes of the packets of the traffic itself. */
function listed(packets: readonly Packet[]): string[] {
  return packets
    .filter((packet) => !holds(packet, BEGIN) && !holds(packet, END))
    .map(({ bytes, originalLength, time }) => `${time} ${originalLength} ${Buffer.from(bytes).toString("hex")}`);
}

/** tcpdump says that it listens a moment before it does: these go first until it has one. */
const BEGIN = "the begin of this test";
const END = "the end of this test";

/** What tcpdump and `sniff` capture of the same traffic; it is between the two texts, which pass the filter too. */
async function both(
  options: { readonly interface: string; readonly filter: string },
  say: (text: string) => Promise<void>,
  traffic: () => Promise<void>,
): Promise<{ ours: Packet[]; theirs: Packet[] }> {
  const file = join(folder, `${uniqueName("dump")}.pcap`);
  const dump = await tcpdump(options.interface, file, options.filter);
  const seen = async (text: string): Promise<void> => {
    // It writes each packet at once.
    const over = new AbortController();
    const ended = dump.ended.then(({ stderr }) => {
      over.abort();
      throw new Error(`tcpdump ended: ${stderr}`);
    });
    const looking = (async (): Promise<void> => {
      const growing = openCapture(file, { follow: true, pollInterval: 1, signal: over.signal });
      for await (const packet of growing) if (holds(packet, text)) return;
    })();
    await Promise.race([looking, ended]);
    ended.catch(() => {});
  };
  const ours: Packet[] = [];
  const sniffer = sniff({ ...options, timeout: 25_000 });
  const captured = (async (): Promise<void> => {
    for await (const packet of sniffer) {
      ours.push(packet);
      if (holds(packet, END)) return;
    }
    throw new Error(`The end was not captured: ${JSON.stringify(sniffer.statistics())}`);
  })();
  captured.catch(() => {});
  /** Repeats it until tcpdump has it: its ring may hold back a packet until there is another one. */
  const until = async (text: string): Promise<void> => {
    const has = new AbortController();
    const found = seen(text).finally(() => has.abort());
    for (;;) {
      await say(text);
      if (has.signal.aborted) break;
      await pause(2);
    }
    await found;
  };
  await until(BEGIN);
  await traffic();
  await until(END);
  await captured;
  await dump.stop("SIGINT");
  return { ours, theirs: await openCapture(file).toArray() };
}

describe.skipIf(!isRoot)("sniff (needs root)", () => {
  test("gives packets with their time, interface and lengths", async () => {
    const { socket, port } = await endpoint();
    const before = Date.now() / 1000;
    const sniffer = sniff({ interface: "lo", filter: `udp port ${port}`, count: 1, timeout: 20_000 });
    await send(socket, "hello", port);
    const { value: packet } = await sniffer[Symbol.asyncIterator]().next();
    expect([packet!.capturedLength, packet!.originalLength, packet!.linkType]).toEqual([47, 47, 1]);
    expect(packet!.interface).toMatchObject({ name: "lo", linkType: 1, ticksPerSecond: 1_000_000_000n });
    expect(packet!.require(UDP).dport).toBe(port);
    expect(Buffer.from(packet!.payload).toString()).toBe("hello");
    expect(Number(packet!.time)).toBeGreaterThan(before - 1);
    expect(Number(packet!.time)).toBeLessThan(Date.now() / 1000 + 1);
  });

  test.each([
    ["udp", (port: number) => `udp port ${port}`],
    ["an expression with arithmetic", (port: number) => `udp[2:2] = ${port} and len > 50`],
    ["inbound", (port: number) => `inbound and dst port ${port}`],
  ])("captures on lo what tcpdump captures: %s", async (_name, expression) => {
    const { socket, port } = await endpoint();
    const other = await endpoint();
    const say = (text: string): Promise<void> => send(socket, text, port);
    const { ours, theirs } = await both({ interface: "lo", filter: expression(port) }, say, async () => {
      for (let i = 0; i < 50; i++) {
        await say(`message ${"x".repeat(i * 20)}`);
        await send(other.socket, "not this one", other.port);
      }
    });
    expect(listed(ours).length).toBeGreaterThan(40);
    expect(listed(ours)).toEqual(listed(theirs));
  });

  test.each([
    ["offsets behind the header", (port: number) => `udp port ${port} and ip[2:2] > 30`, 17],
    ["what the header has and the kernel too", (port: number) => `ip and dst port ${port} and not outbound`, 20],
    ["or, and names of protocols", (port: number) => `icmp or arp or (ip host 127.0.0.1 and udp port ${port})`, 20],
  ])("any: a cooked header before each packet, as tcpdump has it: %s", async (_name, expression, count) => {
    const { socket, port } = await endpoint();
    const filter = expression(port);
    const say = (text: string): Promise<void> => send(socket, text, port);
    const { ours, theirs } = await both({ interface: "any", filter }, say, async () => {
      for (let i = 0; i < 20; i++) await say(`${port} ${"x".repeat(i)}`.slice(-i || 20));
    });
    // Others may use the network at the same time.
    const mine = (packets: readonly Packet[]): string[] =>
      listed(packets.filter((packet) => packet.get(UDP)?.dport === port));
    expect(mine(ours).length).toBeGreaterThanOrEqual(count);
    expect(ours[0]!.linkType).toBe(276);
    // On all interfaces tcpdump itself misses packets when other programs make and take down interfaces.
    expect(mine(theirs).length).toBeGreaterThan(0);
    expect(mine(ours)).toEqual(expect.arrayContaining(mine(theirs)));
  });

  test.each(["signal", "timeout"])("%s closes a capture that nobody reads", async (what) => {
    const before = readdirSync("/proc/self/fd").length;
    const abort = new AbortController();
    const sniffer = sniff({ interface: "lo", ...(what === "signal" ? { signal: abort.signal } : { timeout: 1 }) });
    expect(readdirSync("/proc/self/fd").length).toBe(before + 1);
    abort.abort();
    await expect.poll(() => readdirSync("/proc/self/fd").length).toBe(before);
    expect(sniffer.statistics().delivered).toBe(0);
  });

  test("what the kernel cannot know of a cooked header is decided here", async () => {
    const { socket, port } = await endpoint();
    // 20 bytes of cooked header, 28 of IPv4 and UDP.
    const filter = `udp port ${port} and len > 58 and link[0:2] = 0x800`;
    const sniffer = sniff({ interface: "any", filter, count: 10, timeout: 20_000 });
    for (let i = 0; i < 21; i++) await send(socket, "x".repeat(i), port);
    const lengths: number[] = [];
    for await (const packet of sniffer) lengths.push(packet.originalLength);
    expect(lengths).toEqual([59, 60, 61, 62, 63, 64, 65, 66, 67, 68]);
  });

  test("the first packet matches the filter, even under load", async () => {
    const { socket, port } = await endpoint();
    const noise = await start([
      process.execPath,
      "--eval",
      `const socket = require("node:dgram").createSocket("udp4");
       socket.bind(0, "127.0.0.1", () => {
         let left = 60000;
         const next = () => { if (left-- > 0) socket.send("noise", ${port ^ 1}, "127.0.0.1", next); else socket.close(); };
         for (let i = 0; i < 32; i++) next();
         console.log("running");
       });
       socket.on("error", () => {});`,
    ]);
    expect(await noise.line()).toBe("running");
    for (let i = 0; i < 20; i++) {
      const sniffer = sniff({ interface: "lo", filter: `udp dst port ${port}`, count: 1, timeout: 20_000 });
      await send(socket, "the one", port);
      for await (const packet of sniffer as AsyncIterable<Packet>)
        expect(Buffer.from(packet.payload).toString()).toBe("the one");
      expect(sniffer.statistics()).toMatchObject({ delivered: 1, dropped: 0 });
    }
    await noise.stop();
  });

  test("packets that find no room are counted", async () => {
    const { socket, port } = await endpoint();
    const sniffer = sniff({ interface: "lo", filter: `udp port ${port}`, receiveBuffer: 4096, timeout: 20_000 });
    for (let i = 0; i < 200; i++) await send(socket, "x".repeat(500), port);
    const { received, dropped } = sniffer.statistics();
    expect(received).toBe(200);
    expect(dropped).toBeGreaterThan(0);
    let left = received - dropped;
    for await (const _ of sniffer) if (--left === 0) break;
    expect(left).toBe(0);
    expect(sniffer.statistics()).toMatchObject({ received, dropped, delivered: received - dropped });
  });

  test("count, timeout, signal and break end it, and the socket is closed", async () => {
    const { socket, port } = await endpoint();
    const filter = `udp port ${port}`;
    const counted = sniff({ interface: "lo", filter, count: 3 });
    for (let i = 0; i < 10; i++) await send(socket, `${i}`, port);
    const seen: string[] = [];
    for await (const packet of counted) seen.push(Buffer.from(packet.payload).toString());
    expect(seen).toEqual(["0", "1", "2"]);

    for await (const _ of sniff({ interface: "lo", filter, timeout: 1 })) expect.unreachable();
    const controller = new AbortController();
    const waiting = sniff({ interface: "lo", filter, signal: controller.signal });
    const next = waiting[Symbol.asyncIterator]().next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    for await (const _ of sniff({ interface: "lo", filter, signal: controller.signal })) expect.unreachable();
    for await (const _ of sniff({ interface: "lo", filter, count: 0 })) expect.unreachable();

    const closed = sniff({ interface: "lo", filter });
    const answer = closed[Symbol.asyncIterator]().next();
    await closed.close();
    expect(await answer).toEqual({ done: true, value: undefined });
    await closed.close();
  });

  test("another filter while it runs: the next packet matches it", async () => {
    const [{ socket, port }, other] = [await endpoint(), await endpoint()];
    const sniffer = sniff({ interface: "lo", filter: `udp dst port ${port}`, timeout: 20_000 });
    const packets = sniffer[Symbol.asyncIterator]();
    for (let i = 0; i < 100; i++) await send(socket, "first", port);
    expect((await packets.next()).value.require(UDP).dport).toBe(port);
    expect(() => sniffer.setFilter("udp prt 7")).toThrow("column 5");
    expect((await packets.next()).value.require(UDP).dport).toBe(port);
    sniffer.setFilter(`udp dst port ${other.port}`);
    await send(socket, "first", port);
    await send(socket, "second", other.port);
    const { value } = await packets.next();
    expect(Buffer.from(value.payload).toString()).toBe("second");
    await sniffer.close();
    expect(() => sniffer.setFilter("")).toThrow("a capture that runs");
  });

  test.each(["lo", "any"])(
    "another filter on %s keeps what passes it too, from the kernel and from the batch",
    async (device) => {
      const [{ socket, port }, other] = [await endpoint(), await endpoint()];
      const filter = `udp dst port ${port} or udp dst port ${other.port}`;
      const sniffer = sniff({ interface: device, filter, batchSize: 4, count: 5, timeout: 20_000 });
      const packets = sniffer[Symbol.asyncIterator]();
      const next = async () => Buffer.from((await packets.next()).value.payload).toString();
      const sendBoth = async (...texts: string[]) => {
        for (const text of texts) {
          await send(socket, `not ${text}`, port);
          await send(socket, text, other.port);
        }
      };
      await sendBoth("one", "two", "three");
      expect(await next()).toBe("not one");
      sniffer.setFilter(`udp dst port ${other.port}`);
      await sendBoth("four");
      expect([await next(), await next(), await next(), await next()]).toEqual(["one", "two", "three", "four"]);
      expect((await packets.next()).done).toBe(true);
    },
  );

  test("where the bytes do not tell, another filter gives only what comes later", async () => {
    const { socket, port } = await endpoint();
    const sniffer = sniff({ interface: "lo", filter: `udp dst port ${port}`, timeout: 20_000 });
    await send(socket, "before", port);
    sniffer.setFilter(`inbound and udp dst port ${port}`);
    await send(socket, "after", port);
    for await (const packet of sniffer) {
      expect(Buffer.from(packet.payload).toString()).toBe("after");
      break;
    }
  });

  test("nothing is missed while the filter changes again and again", async () => {
    const [{ port }, other] = [await endpoint(), await endpoint()];
    const many = 20_000;
    const filters = [`udp dst port ${port}`, `udp dst port ${port} or udp dst port ${other.port}`];
    const sniffer = sniff({
      interface: "lo",
      filter: filters[0]!,
      count: many,
      receiveBuffer: 2 ** 27,
      timeout: 60_000,
    });
    const flood = `
      const { parentPort } = require("node:worker_threads");
      const socket = require("node:dgram").createSocket("udp4");
      let number = 0;
      const more = () => {
        const data = Buffer.alloc(4);
        data.writeUInt32BE(number);
        if (number++ < ${many}) socket.send(data, ${port}, "127.0.0.1", more);
        else socket.close();
      };
      more();`;
    const worker = new Worker(flood, { eval: true });
    const numbers: number[] = [];
    let changes = 0;
    for await (const packets of sniffer.batches()) {
      for (const { payload } of packets) numbers.push(new DataView(payload.buffer, payload.byteOffset).getUint32(0));
      sniffer.setFilter(filters[++changes % 2]!);
    }
    await worker.terminate();
    expect(sniffer.statistics().dropped).toBe(0);
    expect(numbers).toEqual(Array.from({ length: many }, (_, i) => i));
  }, 70_000);

  test("with a callback, until it says false", async () => {
    const { socket, port } = await endpoint();
    const seen: string[] = [];
    const done = sniff({
      interface: "lo",
      filter: `udp port ${port}`,
      onPacket: async (packet) => {
        seen.push(Buffer.from(packet.payload).toString());
        return seen.length < 2;
      },
    });
    for (let i = 0; i < 5; i++) await send(socket, `${i}`, port);
    expect(await done).toMatchObject({ delivered: 2, dropped: 0, interfaces: [{ name: "lo" }] });
    expect(seen).toEqual(["0", "1"]);
  });

  test("batches, and packets that stay valid after later ones", async () => {
    const { socket, port } = await endpoint();
    const sniffer = sniff({ interface: "lo", filter: `udp port ${port}`, count: 100, batchSize: 16, timeout: 20_000 });
    for (let i = 0; i < 100; i++) await send(socket, `number ${i}`, port);
    const packets: Packet[] = [];
    for await (const batch of sniffer.batches()) {
      expect(batch.length).toBeGreaterThan(0);
      expect(batch.length).toBeLessThanOrEqual(16);
      packets.push(...batch);
    }
    expect(packets.map((packet) => Buffer.from(packet.payload).toString())).toEqual(
      Array.from({ length: 100 }, (_, i) => `number ${i}`),
    );
  });

  test("snaplen cuts packets and keeps their length", async () => {
    const { socket, port } = await endpoint();
    for (const device of ["lo", "any"]) {
      const sniffer = sniff({ interface: device, filter: `udp port ${port}`, snaplen: 64, count: 1, timeout: 20_000 });
      await send(socket, "x".repeat(1000), port);
      for await (const packet of sniffer) {
        const header = device === "lo" ? 42 : 48;
        expect([packet.capturedLength, packet.originalLength]).toEqual([64, header + 1000]);
        expect(packet.truncated).toBe(true);
        expect(packet.require(IPv4).totalLength).toBe(1028);
      }
    }
  });

  describe("on a wire", () => {
    const near = uniqueName("pcn");
    const far = uniqueName("pcf");
    beforeAll(() => {
      command(`ip link add ${near} type veth peer name ${far}`);
      for (const device of [near, far]) {
        command(`sysctl -qw net.ipv6.conf.${device}.disable_ipv6=1`);
        command(`ip link set ${device} up`);
      }
      command(`ip address add 198.18.77.1/24 dev ${near}`);
      command(`ip neighbour add 198.18.77.2 lladdr 02:00:00:00:00:02 dev ${near}`);
    });
    afterAll(() => {
      command(`ip link delete ${near}`);
    });

    test.each([
      ["both directions", () => near, "udp port 4000", 20],
      ["tags on their way out", () => near, "vlan 5 and udp port 4000", 20],
      ["the other end, where the kernel took the tag out", () => far, "vlan 5 and udp port 4000", 20],
      ["tags beside packets without", () => far, "udp port 4000 or (vlan and udp port 4000)", 40],
    ])("captures what tcpdump captures: %s", async (_name, device, filter, count) => {
      const { socket } = await endpoint("0.0.0.0");
      using frames = new Socket(AF_PACKET, SOCK_RAW, 0);
      const tagged = async (text: string): Promise<void> => {
        const to = { interface: near, protocol: 0 };
        const layers = [Ethernet(), VLAN({ vid: 5 }), IPv4({ dst: "198.18.77.2" }), UDP({ sport: 9, dport: 4000 })];
        await frames.sendto(stack(...layers, text).bytes(), to);
      };
      const say = async (text: string): Promise<void> => {
        await send(socket, text, 4000, "198.18.77.2");
        await tagged(text);
      };
      const { ours, theirs } = await both({ interface: device(), filter }, say, async () => {
        for (let i = 0; i < 20; i++) {
          await tagged(`tagged ${i}`);
          await send(socket, `plain ${i}`, 4000, "198.18.77.2");
          await send(socket, "other", 4001, "198.18.77.2");
        }
      });
      expect(listed(ours).length).toBe(count);
      expect(listed(ours)).toEqual(listed(theirs));
    });

    test("captures on a tunnel without link headers what tcpdump captures, needs python3", async () => {
      const device = uniqueName("pct");
      // A tun device is there as long as a program has it open; TUNSETIFF of linux/if_tun.h.
      const holder = await start([
        "python3",
        "-u",
        "-c",
        `import fcntl, os, struct
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH", b"${device}", 0x1001))
print("ready")
while True: os.read(fd, 65536)`,
      ]);
      try {
        expect(await holder.line()).toBe("ready");
        command(`sysctl -qw net.ipv6.conf.${device}.disable_ipv6=1`);
        command(`ip address add 198.18.79.1/24 dev ${device}`);
        command(`ip link set ${device} up`);
        expect(interfaces().find(({ name }) => name === device)).toMatchObject({ linkType: 101, hardwareType: 65_534 });
        const { socket } = await endpoint("0.0.0.0");
        const say = (text: string): Promise<void> => send(socket, text, 4000, "198.18.79.2");
        const { ours, theirs } = await both({ interface: device, filter: "udp dst port 4000" }, say, async () => {
          for (let i = 0; i < 20; i++) await say(`number ${i}`);
        });
        expect(listed(ours).length).toBe(20);
        expect(ours[0]!.layers.map(({ layer }) => layer.name)).toEqual(["IPv4", "UDP"]);
        expect(listed(ours)).toEqual(listed(theirs));
      } finally {
        await holder.stop();
      }
    });

    test("several interfaces at once, each with its packets in order", async () => {
      const { socket } = await endpoint("0.0.0.0");
      const sniffer = sniff({ interfaces: [near, far], filter: "udp port 4000", count: 20, timeout: 20_000 });
      for (let i = 0; i < 10; i++) await send(socket, `${i}`, 4000, "198.18.77.2");
      const seen: Record<string, string[]> = { [near]: [], [far]: [] };
      let last = 0n;
      for await (const packet of sniffer) {
        seen[packet.interface!.name!]!.push(Buffer.from(packet.payload).toString());
        expect(packet.time.ns).toBeGreaterThanOrEqual(last);
        last = packet.time.ns;
      }
      const all = Array.from({ length: 10 }, (_, i) => `${i}`);
      expect(seen).toEqual({ [near]: all, [far]: all });
      expect(sniffer.statistics().interfaces.map(({ name }) => name)).toEqual([near, far]);
    });

    test("an interface that goes down is an error", async () => {
      const device = uniqueName("pcd");
      command(`ip link add ${device} type veth peer name ${uniqueName("pce")}`);
      command(`ip link set ${device} up`);
      try {
        const sniffer = sniff({ interface: device, filter: "udp port 1" });
        const next = sniffer[Symbol.asyncIterator]().next();
        const refused = expect(next).rejects.toMatchObject({ code: "ENETDOWN" });
        command(`ip link set ${device} down`);
        await refused;
      } finally {
        command(`ip link delete ${device}`);
      }
    });
  });
});

describe("what cannot be", () => {
  test.each<[string, SniffOptions, string]>([
    ["no interface", {}, "interface: expected one of"],
    ["one that is not there", { interface: "nope0" }, 'any, got "nope0"'],
    ["both", { interface: "lo", interfaces: ["lo"] }, "interfaces: expected none where there is interface"],
    ["none of several", { interfaces: [] }, "interfaces: expected 1 to 64 names or numbers, got an array of 0"],
    ["the filter's grammar", { interface: "lo", filter: "tcp prot 80" }, "column 5"],
    ["snaplen", { interface: "lo", snaplen: 10 }, "snaplen: expected an integer from 64 to 262144, got 10"],
    ["count", { interface: "lo", count: -1 }, "count: expected an integer from 0"],
    ["timeout", { interface: "lo", timeout: 1.5 }, "timeout: expected an integer from 0 to 2147483647, got 1.5"],
    ["receiveBuffer", { interface: "lo", receiveBuffer: 0 }, "receiveBuffer: expected an integer from 2048"],
    ["batchSize", { interface: "lo", batchSize: 65 }, "batchSize: expected an integer from 1 to 64, got 65"],
    ["promiscuous", { interface: "lo", promiscuous: 1 as never }, "promiscuous: expected true or false, got 1"],
    ["signal", { interface: "lo", signal: {} as never }, "signal: expected an AbortSignal"],
  ])("%s", (_name, options, message) => {
    expect(() => sniff(options)).toThrow(message);
  });
});

test("interfaces names what there is, without rights", () => {
  const lo = interfaces().find(({ loopback }) => loopback)!;
  expect(lo).toMatchObject({ name: "lo", linkType: 1, hardwareType: 772, up: true });
  expect(lo.addresses).toContainEqual({ family: "IPv4", address: "127.0.0.1", prefix: 8 });
});
