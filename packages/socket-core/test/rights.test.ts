/** SCM_RIGHTS, unix(7): whatever the sender packs and however little room the receiver makes, no descriptor leaks. */
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AF_UNIX,
  type AncillaryMessage,
  ancillarySpace,
  type Message,
  MSG_CTRUNC,
  MSG_PEEK,
  rights,
  SCM_RIGHTS,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
  type Socket,
  socketpair,
} from "../src/index.ts";
import { closeAll, track } from "./pairs.ts";

const MSG = "Michael Gilfix was here";
const folder = mkdtempSync(join(tmpdir(), "sockeye-"));
process.once("exit", () => rmSync(folder, { recursive: true }));

/** Descriptors of this process that are open on the files of this test. */
function openFiles(): number {
  const files = new Set(readdirSync(folder).map((name) => openInode(join(folder, name))));
  let count = 0;
  for (const fd of readdirSync("/dev/fd")) {
    try {
      if (files.has(fstatSync(Number(fd)).ino)) count++;
    } catch {
      // The listing's own.
    }
  }
  return count;
}
function openInode(path: string): number {
  const fd = openSync(path, "r");
  try {
    return fstatSync(fd).ino;
  } finally {
    closeSync(fd);
  }
}

const sent: number[] = [];
function newFiles(count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const path = join(folder, String(i));
    writeFileSync(path, String(i));
    const fd = openSync(path, "r");
    sent.push(fd);
    return fd;
  });
}

let before = 0;
beforeEach(() => {
  before = openFiles();
});
afterEach(() => {
  closeAll();
  for (const fd of sent.splice(0)) closeSync(fd);
  expect(openFiles()).toBe(before);
});

/** Each file holds its number; what was received is closed. */
function numbersIn(message: Message): string[] {
  return (message.ancillary.descriptors ?? []).map((descriptor) => {
    const bytes = Buffer.alloc(10);
    const length = readSync(descriptor.fd, bytes, 0, 10, 0);
    descriptor.close();
    return bytes.toString("latin1", 0, length);
  });
}

const INT = 4;
/** CMSG_LEN and CMSG_SPACE of cmsg(3). */
const len = (bytes: number): number => ancillarySpace(0) + bytes;
const space = ancillarySpace;
const raw = (data: Uint8Array): AncillaryMessage => ({ level: SOL_SOCKET, type: SCM_RIGHTS, data });
const ints = (...values: number[]): Uint8Array => new Uint8Array(new Int32Array(values).buffer);
/** No descriptor, whichever of its bytes is replaced. */
const BAD = -0x5555;

