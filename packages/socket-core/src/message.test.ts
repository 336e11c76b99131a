import { fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ancillarySpace, packetInfo, rights, timeToLive, typeOfService } from "./ancillary.ts";
import * as C from "./constants.ts";
import { socketpair } from "./pair.ts";
import { Socket } from "./socket.ts";

const open: Socket[] = [];
function track<T extends Socket[]>(...sockets: T): T {
  open.push(...sockets);
  return sockets;
}
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

function datagrams(family: number, address: string): [Socket, Socket] {
  const pair = track(new Socket(family, C.SOCK_DGRAM), new Socket(family, C.SOCK_DGRAM));
  for (const socket of pair) socket.bind({ address, port: 0 });
  return pair;
}

/** Descriptors of this process that are open on a file. */
function openCount(path: string): number {
  const { ino, dev } = fstatSync(openSync(path, "r"));
  let count = 0;
  for (let fd = 0; fd < 300; fd++) {
    try {
      const stat = fstatSync(fd);
      if (stat.ino === ino && stat.dev === dev) count++;
    } catch {
      // Not open.
    }
  }
  return count;
}

describe("scatter and gather", () => {
  it.each([
    ["a stream", C.SOCK_STREAM],
    ["datagrams", C.SOCK_DGRAM],
    ["sequenced packets", C.SOCK_SEQPACKET],
  ])("%s", async (_name, type) => {
    const [a, b] = track(...socketpair(C.AF_UNIX, type));
    expect(await a.sendmsg(["he", Buffer.from("ll"), "o"])).toBe(5);
    const first = Buffer.alloc(3);
    const second = Buffer.alloc(10);
    expect(await b.recvmsgInto([first, second])).toMatchObject({ length: 5, items: [], ancillary: {} });
    expect(first.toString() + second.toString("latin1", 0, 2)).toBe("hello");
  });

  it("tells the end of a message, and what was cut", async () => {
    const [a, b] = track(...socketpair(C.AF_UNIX, C.SOCK_SEQPACKET));
    await a.sendmsg("hello");
    const message = await b.recvmsg(3);
    expect(message.data.toString()).toBe("hel");
    expect(message.flags & C.MSG_TRUNC).toBe(C.MSG_TRUNC);
    await a.sendmsg("more");
    expect((await b.recvmsg(10, 0, { flags: C.MSG_PEEK })).data.toString()).toBe("more");
    const whole = await b.recvmsg(10);
    expect(whole.data.toString()).toBe("more");
    expect(whole.flags & C.MSG_TRUNC).toBe(0);
    a.close();
    expect((await b.recvmsg(10)).data.length).toBe(0);
  });

  it.each([
    [(s: Socket) => s.sendmsg([]), "buffers must be 1 to 64 buffers"],
    [(s: Socket) => s.sendmsg(new Array(65).fill("x")), "buffers must be 1 to 64 buffers"],
    [(s: Socket) => s.sendmsg([1] as unknown as string[]), "data must be a Uint8Array, got 1"],
    [(s: Socket) => s.recvmsg(0), "length must be an integer from 1"],
    [(s: Socket) => s.recvmsg(1, -1), "ancillaryLength must be an integer from 0 to 65536, got -1"],
    [(s: Socket) => s.recvmsgInto([]), "buffers must be 1 to 64 buffers"],
    [(s: Socket) => s.recvFds(1, 0), "max must be an integer from 1 to 253, got 0"],
    [(s: Socket) => s.sendFds("", [0]), "data must be at least one byte long"],
    [(s: Socket) => s.sendFds("x", []), "descriptors must be 1 to 253"],
  ])("bad arguments: %s", async (call, message) => {
    const [a] = track(...socketpair());
    await expect(call(a)).rejects.toThrow(message);
  });
});

