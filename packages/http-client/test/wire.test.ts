import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ChunkedEncodingError,
  ConnectionError,
  ContentDecodingError,
  RequestException,
  ResponseTooLarge,
  Session,
} from "../src/index.ts";
import { type RawServer, startRawServer } from "./raw-server.ts";

/** Answers by path; what is `|` in an answer is where it is cut into pieces. */
const answers: Record<string, string> = {
  "/one": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "/fragments": [..."HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"].join("|"),
  "/chunked":
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok|\r\n3;ext=1\r\n!!!\r\n0\r\nTrailer: x\r\n\r\n",
  "/until-close": "HTTP/1.1 200 OK\r\n\r\nto the end!",
  "/http-1.0": "HTTP/1.0 200 OK\r\n\r\nold!",
  "/no-reason": "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
  "/latin1": "HTTP/1.1 200 Très bien\r\nX-Name: é\r\nContent-Length: 0\r\n\r\n",
  "/early-hints": "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n|HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "/204": "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n",
  "/304": "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n",
  "/truncated": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort!",
  "/truncated-chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nshort!",
  "/bad-chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",
  "/conflict": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
  "/conflict-te": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "/negative": "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
  "/not-http": "SSH-2.0-OpenSSH\r\n",
  "/bad-header": "HTTP/1.1 200 OK\r\nA header without colon\r\n\r\n",
  "/nul-header": "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
  "/space-header": "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n",
  "/big-head": `HTTP/1.1 200 OK\r\nX: ${"a".repeat(100_000)}\r\n\r\n`,
  "/bad-gzip": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip",
  "/many-codings": `HTTP/1.1 200 OK\r\nContent-Encoding: ${Array(10).fill("gzip").join(", ")}\r\nContent-Length: 1\r\n\r\nx`,
  "/unknown-coding": "HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\nContent-Length: 2\r\n\r\nbx",
  "/extra": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nEVIL!",
  "/empty": "!",
};

let raw: RawServer;
let session: Session;
beforeAll(async () => {
  raw = await startRawServer(async (socket, head) => {
    const path = /^\S+ (\S+)/.exec(head)![1]!;
    const pieces = answers[path]!.replace(/!$/, "").split("|");
    for (const piece of pieces) {
      await new Promise((resolve) => socket.write(piece, "latin1", resolve));
      if (pieces.length > 1) await new Promise(setImmediate);
    }
    if (answers[path]!.endsWith("!")) socket.end();
  });
});
afterAll(() => raw.close());
beforeEach(() => {
  session = new Session({ trust: { proxy: false, netrc: false } });
});
afterEach(() => session.close());

describe.each(["whole", "streamed"])("%s", (mode) => {
  const get = async (path: string, options = {}): Promise<{ status: number; text: string; reason: string }> => {
    const r =
      mode === "whole"
        ? await session.get(raw.url + path, options)
        : await session.stream("GET", raw.url + path, options);
    return { status: r.status, reason: r.reason, text: await r.text() };
  };
  test.each([
    ["/one", 200, "ok"],
    ["/fragments", 200, "ok"],
    ["/chunked", 200, "ok!!!"],
    ["/until-close", 200, "to the end"],
    ["/http-1.0", 200, "old"],
    ["/no-reason", 200, ""],
    ["/early-hints", 200, "ok"],
    ["/204", 204, ""],
    ["/304", 304, ""],
    ["/unknown-coding", 200, "bx"],
  ])("%s", async (path, status, text) => expect(await get(path)).toMatchObject({ status, text }));

  test.each<[string, new (...args: never[]) => Error]>([
    ["/truncated", ChunkedEncodingError],
    ["/truncated-chunked", ChunkedEncodingError],
    ["/bad-chunk", ChunkedEncodingError],
    ["/conflict", RequestException],
    ["/conflict-te", RequestException],
    ["/negative", ConnectionError],
    ["/not-http", ConnectionError],
    ["/bad-header", ConnectionError],
    ["/nul-header", ConnectionError],
    ["/space-header", ConnectionError],
    ["/big-head", ResponseTooLarge],
    ["/bad-gzip", ContentDecodingError],
    ["/many-codings", ContentDecodingError],
    ["/empty", ConnectionError],
  ])("%s is refused", async (path, type) => {
    const error = await get(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ request: { url: raw.url + path } });
  });
});

test("headers are Latin-1, byte for byte", async () => {
  const r = await session.get(`${raw.url}/latin1`);
  expect(r.headers.get("x-name")).toBe("é");
});

test("what was asked is what was sent", async () => {
  await session.get(`${raw.url}/one`, { headers: { "X-Mine": "é", Connection: "keep-alive" } });
  const head = raw.heads.at(-1)!.split("\r\n");
  expect(head[0]).toBe("GET /one HTTP/1.1");
  expect(head).toContain("X-Mine: é");
  expect(head.filter((line) => /^connection:/i.test(line))).toEqual(["connection: keep-alive"]);
});

test("a pooled connection that the server has closed is replaced without a word", async () => {
  let connections = 0;
  const closing = await startRawServer((socket) => {
    const mine = ++connections;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${String(mine).length}\r\n\r\n${mine}`);
    if (mine === 1) socket.once("data", () => {}).prependOnceListener("data", () => socket.destroy());
  });
  await using s = new Session({ trust: { netrc: false } });
  expect(await s.get(closing.url).text()).toBe("1");
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(Number(await s.get(closing.url).text())).toBeGreaterThan(1);
  await closing.close();
});
