/** Both sides against each other, and each against a peer that does as it likes. */
import { createHash, randomBytes } from "node:crypto";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByteStream } from "@sockeye/async-streams";
import { memoryPair } from "@sockeye/async-streams/testing";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { hostileNames } from "../../test/hostile-names.ts";
import { type Messages, messagesOf } from "./messages.ts";
import { Receiver } from "./receiver.ts";
import { sendFile } from "./send-file.ts";

const MAX_SIZE = 1_000_000;
const silent = (): (() => void) => () => {};
const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "transfer-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function fileOf(content: Uint8Array): Promise<FileHandle> {
  const path = join(folder(), "source");
  writeFileSync(path, content);
  const file = await open(path);
  onTestFinished(() => file.close());
  return file;
}

/** A receiver, and a sender of the test's own. */
function hostileSender(to: string): { received: Promise<unknown>; peer: ByteStream; messages: Messages } {
  const [stream, peer] = memoryPair();
  const received = new Receiver({ folder: to, maxSize: MAX_SIZE }).receive(stream, silent).then(
    () => "received",
    (error) => {
      // Not awaited: it waits for the peer's end.
      if (error.name === "RefusedError") void stream.close();
      else stream.abort();
      return error;
    },
  );
  return { received, peer, messages: messagesOf(peer) };
}

describe("a transfer", () => {
  it("goes on at every byte at which it can be cut", async () => {
    const content = randomBytes(40);
    for (let length = 0; length <= content.length; length++) {
      const to = folder();
      writeFileSync(join(to, ".x.part"), content.subarray(0, length));
      const [there, here] = memoryPair({ capacity: 7 });
      const receiving = new Receiver({ folder: to, maxSize: MAX_SIZE }).receive(there, silent);
      const file = await fileOf(content);
      const sent = await sendFile(here, file, { name: "x", size: content.length, onProgress: silent });
      expect(sent).toEqual({ from: length, sha256: sha256(content) });
      expect(await receiving).toEqual({ name: "x", size: 40, from: length, sha256: sha256(content) });
      expect(readFileSync(join(to, "x")).equals(content)).toBe(true);
    }
  });

  it("keeps what came before a cut, to the byte", async () => {
    const to = folder();
    const { received, peer, messages } = hostileSender(to);
    await messages.send({ type: "offer", name: "x", size: 1_000 });
    expect(await messages.receive()).toEqual({ type: "have", length: 0 });
    await messages.send({ type: "prefix", sha256: sha256(Buffer.alloc(0)) });
    expect(await messages.receive()).toEqual({ type: "go", from: 0 });
    await peer.writer.end("x".repeat(777));
    expect(await received).toMatchObject({ code: "ERR_STREAM_INCOMPLETE" });
    expect(readFileSync(join(to, ".x.part"), "utf8")).toBe("x".repeat(777));
  });

  it.each([
    ["x", "x"],
    ["A.txt", "a.TXT"],
    ["\u00fc", "U\u0308"],
    ["stra\u00dfe", "STRASSE"],
  ])("of one name is from one sender at a time: %j and %j", async (name, again) => {
    const to = folder();
    const receiver = new Receiver({ folder: to, maxSize: MAX_SIZE });
    const [first, firstPeer] = memoryPair();
    const [second, secondPeer] = memoryPair();
    const receiving = [first, second].map((stream) => receiver.receive(stream, silent).catch((error) => error));
    await messagesOf(firstPeer).send({ type: "offer", name, size: 1 });
    expect(await messagesOf(firstPeer).receive()).toEqual({ type: "have", length: 0 });
    await messagesOf(secondPeer).send({ type: "offer", name: again, size: 1 });
    const refused = { type: "refused", reason: `somebody is sending "${again}" already` };
    expect(await messagesOf(secondPeer).receive()).toEqual(refused);
    firstPeer.abort();
    await Promise.all(receiving);
    // The name is free again.
    const [third, thirdPeer] = memoryPair();
    void receiver.receive(third, silent).catch(() => {});
    await messagesOf(thirdPeer).send({ type: "offer", name: again, size: 1 });
    expect(await messagesOf(thirdPeer).receive()).toEqual({ type: "have", length: 0 });
    thirdPeer.abort();
  });
});