describe.each([
  ["IPv4", C.AF_INET, "127.0.0.1"],
  ["IPv6", C.AF_INET6, "::1"],
])("ancillary data over %s", (_name, family, address) => {
  it("goes out with a datagram and comes in with it", async () => {
    const [a, b] = datagrams(family, address);
    const to = b.getsockname() as { address: string; port: number };
    const level = family === C.AF_INET ? C.IPPROTO_IP : C.IPPROTO_IPV6;
    for (const name of family === C.AF_INET
      ? [C.IP_PKTINFO, C.IP_RECVTTL, C.IP_RECVTOS]
      : [C.IPV6_RECVPKTINFO, C.IPV6_RECVHOPLIMIT, C.IPV6_RECVTCLASS]) {
      b.setsockopt(level, name, 1);
    }
    b.setsockopt(C.SOL_SOCKET, C.SO_TIMESTAMPNS, 1);
    const before = BigInt(Date.now()) * 1_000_000n;
    await a.sendmsg("x", {
      address: to,
      ancillary: [timeToLive(9, to), typeOfService(0xb9, to), packetInfo(address)],
    });
    const { ancillary, address: from } = await b.recvmsg(10, 256);
    expect(ancillary).toMatchObject({ ttl: 9, tos: 0xb9, packetInfo: { address } });
    expect(ancillary.packetInfo!.interface).toBeGreaterThan(0);
    // The clock of Date may be a millisecond behind that of the kernel.
    expect(ancillary.timestamp! - before).toBeGreaterThan(-2_000_000n);
    expect(from).toEqual(a.getsockname());
  });

  it("is cut where there is no room, and that is told", async () => {
    const [a, b] = datagrams(family, address);
    b.setsockopt(C.SOL_SOCKET, C.SO_TIMESTAMPNS, 1);
    await a.sendto("x", b.getsockname());
    const { flags, items } = await b.recvmsg(10, 8);
    expect(flags & C.MSG_CTRUNC).toBe(C.MSG_CTRUNC);
    expect(items).toEqual([]);
  });

  it("tells what became of a datagram, and the socket goes on", async () => {
    const [a, b] = datagrams(family, address);
    a.setsockopt(
      family === C.AF_INET ? C.IPPROTO_IP : C.IPPROTO_IPV6,
      family === C.AF_INET ? C.IP_RECVERR : C.IPV6_RECVERR,
      1,
    );
    const gone = b.getsockname();
    b.close();
    await a.sendto("lost", gone);
    await expect(a.recv(10)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const message = await a.recvmsg(10, 512, { flags: C.MSG_ERRQUEUE });
    expect(message.data.toString()).toBe("lost");
    expect(message.address).toEqual(gone);
    expect(message.ancillary.error).toMatchObject({
      errno: 111,
      origin: family === C.AF_INET ? C.SO_EE_ORIGIN_ICMP : C.SO_EE_ORIGIN_ICMP6,
      offender: address,
    });
    await a.sendto("self", a.getsockname());
    expect((await a.recv(10))?.toString()).toBe("self");
  });

  it("an error that nobody takes does not spin", async () => {
    const [a, b] = datagrams(family, address);
    a.setsockopt(
      family === C.AF_INET ? C.IPPROTO_IP : C.IPPROTO_IPV6,
      family === C.AF_INET ? C.IP_RECVERR : C.IPV6_RECVERR,
      1,
    );
    const gone = b.getsockname();
    b.close();
    await a.sendto("lost", gone);
    await expect(a.recv(10)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const before = process.cpuUsage();
    await expect(a.recv(10, { timeout: 300 })).rejects.toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(150);
    // It was kept for whoever asks.
    expect((await a.recvmsg(10, 512, { flags: C.MSG_ERRQUEUE })).data.toString()).toBe("lost");
  });
});

describe("passing descriptors", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-"));
  const file = join(folder, "passed");
  writeFileSync(file, "contents");
  process.once("exit", () => rmSync(folder, { recursive: true }));

  it.each([
    ["a stream", C.SOCK_STREAM],
    ["datagrams", C.SOCK_DGRAM],
  ])("over %s", async (_name, type) => {
    const [a, b] = track(...socketpair(C.AF_UNIX, type));
    const fd = openSync(file, "r");
    await a.sendFds("two", [fd, fd]);
    const { data, descriptors } = await b.recvFds(10, 2);
    expect(data.toString()).toBe("two");
    expect(descriptors.length).toBe(2);
    const taken = descriptors[0]!.take();
    const bytes = Buffer.alloc(8);
    expect(readSync(taken, bytes, 0, 8, 0)).toBe(8);
    expect(bytes.toString()).toBe("contents");
    // Close-on-exec, so that no child inherits it by accident: FD_CLOEXEC shows as O_CLOEXEC in fdinfo.
    const [, flags] = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${taken}`, "utf8"))!;
    expect(Number.parseInt(flags!, 8) & 0o2000000).toBe(0o2000000);
    descriptors[1]!.close();
  });

  it("closes everything when more come than were asked for", async () => {
    const [a, b] = track(...socketpair());
    const fd = openSync(file, "r");
    const before = openCount(file);
    await a.sendFds("x", new Array(20).fill(fd));
    await expect(b.recvFds(10, 3)).rejects.toMatchObject({ code: "ERR_SOCKET_TRUNCATED" });
    // One more for the look itself.
    expect(openCount(file)).toBe(before + 1);
    await a.sendFds("y", [fd]);
    const { data, descriptors } = await b.recvFds(10, 3);
    expect([data.toString(), descriptors.length]).toEqual(["y", 1]);
    descriptors[0]!.close();
  });

  it("hands a connection over", async () => {
    const [a, b] = track(...socketpair());
    const [near, far] = track(...socketpair());
    await a.sendFds("socket", [far.fileno()]);
    far.close();
    const { descriptors } = await b.recvFds(10, 1);
    const [received] = track(Socket.fromFd(descriptors[0]!.take()));
    await near.sendAll("hello");
    expect((await received.recv())?.toString()).toBe("hello");
  });

  it("is for Unix sockets", async () => {
    const [socket] = track(new Socket());
    await expect(socket.sendFds("x", [0])).rejects.toThrow("family must be AF_UNIX");
    await expect(socket.recvFds(1, 1)).rejects.toThrow("family must be AF_UNIX");
  });

  it("comes with recvmsg too, beside the sender's credentials", async () => {
    const [a, b] = track(...socketpair());
    b.setsockopt(C.SOL_SOCKET, C.SO_PASSCRED, 1);
    await a.sendmsg("x", { ancillary: [rights([0])] });
    const { ancillary, items } = await b.recvmsg(10, ancillarySpace(4) + ancillarySpace(12));
    expect(ancillary.credentials).toEqual({ pid: process.pid, uid: process.getuid!(), gid: process.getgid!() });
    expect(ancillary.descriptors?.length).toBe(1);
    ancillary.descriptors![0]!.close();
    expect(items.map(({ type }) => type)).toEqual([C.SCM_CREDENTIALS]);
  });
});

describe("flags", () => {
  it("MSG_OOB: urgent data comes apart from the rest", async () => {
    const listener = track(new Socket())[0];
    listener.bind({ address: "127.0.0.1", port: 0 });
    listener.listen();
    const client = track(new Socket())[0];
    await client.connect(listener.getsockname());
    const { socket } = await listener.accept();
    track(socket);
    await client.send("ab!", { flags: C.MSG_OOB });
    expect((await socket.recv(10))?.toString()).toBe("ab");
    expect((await socket.recv(1, { flags: C.MSG_OOB }))?.toString()).toBe("!");
  });

  it("MSG_TRUNC: a datagram tells its length without being copied", async () => {
    const [a, b] = track(...socketpair(C.AF_UNIX, C.SOCK_DGRAM));
    await a.send("longer than that");
    expect(await b.recvInto(Buffer.alloc(4), { flags: C.MSG_TRUNC })).toBe(16);
  });
});
