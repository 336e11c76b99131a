import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  AbortError,
  ConnectionError,
  ConnectTimeout,
  ReadTimeout,
  Session,
  Timeout,
  TotalTimeout,
} from "../src/index.ts";
import { startBlackHole } from "./black-hole.ts";
import { type Httpbin, startHttpbin } from "./httpbin.ts";
import { type RawServer, startRawServer } from "./raw-server.ts";

const blackHole = await startBlackHole();
let bin: Httpbin;
let raw: RawServer;
let session: Session;
beforeAll(async () => {
  bin = await startHttpbin();
  raw = await startRawServer((socket, head) => {
    if (head.startsWith("GET /silent")) return;
    if (head.startsWith("GET /partial-head")) socket.write("HTTP/1.1 200 OK\r\nX: ");
    else if (head.startsWith("GET /stall")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ");
    else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
});
afterAll(async () => {
  await Promise.all([bin.close(), raw.close(), blackHole?.close()]);
});
beforeEach(() => {
  session = new Session({ trust: { proxy: false, netrc: false } });
});
afterEach(() => session.close());

/** What a promise rejects with, and after how many milliseconds. */
async function failure(promise: Promise<unknown>): Promise<{ error: Error; after: number }> {
  const start = performance.now();
  try {
    await promise;
  } catch (error) {
    return { error: error as Error, after: performance.now() - start };
  }
  throw new Error("it did not fail");
}

describe.skipIf(blackHole === null)(`connect to a black hole${blackHole ? "" : " (skipped: needs python3)"}`, () => {
  const url = `http://127.0.0.1:${blackHole?.port}/`;
  test("timeout.connect of the call", async () => {
    const { error, after } = await failure(session.get(url, { timeout: { connect: 150 } }));
    expect(error).toBeInstanceOf(ConnectTimeout);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toBeInstanceOf(Timeout);
    expect(error).not.toBeInstanceOf(ReadTimeout);
    expect([error.message, after >= 140 && after < 8000]).toEqual([expect.stringContaining("within 150 ms"), true]);
  });
  test("timeout.connect of the session, and a longer one of the call", async () => {
    await using s = new Session({ timeout: { connect: 100 }, trust: { proxy: false, netrc: false } });
    const first = await failure(s.get(url));
    expect(first.error).toBeInstanceOf(ConnectTimeout);
    const longer = await failure(s.get(url, { timeout: { connect: 400 } }));
    expect(longer.error).toBeInstanceOf(ConnectTimeout);
    expect(longer.after).toBeGreaterThan(350);
  });
  test("timeout.total while connecting", async () => {
    const { error, after } = await failure(session.get(url, { timeout: { total: 100 } }));
    expect(error).toBeInstanceOf(TotalTimeout);
    expect([after < 8000, (error as TotalTimeout).request?.url]).toEqual([true, url]);
  });
  test("an abort while connecting rejects at once", async () => {
    const controller = new AbortController();
    const pending = failure(session.get(url, { signal: controller.signal }));
    await new Promise(setImmediate);
    controller.abort(new Error("changed my mind"));
    const { error, after } = await pending;
    expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: { message: "changed my mind" } });
    expect(after).toBeLessThan(8000);
  });
  test("close() while connecting ends the call and the connection", async () => {
    const pending = failure(session.get(url));
    await new Promise(setImmediate);
    await session.close();
    expect((await pending).error.name).toBe("ClosedError");
  });
  test("a connect timeout is retried and charged to connect", async () => {
    const seen: number[] = [];
    const { error } = await failure(
      session.get(url, {
        timeout: { connect: 60 },
        retry: { total: 5, connect: 2 },
        hooks: { retry: (retry) => void seen.push(retry.connect!) },
      }),
    );
    expect([error.name, seen]).toEqual(["ConnectTimeout", [1, 0]]);
  });
});

const built = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const canDrop =
  process.getuid?.() === 0 && existsSync(built) && spawnSync("unshare", ["-n", "nft", "list", "tables"]).status === 0;
test.skipIf(!canDrop)(
  `a packet filter that drops${canDrop ? "" : " (skipped: needs root, unshare, nft, ip and a build)"}`,
  async () => {
    const program = `
    const { http } = await import(${JSON.stringify(built)});
    const start = performance.now();
    const error = await http.get("http://127.0.0.1:9/", { timeout: { connect: 200 } }).catch((e) => e);
    console.log(error.name, performance.now() - start < 8000);
    process.exit();`;
    const rules =
      "ip link set lo up && nft add table inet t && nft 'add chain inet t o { type filter hook output priority 0; }' && nft add rule inet t o tcp dport 9 drop";
    const { stdout } = await promisify(execFile)("unshare", [
      "-n",
      "sh",
      "-c",
      `${rules} && exec "$0" --input-type=module -e "$1"`,
      process.execPath,
      program,
    ]);
    expect(stdout).toBe("ConnectTimeout true\n");
  },
);

test.skipIf(!existsSync(built))(
  `a program that is done ends, without close()${existsSync(built) ? "" : " (skipped: needs a build)"}`,
  async () => {
    const program = `
    const { Session } = await import(${JSON.stringify(built)});
    console.log((await new Session({ keepAliveTimeout: 600_000 }).get(${JSON.stringify(`${raw.url}/ok`)})).status);`;
    const args = ["--input-type=module", "-e", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
    expect(stdout).toBe("200\n");
  },
);

describe("the answer", () => {
  test.each(["/silent", "/partial-head"])("a head that never comes: %s", async (path) => {
    const { error, after } = await failure(session.get(raw.url + path, { timeout: { read: 200 } }));
    expect(error).toBeInstanceOf(ReadTimeout);
    expect([error.message, after < 30_000]).toEqual([expect.stringContaining("no response head in time"), true]);
  });
  test("a body that stalls", async () => {
    const { error } = await failure(session.get(`${raw.url}/stall`, { timeout: { read: 200 } }));
    expect([error.name, error.message]).toEqual(["ReadTimeout", expect.stringContaining("the body stalled")]);
  });
  test("a streamed body that stalls", async () => {
    const r = await session.stream("GET", `${raw.url}/stall`, { timeout: { read: 200 } });
    const pieces: string[] = [];
    const { error } = await failure(
      (async () => {
        for await (const chunk of r.iterBytes()) pieces.push(chunk.toString());
      })(),
    );
    expect([pieces, error.name]).toEqual([["half "], "ReadTimeout"]);
  });
  test("a slow reader is not a stalled body", async () => {
    await using r = await session.stream("GET", `${bin.url}/stream-bytes/3000000`, { timeout: { read: 300 } });
    let size = 0;
    for await (const chunk of r.iterBytes(1_000_000)) {
      size += chunk.length;
      if (size === 1_000_000) await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    expect(size).toBe(3_000_000);
  });
  test("a body that drips is in time by read, but not by total", async () => {
    const url = `${bin.url}/drip?duration=1.2&numbytes=12`;
    expect((await session.get(url, { timeout: { read: 1000 } })).bodyBytes).toHaveLength(12);
    expect((await failure(session.get(url, { timeout: { read: 1000, total: 300 } }))).error).toBeInstanceOf(
      TotalTimeout,
    );
  });
});

describe("total", () => {
  test("bounds redirects", async () => {
    expect(
      (await failure(session.get(`${bin.url}/redirect-to?url=/delay/5`, { timeout: { total: 200 } }))).error,
    ).toBeInstanceOf(TotalTimeout);
  });
  test("bounds retries with their back-off", async () => {
    const { error, after } = await failure(
      session.get("http://127.0.0.1:1/", { timeout: { total: 200 }, retry: { total: 50, backoffFactor: 30 } }),
    );
    expect([error.name, after < 30_000]).toEqual(["TotalTimeout", true]);
  });
  test("bounds a Retry-After", async () => {
    const { error, after } = await failure(
      session.get(`${bin.url}/retry-after/total?failures=9&after=60`, { timeout: { total: 150 }, retry: 3 }),
    );
    expect([error.name, after < 30_000]).toEqual(["TotalTimeout", true]);
  });
  test("bounds a streamed body, and ends with it", async () => {
    const r = await session.stream("GET", `${raw.url}/stall`, { timeout: { total: 200 } });
    expect((await failure(r.bytes())).error).toBeInstanceOf(TotalTimeout);
    const fine = await session.stream("GET", `${raw.url}/ok`, { timeout: { total: 20_000 } });
    expect(await fine.text()).toBe("ok");
  });
  test("bounds a mounted adapter", async () => {
    session.mount("http://never/", () => new Promise(() => {}));
    expect((await failure(session.get("http://never/", { timeout: { total: 50 } }))).error).toBeInstanceOf(
      TotalTimeout,
    );
  });
});

describe("signal", () => {
  test("aborted before", async () => {
    const count = raw.heads.length;
    const { error } = await failure(session.get(raw.url, { signal: AbortSignal.abort("why") }));
    expect([error, (error as AbortError).cause, raw.heads.length]).toEqual([expect.any(AbortError), "why", count]);
    expect(error.message).toMatch(/^GET http.*: the call was aborted: why$/);
  });
  test.each(["/silent", "/stall"])("aborted while waiting: %s", async (path) => {
    const { error, after } = await failure(session.get(raw.url + path, { signal: AbortSignal.timeout(50) }));
    expect([error.name, (error.cause as Error).name, after < 8000]).toEqual(["AbortError", "TimeoutError", true]);
    expect(error.message).toMatch(/^GET http.*: the call was aborted: .*timeout$/);
  });
  test("aborted while streaming, while backing off", async () => {
    const controller = new AbortController();
    const r = await session.stream("GET", `${raw.url}/stall`, { signal: controller.signal });
    const pending = failure(r.bytes());
    controller.abort();
    expect((await pending).error).toBeInstanceOf(AbortError);
    expect((await pending).error.message).toMatch(/: the call was aborted$/);
    const backingOff = failure(
      session.get("http://127.0.0.1:1/", { signal: AbortSignal.timeout(80), retry: { total: 9, backoffFactor: 30 } }),
    );
    expect((await backingOff).error).toBeInstanceOf(AbortError);
  });
  test("leaves no listener behind", async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = controller.signal;
    controller.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(controller.signal, args);
    };
    controller.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(controller.signal, args);
    };
    await session.get(`${raw.url}/ok`, { signal: controller.signal });
    await failure(session.get("http://127.0.0.1:1/", { signal: controller.signal }));
    await (await session.stream("GET", `${raw.url}/ok`, { signal: controller.signal })).close();
    expect(listeners).toBe(0);
  });
});