describe("the receiver", () => {
  it.each(hostileNames)("refuses the name %j", async (name) => {
    const to = folder();
    const { received, messages } = hostileSender(to);
    await messages.send({ type: "offer", name, size: 1 });
    expect(await messages.receive()).toMatchObject({
      type: "refused",
      reason: expect.stringMatching(/^the name is not good/),
    });
    expect(await received).toMatchObject({ name: "RefusedError" });
    expect(readdirSync(to)).toEqual([]);
  });

  it.each([
    ['{"type":"offer","name":"a\\u001b[2J","size":1}', "name: must be text without control characters"],
    ['{"type":"offer","name":"a\\u0000","size":1}', "name: must be text without control characters"],
    ['{"type":"offer","name":5,"size":1}', "name: must be text without control characters"],
    ['{"type":"offer","name":"x"}', "size: must be a whole number of bytes"],
    ['{"type":"offer","name":"x","size":-1}', "size: must be a whole number of bytes"],
    ['{"type":"offer","name":"x","size":1.5}', "size: must be a whole number of bytes"],
    ['{"type":"offer","name":"x","size":1e400}', "size: must be a whole number of bytes"],
    ['{"type":"offer","name":"x","size":9007199254740993}', "size: must be a whole number of bytes"],
    ['{"type":"offer","name":"x","size":"1"}', "size: must be a whole number of bytes"],
    ['{"type":"received"}', 'The peer said "received" where "offer" was expected'],
    ['{"type":"__proto__"}', "type: is no message of a transfer"],
    ['{"type":["offer"],"name":"x","size":1}', "type: is no message of a transfer"],
    ["[]", "type: is no message of a transfer"],
    ["no JSON", "JSON"],
    ["null", "type: is no message of a transfer"],
    [`{"type":"offer","name":"${"x".repeat(5_000)}","size":1}`, "No end within 4096 bytes"],
    ["x".repeat(100_000), "No end within 4096 bytes"],
  ])("does not take %j", async (line, message) => {
    const to = folder();
    const { received, peer } = hostileSender(to);
    void peer.writer.end(`${line}\n`);
    expect(await received).toMatchObject({ message: expect.stringContaining(message) });
    expect(readdirSync(to)).toEqual([]);
  });

  it("refuses more than it may take, and more than there is room for", async () => {
    const { messages, received } = hostileSender(folder());
    await messages.send({ type: "offer", name: "x", size: MAX_SIZE + 1 });
    expect(await messages.receive()).toMatchObject({
      reason: "1000001 bytes are more than the 1000000 that are allowed",
    });
    await received;
    const [there, here] = memoryPair();
    const receiver = new Receiver({ folder: folder(), maxSize: Number.MAX_SAFE_INTEGER });
    const refused = receiver.receive(there, silent).catch((error) => error.message);
    await messagesOf(here).send({ type: "offer", name: "x", size: Number.MAX_SAFE_INTEGER });
    expect(await messagesOf(here).receive()).toEqual({ type: "refused", reason: "there is no room for it" });
    expect(await refused).toBe("there is no room for it");
  });

  it("needs no room for what is there already", async () => {
    const to = folder();
    const { bavail, bsize } = statfsSync(to);
    const size = bavail * bsize + 2 ** 30;
    const part = join(to, ".x.part");
    writeFileSync(part, "");
    // A hole: it takes none of the room that it stands for.
    truncateSync(part, size - 10);
    const [there, here] = memoryPair();
    const over = new AbortController();
    const receiver = new Receiver({ folder: to, maxSize: Number.MAX_SAFE_INTEGER });
    const received = receiver.receive(there, silent, over.signal).catch((error) => error);
    await messagesOf(here).send({ type: "offer", name: "x", size });
    expect(await messagesOf(here).receive()).toEqual({ type: "have", length: size - 10 });
    over.abort();
    expect(await received).toMatchObject({ name: "AbortError" });
  });

  it("throws away what has another hash than it should", async () => {
    const to = folder();
    const { received, peer, messages } = hostileSender(to);
    await messages.send({ type: "offer", name: "x", size: 3 });
    await messages.receive();
    await messages.send({ type: "prefix", sha256: sha256(Buffer.alloc(0)) });
    await messages.receive();
    await peer.writer.write("abc");
    await messages.send({ type: "end", sha256: sha256(Buffer.from("abd")) });
    const reason = "what has arrived has another hash than what was sent";
    expect(await messages.receive()).toEqual({ type: "refused", reason });
    expect(await received).toMatchObject({ name: "RefusedError", message: reason });
    expect(readdirSync(to)).toEqual([]);
  });

  it("takes no byte more than was promised for content", async () => {
    const to = folder();
    const { received, peer, messages } = hostileSender(to);
    await messages.send({ type: "offer", name: "x", size: 3 });
    await messages.receive();
    await messages.send({ type: "prefix", sha256: sha256(Buffer.alloc(0)) });
    await messages.receive();
    await peer.writer.end(`abc${"d".repeat(50_000)}`);
    expect(await received).toMatchObject({ message: "No end within 4096 bytes" });
    expect(readFileSync(join(to, ".x.part"), "utf8")).toBe("abc");
  });

  it("writes through no link, and over nothing that comes meanwhile", async () => {
    const to = folder();
    const elsewhere = join(folder(), "victim");
    writeFileSync(elsewhere, "untouched");
    symlinkSync(elsewhere, join(to, ".x.part"));
    symlinkSync(elsewhere, join(to, "y"));
    for (const [name, reason] of [
      ["x", "it cannot be written to the disk"],
      ["y", 'there is a file "y" already'],
    ] as const) {
      const { messages, received } = hostileSender(to);
      await messages.send({ type: "offer", name, size: 3 });
      expect(await messages.receive()).toEqual({ type: "refused", reason });
      await received;
    }
    expect(readFileSync(elsewhere, "utf8")).toBe("untouched");

    const { received, peer, messages } = hostileSender(to);
    await messages.send({ type: "offer", name: "z", size: 3 });
    await messages.receive();
    await messages.send({ type: "prefix", sha256: sha256(Buffer.alloc(0)) });
    await messages.receive();
    await peer.writer.write("abc");
    writeFileSync(join(to, "z"), "mine");
    await messages.send({ type: "end", sha256: sha256(Buffer.from("abc")) });
    expect(await messages.receive()).toEqual({ type: "refused", reason: "there is such a file by now" });
    await received;
    expect(readFileSync(join(to, "z"), "utf8")).toBe("mine");
  });

  it("never has a whole file that is not what its hash says, whatever is changed on the way", async () => {
    const content = Buffer.from("0123456789".repeat(20));
    const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
    const wire = Buffer.concat([
      Buffer.from(line({ type: "offer", name: "x", size: content.length })),
      Buffer.from(line({ type: "prefix", sha256: sha256(Buffer.alloc(0)) })),
      content,
      Buffer.from(line({ type: "end", sha256: sha256(content) })),
    ]);
    const change = fc.record({ at: fc.nat(wire.length - 1), byte: fc.nat(255), drop: fc.nat(3), times: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 3 }), async (changes) => {
        let bytes: Buffer = wire;
        for (const { at, byte, drop, times } of changes) {
          bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(times, byte), bytes.subarray(at + drop)]);
        }
        const to = mkdtempSync(join(tmpdir(), "transfer-"));
        const { received, peer } = hostileSender(to);
        peer.writer.end(bytes).catch(() => {});
        const outcome = await received;
        peer.abort();
        const whole = readdirSync(to).filter((name) => !name.startsWith("."));
        expect(whole.length).toBe(outcome === "received" ? 1 : 0);
        for (const name of whole) expect(readFileSync(join(to, name)).equals(content)).toBe(true);
        rmSync(to, { recursive: true });
      }),
      { numRuns: 200 },
    );
  });
});