describe.each([
  ["streams", SOCK_STREAM],
  ["datagrams", SOCK_DGRAM],
  ["sequenced packets", SOCK_SEQPACKET],
])("passing descriptors over %s", (_name, type) => {
  function make(): [Socket, Socket] {
    return socketpair(AF_UNIX, type).map((socket) => track(socket)) as [Socket, Socket];
  }

  it.each<[string, number, (files: number[]) => AncillaryMessage[], number]>([
    ["one", 1, (files) => [rights(files)], 10_240],
    ["several", 4, (files) => [rights(files)], 10_240],
    ["several, into CMSG_SPACE", 4, (files) => [rights(files)], space(4 * INT)],
    ["one, into CMSG_LEN of more", 1, (files) => [rights(files)], len(4 * INT)],
    ["two, each in an item of its own", 2, ([a, b]) => [rights([a!]), rights([b!])], 10_240],
    ["two items, into the least room", 2, ([a, b]) => [rights([a!]), rights([b!])], space(INT) + len(2 * INT)],
  ])("%s", async (_what, count, items, room) => {
    const [a, b] = make();
    expect(await a.sendmsg(MSG, { ancillary: items(newFiles(count)) })).toBe(MSG.length);
    const message = await b.recvmsg(MSG.length, room);
    expect(String(message.data)).toBe(MSG);
    expect(numbersIn(message)).toEqual(Array.from({ length: count }, (_, i) => String(i)));
    // They are numbers that somebody must close: not among the items that may be ignored.
    expect(message.items).toEqual([]);
  });

  it.each<[string, number, (files: number[]) => AncillaryMessage[], string[]]>([
    ["an empty item", 0, () => [raw(new Uint8Array(0))], []],
    ["a part of a number", 0, () => [raw(ints(BAD).subarray(0, 3))], []],
    ["a part of a number in the middle", 2, ([x, y]) => [raw(ints(x!, BAD).subarray(0, 7)), rights([y!])], ["0", "1"]],
  ])("%s is refused, or passes what is whole", async (_what, count, items, expected) => {
    const [a, b] = make();
    const ancillary = items(newFiles(count));
    const refused = await a.sendmsg(MSG, { ancillary }).then(
      () => false,
      (error) => typeof error.errno === "number",
    );
    if (refused) await a.sendmsg(MSG);
    const message = await b.recvmsg(MSG.length, 10_240);
    expect(String(message.data)).toBe(MSG);
    expect(numbersIn(message)).toEqual(refused ? [] : expected);
  });

  it.each([
    ["the default, none", undefined],
    ["none", 0],
    ["a byte", 1],
    ["two numbers", 2 * INT],
    ["a byte less than a header", len(0) - 1],
  ])("room for %s: nothing comes, and that is told", async (_what, room) => {
    const [a, b] = make();
    await a.sendmsg(MSG, { ancillary: [rights(newFiles(1))] });
    const message = await b.recvmsg(MSG.length, room);
    expect([String(message.data), message.ancillary, message.items]).toEqual([MSG, {}, []]);
    expect(message.flags & MSG_CTRUNC).toBe(MSG_CTRUNC);
  });

  it.each([
    ["a header", 1, len(0), 0],
    ["a header and a byte", 2, len(0) + 1, 0],
    ["one number, of two", 2, len(INT), 1],
    ["a byte less than two numbers", 2, len(2 * INT) - 1, 1],
  ])("room for %s: whole numbers come, and it is told that some did not", async (_what, count, room, most) => {
    const [a, b] = make();
    await a.sendmsg(MSG, { ancillary: [rights(newFiles(count))] });
    const message = await b.recvmsg(MSG.length, room);
    expect(String(message.data)).toBe(MSG);
    expect(message.flags & MSG_CTRUNC).toBe(MSG_CTRUNC);
    const numbers = numbersIn(message);
    expect(numbers.length).toBeLessThanOrEqual(most);
    expect(numbers).toEqual(["0"].slice(0, numbers.length));
  });

  it("recvmsgInto gives them as well", async () => {
    const [a, b] = make();
    await a.sendmsg(["ab", "cd"], { ancillary: [rights(newFiles(2))] });
    const memory = [Buffer.alloc(1), Buffer.alloc(5)];
    const { length, ...rest } = await b.recvmsgInto(memory, space(2 * INT));
    expect([length, String(Buffer.concat(memory).subarray(0, 4))]).toEqual([4, "abcd"]);
    expect(numbersIn({ data: Buffer.alloc(0), ...rest })).toEqual(["0", "1"]);
  });

  it("peeking gives copies, and the message keeps its own", async () => {
    const [a, b] = make();
    await a.sendFds("x", newFiles(1));
    expect(numbersIn(await b.recvmsg(1, space(INT), { flags: MSG_PEEK }))).toEqual(["0"]);
    expect(numbersIn(await b.recvmsg(1, space(INT)))).toEqual(["0"]);
  });

  it("sendFds and recvFds pass several and their data", async () => {
    const [a, b] = make();
    await a.sendFds(MSG, newFiles(10));
    const { data, descriptors } = await b.recvFds(100, 10);
    expect(String(data)).toBe(MSG);
    const message = { ancillary: { descriptors } } as Message;
    expect(numbersIn(message)).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
  });

  it("a descriptor that is not open is EBADF, and nothing is sent", async () => {
    const [a, b] = make();
    await expect(a.sendFds("x", [9_999])).rejects.toMatchObject({ code: "EBADF" });
    await expect(b.recv(1, { timeout: 0 })).rejects.toMatchObject({ code: "EAGAIN" });
  });

  it("what is in the queue when the receiver closes is closed with it", async () => {
    const [a, b] = make();
    await a.sendFds("x", newFiles(3));
    b.close();
  });

  it("a received descriptor is closed on exec", async () => {
    const [a, b] = make();
    await a.sendFds("x", newFiles(1));
    const [descriptor] = (await b.recvFds(1, 1)).descriptors;
    const [, flags] = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${descriptor!.fd}`, "utf8"))!;
    expect(Number.parseInt(flags!, 8) & 0o2000000).toBe(0o2000000);
    descriptor!.close();
  });
});
