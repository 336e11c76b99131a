import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { closeAll, families, fill, receiveAll, streamPair, track, turn } from "../test/pairs.ts";
import { AF_INET, SHUT_WR, SOCK_DGRAM } from "./constants.ts";
import { Socket } from "./socket.ts";

const folder = mkdtempSync(join(tmpdir(), "sockeye-"));
process.once("exit", () => rmSync(folder, { recursive: true }));
const SIZE = 10 * 1024 * 1024 + 7;
const contents = Buffer.from(Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8)) & 255));
const path = join(folder, "file");
writeFileSync(path, contents);
writeFileSync(join(folder, "empty"), "");

const files: FileHandle[] = [];
async function file(name = "file"): Promise<FileHandle> {
  const handle = await open(join(folder, name), "r");
  files.push(handle);
  return handle;
}
afterEach(async () => {
  closeAll();
  await Promise.all(files.splice(0).map((handle) => handle.close()));
});

describe.each(families)("sendfile over $name", (family) => {
  it.each([
    ["a whole file", "file", {}, contents],
    ["an empty file", "empty", {}, Buffer.alloc(0)],
    ["from an offset", "file", { offset: 5_000 }, contents.subarray(5_000)],
    ["a number of bytes", "file", { count: 5_000_007 }, contents.subarray(0, 5_000_007)],
    ["one byte", "file", { count: 1 }, contents.subarray(0, 1)],
    ["nothing", "file", { count: 0 }, Buffer.alloc(0)],
    ["a number of bytes from an offset", "file", { offset: 2_007, count: 100_007 }, contents.subarray(2_007, 102_014)],
    ["more than there is", "file", { offset: SIZE - 3, count: 100 }, contents.subarray(-3)],
    ["from behind the end", "file", { offset: SIZE + 3 }, Buffer.alloc(0)],
    ["within a time that is enough", "file", { timeout: 20_000 }, contents],
  ])("sends %s", async (_what, name, options, expected) => {
    const [a, b] = await streamPair(family);
    const received = receiveAll(b);
    expect(await a.sendfile(await file(name), options)).toBe(expected.length);
    a.shutdown(SHUT_WR);
    expect((await received).equals(expected)).toBe(true);
  });

  it("tells how far it came when time is up, and the rest can follow", async () => {
    const [a, b] = await streamPair(family);
    const handle = await file();
    const error = await a.sendfile(handle, { timeout: 50 }).catch((reason) => reason);
    expect(error).toMatchObject({ code: "ERR_SOCKET_TIMEOUT", message: expect.stringContaining("within 50 ms") });
    const received = receiveAll(b);
    await a.sendfile(handle, { offset: error.bytesSent });
    a.shutdown(SHUT_WR);
    expect((await received).equals(contents)).toBe(true);
  });

  it("that may not wait sends what there is room for", async () => {
    const [a] = await streamPair(family);
    a.blocking = false;
    const error = await a.sendfile(await file()).catch((reason) => reason);
    expect(error.code).toBe("EAGAIN");
    expect(error.bytesSent).toBeGreaterThan(0);
  });

  it("ends with its signal, whether it waits or not", async () => {
    const [a, b] = await streamPair(family);
    const handle = await file();
    const signal = AbortSignal.abort("enough");
    await expect(a.sendfile(handle, { signal })).rejects.toMatchObject({ code: "ABORT_ERR", bytesSent: 0 });
    await expect(b.recv(1, { timeout: 0 })).rejects.toMatchObject({ code: "EAGAIN" });
    const waits = new AbortController();
    const waiting = a.sendfile(handle, { signal: waits.signal });
    await b.readable();
    waits.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ABORT_ERR", bytesSent: expect.any(Number) });
    // One whose peer reads as fast as it sends never waits.
    const [c, d] = await streamPair(family);
    const flows = new AbortController();
    const flowing = c.sendfile(handle, { signal: flows.signal });
    await d.recv();
    flows.abort();
    const draining = receiveAll(d);
    await expect(flowing).rejects.toMatchObject({ code: "ABORT_ERR", bytesSent: expect.any(Number) });
    c.close();
    await draining;
  });

  it("keeps other writes away until it is done, and reads go on", async () => {
    const [a, b] = await streamPair(family);
    const handle = await file();
    const sending = a.sendfile(handle);
    const busy = { code: "ERR_SOCKET_BUSY" };
    await expect(a.sendAll("x")).rejects.toMatchObject(busy);
    await expect(a.sendfile(handle)).rejects.toMatchObject(busy);
    await turn();
    await expect(a.sendmsg("x")).rejects.toMatchObject(busy);
    await b.sendAll("meanwhile");
    expect(String(await a.recv())).toBe("meanwhile");
    const received = receiveAll(b);
    expect(await sending).toBe(SIZE);
    await a.sendAll("after");
    a.shutdown(SHUT_WR);
    expect((await received).equals(Buffer.concat([contents, Buffer.from("after")]))).toBe(true);
  });

  it("does not go beside a write that waits", async () => {
    const [a] = await streamPair(family);
    fill(a);
    const waiting = expect(a.sendAll("x")).rejects.toMatchObject({ code: "ERR_SOCKET_CLOSED" });
    await expect(a.sendfile(await file())).rejects.toMatchObject({ code: "ERR_SOCKET_BUSY" });
    a.close();
    await waiting;
  });

  it("is a ClosedError when the socket is closed meanwhile", async () => {
    const [a] = await streamPair(family);
    const sending = a.sendfile(await file());
    await turn();
    a.close();
    await expect(sending).rejects.toMatchObject({ code: "ERR_SOCKET_CLOSED", bytesSent: expect.any(Number) });
    await expect(a.sendfile(await file())).rejects.toMatchObject({ code: "ERR_SOCKET_CLOSED" });
  });

  it("tells of a peer that is gone", async () => {
    const [a, b] = await streamPair(family);
    b.options.linger = 0;
    const sending = a.sendfile(await file());
    await b.recv();
    b.close();
    await expect(sending).rejects.toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) });
  });
});

describe("arguments", () => {
  it.each([
    [{ count: "2" }, "count must be an integer"],
    [{ count: 0.1 }, "count must be an integer"],
    [{ count: -1 }, "count must be an integer"],
    [{ offset: -1 }, "offset must be an integer"],
    [{ timeout: -1 }, "timeout must be"],
  ])("%j", async (options, message) => {
    const [a] = await streamPair();
    await expect(a.sendfile(await file(), options as object)).rejects.toThrow(message);
  });

  it("a file must be a FileHandle, of a file", async () => {
    const [a] = await streamPair();
    for (const wrong of [contents, path, 5, null, {}]) {
      await expect(a.sendfile(wrong as unknown as FileHandle)).rejects.toThrow("file must be a FileHandle");
    }
    await expect(a.sendfile(await file("."))).rejects.toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) });
  });

  it("datagram sockets send no files", async () => {
    const socket = track(new Socket(AF_INET, SOCK_DGRAM));
    await expect(socket.sendfile(await file())).rejects.toThrow("type must be SOCK_STREAM to send a file");
  });
});