describe("the sender", () => {
  /** A receiver of the test's own. */
  async function hostileReceiver(
    content = randomBytes(1_000),
  ): Promise<{ sent: Promise<Error>; messages: Messages; peer: ByteStream }> {
    const [stream, peer] = memoryPair({ capacity: 100 });
    const file = await fileOf(content);
    const sent = sendFile(stream, file, { name: "x", size: content.length, onProgress: silent }).then(
      () => new Error("it was sent"),
      (error) => {
        stream.abort();
        return error;
      },
    );
    const messages = messagesOf(peer);
    expect(await messages.receive()).toEqual({ type: "offer", name: "x", size: content.length });
    return { sent, messages, peer };
  }

  it("does not believe in more than there is", async () => {
    const { sent, messages } = await hostileReceiver();
    await messages.send({ type: "have", length: 1_001 });
    expect((await sent).message).toBe("The receiver has 1001 bytes of 1000");
  });

  it("goes on where it was agreed, or at the beginning", async () => {
    const { sent, messages } = await hostileReceiver();
    await messages.send({ type: "have", length: 500 });
    await messages.receive();
    await messages.send({ type: "go", from: 499 });
    expect((await sent).message).toBe("The receiver asks for byte 499, not 0 or 500");
  });

  it("stops in the middle when it is refused", async () => {
    const { sent, messages } = await hostileReceiver();
    await messages.send({ type: "have", length: 0 });
    await messages.receive();
    await messages.send({ type: "go", from: 0 });
    // There is room for a hundred bytes only, so it is in the middle for certain.
    await messages.send({ type: "refused", reason: "the disk is full" });
    expect(await sent).toMatchObject({ name: "RefusedError", message: "the disk is full" });
  });

  it("says that its file became shorter", async () => {
    const [stream, peer] = memoryPair();
    const file = await fileOf(Buffer.from("abc"));
    const sent = sendFile(stream, file, { name: "x", size: 5, onProgress: silent }).catch((error) => error.message);
    const messages = messagesOf(peer);
    await messages.receive();
    await messages.send({ type: "have", length: 0 });
    await messages.receive();
    await messages.send({ type: "go", from: 0 });
    expect(await sent).toBe("The file has become shorter than the 5 bytes that were promised");
    stream.abort();
  });

  it.each(["have", "go", "received"])("notices that the receiver is gone in place of %s", async (missing) => {
    const { sent, messages, peer } = await hostileReceiver(Buffer.from("abc"));
    if (missing !== "have") {
      await messages.send({ type: "have", length: 0 });
      await messages.receive();
    }
    if (missing === "received") {
      await messages.send({ type: "go", from: 0 });
      await peer.reader.readExactly(3);
      await messages.receive();
    }
    await peer.writer.end();
    expect(await sent).toMatchObject({ code: "ERR_STREAM_INCOMPLETE" });
  });

  it("ends with its signal, also while it waits", async () => {
    const [stream, peer] = memoryPair();
    const controller = new AbortController();
    const file = await fileOf(Buffer.from("abc"));
    const options = { name: "x", size: 3, onProgress: silent, signal: controller.signal };
    const sent = sendFile(stream, file, options).catch((error) => error);
    await messagesOf(peer).receive();
    controller.abort();
    expect(await sent).toMatchObject({ code: "ERR_SOCKET_CLOSED" });
  });
});
