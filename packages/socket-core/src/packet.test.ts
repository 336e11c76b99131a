/** Raw, ping and packet sockets. They need root; without it the tests say so. */
import { afterEach, describe, expect, it } from "vitest";
import type { PacketAddress } from "./address.ts";
import { ReceiveBatch } from "./batch.ts";
import * as C from "./constants.ts";
import { ifNameIndex } from "./names.ts";
import { Socket } from "./socket.ts";

const root = process.getuid?.() === 0;
const open: Socket[] = [];
function track(socket: Socket): Socket {
  open.push(socket);
  return socket;
}
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

/** The Internet checksum, RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

function echoRequest(type: number, id: number): Buffer {
  const packet = Buffer.from([type, 0, 0, 0, id >> 8, id & 255, 0, 1, ...Buffer.from("sockeye!")]);
  packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

describe.skipIf(!root)("raw sockets (need root)", () => {
  it("ping 127.0.0.1", async () => {
    const socket = track(new Socket(C.AF_INET, C.SOCK_RAW, C.IPPROTO_ICMP));
    await socket.sendto(echoRequest(8, 0x1234), { address: "127.0.0.1", port: 0 });
    for (;;) {
      const { data, address } = await socket.recvfrom(100, { timeout: 5000 });
      const icmp = data.subarray((data[0]! & 15) * 4);
      // The loopback shows the request too.
      if (icmp[0] !== 0 || icmp.readUInt16BE(4) !== 0x1234) continue;
      expect(icmp.toString("latin1", 8)).toBe("sockeye!");
      expect(address).toEqual({ address: "127.0.0.1", port: 0 });
      break;
    }
  });

  it("ping ::1, with the kernel's checksum", async () => {
    const socket = track(new Socket(C.AF_INET6, C.SOCK_RAW, C.IPPROTO_ICMPV6));
    await socket.sendto(Buffer.from([128, 0, 0, 0, 0x12, 0x35, 0, 1, 42]), { address: "::1", port: 0 });
    for (;;) {
      const { data } = await socket.recvfrom(100, { timeout: 5000 });
      if (data[0] !== 129 || data.readUInt16BE(4) !== 0x1235) continue;
      expect(data[8]).toBe(42);
      break;
    }
  });

  it("IP_HDRINCL: the header is the caller's", async () => {
    const receiver = track(new Socket(C.AF_INET, C.SOCK_DGRAM));
    receiver.bind({ address: "127.0.0.1", port: 0 });
    const { port } = receiver.getsockname() as { port: number };
    const sender = track(new Socket(C.AF_INET, C.SOCK_RAW, C.IPPROTO_RAW));
    sender.setsockopt(C.IPPROTO_IP, C.IP_HDRINCL, 1);
    const packet = Buffer.from([
      0x45, 0, 0, 31, 0, 7, 0, 0, 64, 17, 0, 0, 127, 0, 0, 9, 127, 0, 0, 1, 0x30, 0x39, 0, 0, 0, 11, 0, 0, 1, 2, 3,
    ]);
    packet.writeUInt16BE(port, 22);
    await sender.sendto(packet, { address: "127.0.0.1", port: 0 });
    const { data, address } = await receiver.recvfrom(10, { timeout: 5000 });
    expect([...data]).toEqual([1, 2, 3]);
    expect(address).toEqual({ address: "127.0.0.9", port: 0x3039 });
  });
});

describe.skipIf(!root)("packet sockets (need root)", () => {
  const lo = (): number => ifNameIndex().find(({ name }) => name === "lo")!.index;

  it("see our own loopback traffic, filtered by a BPF program", async () => {
    const receiver = track(new Socket(C.AF_INET, C.SOCK_DGRAM));
    receiver.bind({ address: "127.0.0.1", port: 0 });
    const { port } = receiver.getsockname() as { port: number };
    // ldb [23]; jeq #17 (UDP); ldh [36] (destination port behind Ethernet and IPv4); jeq #port; ret #262144; ret #0
    const program = Buffer.alloc(6 * 8);
    const instruction = (i: number, code: number, jt: number, jf: number, k: number): void => {
      program.writeUInt16LE(code, i * 8);
      program[i * 8 + 2] = jt;
      program[i * 8 + 3] = jf;
      program.writeUInt32LE(k, i * 8 + 4);
    };
    instruction(0, 0x30, 0, 0, 23);
    instruction(1, 0x15, 0, 3, C.IPPROTO_UDP);
    instruction(2, 0x28, 0, 0, 36);
    instruction(3, 0x15, 0, 1, port);
    instruction(4, 0x06, 0, 0, 262_144);
    instruction(5, 0x06, 0, 0, 0);
    // Without a protocol it hears nothing until it is bound, and then nothing that the filter has not seen.
    const capture = track(new Socket(C.AF_PACKET, C.SOCK_RAW, 0));
    capture.attachFilter(program);
    capture.bind({ interface: "lo", protocol: C.ETH_P_IP });
    const sender = track(new Socket(C.AF_INET, C.SOCK_DGRAM));
    await sender.sendto("not this", { address: "127.0.0.1", port: port ^ 1 });
    await sender.sendto("this one", receiver.getsockname());
    const { data, address } = await capture.recvfrom<PacketAddress>(2000, { timeout: 5000 });
    expect(data.toString("latin1", 42)).toBe("this one");
    expect(address).toMatchObject({ interface: lo(), protocol: C.ETH_P_IP, hardwareAddress: "00:00:00:00:00:00" });
    // struct tpacket_stats { packets, drops }
    const statistics = capture.getsockopt(C.SOL_PACKET, C.PACKET_STATISTICS, 8);
    expect(statistics.readUInt32LE(0)).toBeGreaterThanOrEqual(1);
    expect(statistics.readUInt32LE(4)).toBe(0);
    capture.attachFilter(null);
    expect(() => capture.attachFilter(Buffer.alloc(8))).toThrow("EINVAL");
    expect(() => capture.attachFilter(Buffer.alloc(7))).toThrow("EINVAL");
  });

  it("bind to an interface, listen to everything, send frames", async () => {
    const socket = track(new Socket(C.AF_PACKET, C.SOCK_RAW, 0));
    // struct packet_mreq { interface, type, address length, address }
    const membership = Buffer.alloc(16);
    membership.writeInt32LE(lo(), 0);
    membership.writeUInt16LE(C.PACKET_MR_PROMISC, 4);
    socket.setsockopt(C.SOL_PACKET, C.PACKET_ADD_MEMBERSHIP, membership);
    socket.bind({ interface: lo(), protocol: 0x88b5 });
    expect(socket.getsockname()).toMatchObject({ interface: lo(), protocol: 0x88b5 });
    const frame = Buffer.alloc(60);
    frame.writeUInt16BE(0x88b5, 12);
    frame.write("sockeye", 14);
    await socket.sendto(frame, { interface: "lo", protocol: 0x88b5, hardwareAddress: "00:00:00:00:00:00" });
    const { data } = await socket.recvfrom<PacketAddress>(100, { timeout: 5000 });
    expect(data.toString("latin1", 14, 21)).toBe("sockeye");
  });

  it("messages and batches, which packet sockets give without MSG_CMSG_CLOEXEC", async () => {
    const socket = track(new Socket(C.AF_PACKET, C.SOCK_RAW, 0));
    socket.setsockopt(C.SOL_SOCKET, C.SO_TIMESTAMPNS, 1);
    socket.setsockopt(C.SOL_PACKET, C.PACKET_AUXDATA, 1);
    socket.bind({ interface: lo(), protocol: 0x88b6 });
    const frame = Buffer.alloc(60, 7);
    frame.writeUInt16BE(0x88b6, 12);
    const to = { interface: "lo", protocol: 0x88b6, hardwareAddress: "00:00:00:00:00:00" };
    for (let i = 0; i < 3; i++) await socket.sendto(frame, to);
    const message = await socket.recvmsg(20, 256, { timeout: 5000 });
    expect([message.data.length, message.flags & C.MSG_TRUNC, typeof message.ancillary.timestamp]).toEqual([
      20,
      C.MSG_TRUNC,
      "bigint",
    ]);
    const batch = new ReceiveBatch(8, 32);
    expect(await socket.receiveMany(batch, { timeout: 5000 })).toBe(2);
    // struct tpacket_auxdata { status, length … }: the length on the wire.
    const at = batch.ancillaryOffset(1, C.SOL_PACKET, C.PACKET_AUXDATA);
    expect([batch.size(1), new DataView(batch.records.buffer).getUint32(at + 4, true)]).toEqual([32, 60]);
    expect(batch.address(1)).toMatchObject({ interface: lo(), protocol: 0x88b6 });
  });

  it("bad addresses", () => {
    const socket = track(new Socket(C.AF_PACKET, C.SOCK_RAW, 0));
    const bind = (address: unknown) => () => socket.bind(address as PacketAddress);
    expect(bind({ port: 1 })).toThrow("address must be { interface, protocol } for a packet socket");
    expect(bind({ interface: "no-such", protocol: 1 })).toThrow("if_nametoindex ENXIO no-such");
    expect(bind({ interface: 1, protocol: 65_536 })).toThrow("protocol must be an integer from 0 to 65535");
    expect(bind({ interface: 1, protocol: 1, hardwareAddress: "zz" })).toThrow("hardwareAddress must be hexadecimal");
  });
});
