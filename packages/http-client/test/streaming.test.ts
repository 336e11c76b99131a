import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { file, HTTPError, type Response, ResponseTooLarge, Session, StreamConsumedError } from "../src/index.ts";
import { type Httpbin, startHttpbin } from "./httpbin.ts";
import { startRawServer } from "./raw-server.ts";

let bin: Httpbin;
let session: Session;
let folder: string;
beforeAll(async () => {
  bin = await startHttpbin();
  folder = mkdtempSync(join(tmpdir(), "http-client-"));
});
afterAll(async () => {
  await bin.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  session = new Session({ trust: { proxy: false, netrc: false } });
});
afterEach(() => session.close());

describe("reading", () => {
  test("iterBytes of a size", async () => {
    const r = await session.stream("GET", `${bin.url}/stream-bytes/200000`);
    expect(r.isStreaming).toBe(true);
    const sizes: number[] = [];
    for await (const chunk of r.iterBytes(64_000)) sizes.push(chunk.length);
    expect([sizes, r.isStreaming]).toEqual([[64_000, 64_000, 64_000, 8_000], false]);
    const buffered = await session.get(`${bin.url}/bytes/10`);
    const pieces: number[] = [];
    for await (const chunk of buffered.iterBytes(4)) pieces.push(chunk.length);
    expect(pieces).toEqual([4, 4, 2]);
    await expect(buffered.iterBytes(0).next()).rejects.toThrow("size must be");
  });
  test("iterLines, decoded", async () => {
    const r = await session.stream("GET", `${bin.url}/stream/20`);
    const ids: number[] = [];
    for await (const line of r.iterLines()) ids.push((JSON.parse(line) as { id: number }).id);
    expect(ids).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
  test("text, json and bytes of a stream", async () => {
    expect(await (await session.stream("GET", `${bin.url}/json`)).json()).toHaveProperty("slideshow");
    const r = await session.stream("GET", `${bin.url}/gzip`);
    expect(await r.text()).toContain("coding");
    expect(await r.json()).toHaveProperty("coding");
  });
  test("stream: true is stream()", async () => {
    await using r = await session.get(`${bin.url}/stream-bytes/200000`, { stream: true });
    expect(r.isStreaming).toBe(true);
    await using sent = await session.send(session.prepare("GET", `${bin.url}/bytes/10`), { stream: true });
    expect([sent.isStreaming, (await sent.bytes()).length]).toEqual([true, 10]);
  });
  test("break keeps the rest", async () => {
    await using r = await session.stream("GET", `${bin.url}/bytes/10`);
    for await (const chunk of r.iterBytes(4)) {
      expect(chunk).toHaveLength(4);
      break;
    }
    expect(await r.bytes()).toHaveLength(6);
  });
  test("a stream is read once", async () => {
    const r = await session.stream("GET", `${bin.url}/bytes/10`);
    expect(() => r.bodyBytes).toThrow(StreamConsumedError);
    for await (const _ of r.iterBytes());
    await expect(r.bytes()).rejects.toThrow(StreamConsumedError);
    const closed = await session.stream("GET", `${bin.url}/bytes/10`);
    await closed.close();
    await expect(closed.text()).rejects.toThrow(StreamConsumedError);
  });
  test.each(["gzip", "deflate", "raw-deflate", "brotli", "double"])("decoded as it comes: %s", async (endpoint) => {
    const r = await session.stream("GET", `${bin.url}/${endpoint}`);
    expect(await r.json()).toHaveProperty("coding");
  });
  test("redirects and history", async () => {
    await using r = await session.stream("GET", `${bin.url}/redirect/2`);
    expect([r.history.length, await r.json()]).toEqual([2, expect.objectContaining({ url: `${bin.url}/get` })]);
  });
  test("throwHttpErrors keeps the body of the error", async () => {
    const error = await session
      .stream("GET", `${bin.url}/redirect-to?url=/retry-after/stream-error%3Fstatus=500`, { throwHttpErrors: true })
      .catch((e: unknown) => e);
    expect(await (error as HTTPError).response!.json()).toEqual({ tries: 1 });
  });
  test("download progress", async () => {
    const seen: (number | null)[][] = [];
    await session.get(`${bin.url}/bytes/1000000`, {
      onDownloadProgress: ({ transferred, total }) => seen.push([transferred, total]),
    });
    expect([seen.length > 1, seen.at(-1)]).toEqual([true, [1_000_000, 1_000_000]]);
    const streamed: number[] = [];
    const r = await session.stream("GET", `${bin.url}/stream-bytes/1000000`, {
      onDownloadProgress: ({ transferred, total }) => total === null && streamed.push(transferred),
    });
    await r.bytes();
    expect(streamed.at(-1)).toBe(1_000_000);
  });
  test("disposal gives the connection up", async () => {
    const before = bin.sockets.size;
    {
      await using r = await session.stream("GET", `${bin.url}/stream-bytes/1000000000`);
      expect(r.status).toBe(200);
    }
    await expect.poll(() => bin.sockets.size).toBeLessThanOrEqual(before);
  });
  test("the server is paused while nobody reads", async () => {
    let written = 0;
    const server = createServer((_, response) => {
      const chunk = Buffer.alloc(65_536);
      const fill = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        if (!response.destroyed) response.once("drain", fill);
      };
      fill();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const r = await session.stream("GET", `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    let last = -1;
    // Kernel buffers fill up; from then on nothing more is taken.
    const settled = (): boolean => {
      const same = last === written;
      last = written;
      return same;
    };
    await expect.poll(settled, { interval: 300, timeout: 10_000 }).toBe(true);
    expect(written).toBeLessThan(64_000_000);
    await r.close();
    server.closeAllConnections();
    server.close();
  });
  test("a line has a limit", async () => {
    await using r = await session.stream("GET", `${bin.url}/stream-bytes/1000000`);
    await expect(async () => {
      for await (const _ of r.iterLines({ maxLineLength: 100_000 }));
    }).rejects.toThrow(ResponseTooLarge);
  });
});

describe("sending", () => {
  test("a file from disk, with progress, again after a redirect", async () => {
    const path = join(folder, "up.bin");
    await writeFile(path, Buffer.alloc(1_000_000, "u"));
    const seen: number[] = [];
    const r = await session.post(`${bin.url}/redirect-to?url=/post&status_code=307`, {
      files: { up: file(path) },
      onUploadProgress: ({ transferred, total }) => seen.push(transferred / total!),
    });
    const sent = await r.json<{ files: { up: string }; headers: Record<string, string> }>();
    expect([sent.files.up.length, Number(sent.headers["Content-Length"]) > 1_000_000]).toEqual([1_000_000, true]);
    expect([seen.filter((part) => part === 1).length, seen.length > 10]).toEqual([2, true]);
  });
  test("a file as the body, a generator, a web stream, a Readable", async () => {
    const path = join(folder, "body.txt");
    writeFileSync(path, "from disk");
    const body = async (data: never): Promise<string> =>
      (await session.put(`${bin.url}/put`, { data }).json<{ data: string }>()).data;
    expect(await body(file(path) as never)).toBe("from disk");
    expect(await body(new Blob(["web"]).stream() as never)).toBe("web");
    expect(await body((await import("node:stream")).Readable.from(["read", "able"]) as never)).toBe("readable");
  });
  test("a body that fails fails the call, with its reason", async () => {
    async function* body(): AsyncGenerator<string> {
      yield "some";
      throw new Error("the source broke");
    }
    const error = await session.post(`${bin.url}/post`, { data: body() }).catch((e: unknown) => e);
    expect(JSON.stringify([(error as Error).message, String((error as Error).cause)])).toContain("the source broke");
  });
  test("an abort ends the source", async () => {
    let ended = false;
    const controller = new AbortController();
    async function* body(): AsyncGenerator<string> {
      try {
        for (let i = 0; ; i++) {
          // A source that was not begun has nothing to end.
          if (i === 10) controller.abort();
          yield "x".repeat(10_000);
          await new Promise(setImmediate);
        }
      } finally {
        ended = true;
      }
    }
    await expect(session.post(`${bin.url}/post`, { data: body(), signal: controller.signal })).rejects.toThrow(
      "aborted",
    );
    await expect.poll(() => ended).toBe(true);
  });
});

describe("download", () => {
  test("to a path that the response chooses, never from an earlier part", async () => {
    const chosen = join(folder, "range1000");
    writeFileSync(`${chosen}.part`, "not of this file");
    writeFileSync(`${chosen}.part.json`, JSON.stringify({ url: `${bin.url}/range/1000`, validator: '"range1000"' }));
    const choose = ({ headers }: Response): string => join(folder, headers.get("etag")!.replaceAll('"', ""));
    expect(await session.download(`${bin.url}/range/1000`, choose)).toMatchObject({
      path: chosen,
      size: 1000,
      resumedAt: 0,
    });
    expect(readFileSync(chosen)).toHaveLength(1000);
    await expect(session.download(`${bin.url}/status/404`, () => expect.unreachable())).rejects.toThrow(HTTPError);
  });
  const target = (): string => join(folder, `d-${Math.random().toString(36).slice(2)}`);
  test("to a file, with progress", async () => {
    const path = target();
    const seen: (number | null)[] = [];
    const result = await session.download(`${bin.url}/range/100000`, path, {
      onProgress: ({ transferred, total }) => seen.push(transferred, total),
    });
    expect(result).toMatchObject({ path, size: 100_000, resumedAt: 0 });
    expect([readFileSync(path).length, seen.slice(-2)]).toEqual([100_000, [100_000, 100_000]]);
  });
  test("goes on where it stopped", async () => {
    const path = target();
    await session.download(`${bin.url}/range/1000`, path);
    const whole = readFileSync(path);
    rmSync(path);
    await writeFile(`${path}.part`, whole.subarray(0, 400));
    await writeFile(`${path}.part.json`, JSON.stringify({ url: `${bin.url}/range/1000`, validator: '"range1000"' }));
    const seen: number[] = [];
    const result = await session.download(`${bin.url}/range/1000`, path, {
      onProgress: ({ transferred }) => seen.push(transferred),
    });
    expect([result.resumedAt, result.size, readFileSync(path).equals(whole), seen[0]! > 400]).toEqual([
      400,
      1000,
      true,
      true,
    ]);
  });
  test.each([
    ["the file has changed", '"old"', 400],
    ["the part is already complete", '"range1000"', 1000],
  ])("starts anew when %s", async (_, validator, size) => {
    const path = target();
    await writeFile(`${path}.part`, "?".repeat(size));
    await writeFile(`${path}.part.json`, JSON.stringify({ url: `${bin.url}/range/1000`, validator }));
    expect(await session.download(`${bin.url}/range/1000`, path)).toMatchObject({ resumedAt: 0, size: 1000 });
    expect(readFileSync(path, "utf8")).not.toContain("?");
  });
  test("keeps the part of a broken attempt, and completes it", async () => {
    const path = target();
    let attempts = 0;
    const raw = await startRawServer((socket, head) => {
      attempts++;
      const range = /range: bytes=(\d+)-/i.exec(head);
      if (range)
        socket.end(
          `HTTP/1.1 206 Partial Content\r\nETag: "e"\r\nContent-Range: bytes ${range[1]}-9/10\r\nContent-Length: ${10 - Number(range[1])}\r\n\r\n${"0123456789".slice(Number(range[1]))}`,
        );
      else socket.end('HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 10\r\n\r\n01234');
    });
    await expect(session.download(raw.url, path)).rejects.toThrow("the body ended early");
    expect(readFileSync(`${path}.part`, "utf8")).toBe("01234");
    expect(await session.download(raw.url, path)).toMatchObject({ resumedAt: 5, size: 10 });
    expect([readFileSync(path, "utf8"), attempts]).toEqual(["0123456789", 2]);
    await raw.close();
  });
  test("does not resume when told not to", async () => {
    const path = target();
    await writeFile(`${path}.part`, "??");
    await writeFile(`${path}.part.json`, JSON.stringify({ url: `${bin.url}/range/10`, validator: '"range10"' }));
    expect((await session.download(`${bin.url}/range/10`, path, { resume: false })).resumedAt).toBe(0);
  });
  test("an error answer is an error, and leaves no file", async () => {
    await expect(session.download(`${bin.url}/status/404`, target())).rejects.toThrow(HTTPError);
    await expect(session.download(`${bin.url}/range/10`, join(folder, "no", "such", "folder"))).rejects.toThrow(
      /ENOENT/,
    );
    await expect(session.download(bin.url, "")).rejects.toThrow("path must be");
    await expect(session.download(`${bin.url}/range/10`, () => "")).rejects.toThrow("path must be");
  });
  test("a large file at constant memory", async () => {
    // In a process of its own, so that only the client's memory is counted.
    const program = `const c = Buffer.alloc(65536); require("http").createServer((q, r) => { let left = Number(q.url.slice(1)) / 65536;
      const go = () => { while (left > 0) { left--; if (!r.write(c)) return r.once("drain", go); } r.end(); }; go(); })
      .listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = await once(createInterface(child.stdout), "line");
    const path = target();
    const url = `http://127.0.0.1:${port}`;
    await session.download(`${url}/6553600`, path);
    const before = process.memoryUsage.rss();
    let peak = 0;
    const { size } = await session.download(`${url}/1073741824`, path, {
      onProgress: () => {
        peak = Math.max(peak, process.memoryUsage.rss());
      },
    });
    child.kill();
    rmSync(path);
    expect([size, peak - before < 120_000_000]).toEqual([1_073_741_824, true]);
  }, 120_000);
});
