import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type End, endPrograms, example, onTerminal, Program } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "http-examples-"));
const server = new Program(process.execPath, [join(import.meta.dirname, "..", "dist", "run.js"), "http-fixture", "0"]);
let url: string;
const servers: Server[] = [];

beforeAll(async () => {
  url = `http://127.0.0.1:${await server.port()}`;
});
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});
afterEach(async () => {
  await endPrograms({ except: server });
  for (const made of servers.splice(0)) {
    made.closeAllConnections();
    await new Promise((resolve) => made.close(resolve));
  }
});
afterAll(async () => {
  expect(await server.interrupt()).toMatchObject({ code: 0, signal: null });
  rmSync(folder, { recursive: true });
});

async function serve(listener: RequestListener): Promise<string> {
  const made = createServer(listener);
  servers.push(made);
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

const end = (code: number, output: RegExp): End => ({ code, signal: null, output: expect.stringMatching(output) });
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("weather", () => {
  it.each([
    [["Bergen"], end(0, /^Bergen, Norway: 7\.4 °C, wind 18\.2 km\/h\n$/)],
    [[], end(0, /^London, United Kingdom: 7\.4 °C/)],
    [["No", "Such", "Place"], end(1, /^There is no place called "No Such Place"\.\n$/)],
  ])("%j", async (args, expected) => {
    expect(await example("weather", ...args, "--from", url).ended).toEqual(expected);
  });

  it.each([
    ["not JSON", 200, "<html>", /is not JSON/],
    [
      "another shape",
      200,
      '{"results":[{"name":"London"}]}',
      /country: expected a string; latitude: expected a number/,
    ],
    ["a failure", 503, "{}", /^503 Server Error: Service Unavailable/],
  ])("says that the answer is %s", async (_, status, body, message) => {
    const from = await serve((_request, response) => void response.writeHead(status).end(body));
    expect(await example("weather", "--from", from).ended).toEqual(end(1, message));
  });

  it("lets no answer steer the terminal", async () => {
    const name = "\u001b[2JLondon";
    const results = [{ name, country: "x", latitude: 1, longitude: 2 }];
    const current = { temperature_2m: 1, wind_speed_10m: 2 };
    const units = { temperature_2m: "°C", wind_speed_10m: "km/h" };
    const from = await serve((_, response) => response.end(JSON.stringify({ results, current, current_units: units })));
    expect(await example("weather", "--from", from).ended).toEqual(end(0, /^\ufffd\[2JLondon, x: 1 °C/));
  });

  it("says that nobody listens", async () => {
    expect(await example("weather", "--from", "http://127.0.0.1:1").ended).toEqual(end(1, /^.*ECONNREFUSED.*\n$/));
  });
});

describe("form-post", () => {
  it("posts the fields, keeps the cookie and follows the redirect", async () => {
    const { output, code } = await example("form-post", `${url}/form`, "name=Ada", "message=a & b = ü").ended;
    expect(code).toBe(0);
    const [first, second, page] = output.split("\n");
    expect([first, second]).toEqual([`303 ${url}/form`, `200 ${url}/thanks`]);
    expect(JSON.parse(page!)).toEqual({ received: { name: "Ada", message: "a & b = ü" } });
  });

  it("has an example of its own, and says what is wrong", async () => {
    expect(await example("form-post", `${url}/form`).ended).toEqual(end(0, /"message":"Grüße & alles Gute"/));
    expect(await example("form-post", `${url}/thanks`, "a=b").ended).toEqual(end(1, /404.*\n.*Nothing is at/s));
    expect(await example("form-post", `${url}/form`, "a").ended).toEqual(end(1, /^expected NAME=VALUE, got "a"\n$/));
  });
});

describe("upload", () => {
  const path = join(folder, "photo.jpg");

  it("sends a file whole, with its progress on a terminal", async () => {
    const bytes = Buffer.alloc(3 * 2 ** 20, "0123456789");
    writeFileSync(path, bytes);
    expect(await example("upload", path, `${url}/upload`).ended).toEqual(
      end(0, /^photo\.jpg: 3145728 bytes, received as they were sent\n$/),
    );
    const { output } = await onTerminal("upload", path, `${url}/upload`).ended;
    expect(output).toMatch(/3\.0 MiB of 3\.0 MiB, 100 %, [\d.]+ \wi?B\/s\r?\n/);
    expect(output).toContain("received as they were sent");
  });

  it("says that the server refused it, lied about it, or that there is no file", async () => {
    writeFileSync(path, "some text");
    expect(await example("upload", path, `${url}/nowhere`).ended).toEqual(end(1, /^404 Client Error/));
    const liar = await serve((request, response) => {
      request.resume().on("end", () => response.end('{"files":[{"name":"x","size":1,"sha256":"00"}]}'));
    });
    expect(await example("upload", path, liar).ended).toEqual(end(1, /^The server has received something else\.\n$/));
    expect(await example("upload", join(folder, "none"), url).ended).toEqual(end(1, /ENOENT|no such file/));
    expect(await example("upload").ended).toEqual(end(1, /^expected FILE \[URL\]\n$/));
  });

  it("ends cleanly on Ctrl-C", async () => {
    writeFileSync(path, Buffer.alloc(2 ** 20));
    let asked = (): void => {};
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const silent = await serve(() => asked());
    const upload = example("upload", path, silent);
    await wasAsked;
    expect(await upload.interrupt()).toEqual(end(130, /^Interrupted\.\n$/));
  });
});

describe("download", () => {
  const path = join(folder, "data.bin");
  const left = (): string[] => readdirSync(folder).sort();

  it("goes on where it was cut, and checks the hash that the server gives", async () => {
    const { code, output } = await example("download", `${url}/file?size=700000&cut=300000`, path).ended;
    expect(output).toMatch(/^Cut \(attempt 1 of 5\): .*\nCut \(attempt 2 of 5\): .*\n/);
    expect(output).toMatch(/: 700000 bytes, the first 600000 from before, SHA-256 [0-9a-f]{64}, as it should be\n$/);
    expect(code).toBe(0);
    expect(output).toContain(sha256(readFileSync(path)));
    expect(left()).toEqual(["data.bin"]);
  });

  it("says at once that nobody answers, and what is no URL", async () => {
    expect(await example("download", "http://127.0.0.1:1/file", path).ended).toEqual(
      end(1, /^GET http:\/\/127\.0\.0\.1:1\/file: connect ECONNREFUSED 127\.0\.0\.1:1\n$/),
    );
    expect(await example("download", "abc", path).ended).toEqual(end(1, /^expected a URL, got "abc"\n$/));
  });

  it("goes on when it is started again, after it was cut for good", async () => {
    const cut = `${url}/file?size=500000&cut=200000`;
    expect(await example("download", cut, path, "--attempts", "1").ended).toEqual(
      end(1, /the body ended early.* Start it again to go on\.\n$/),
    );
    expect(existsSync(path)).toBe(false);
    expect(left()).toEqual(["data.bin.unchecked.part", "data.bin.unchecked.part.json"]);
    expect(await example("download", cut, path).ended).toEqual(end(0, /500000 bytes, the first 400000 from before/));
  });

  it("shows rate and time left on a terminal, and goes on after Ctrl-C", async () => {
    const bytes = Buffer.alloc(400_000, "0123456789");
    // Half of it in pieces, then nothing; the rest when it is asked for.
    const halting = await serve((request, response) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      response.setHeader("ETag", '"1"').setHeader("Content-Length", bytes.length - start);
      if (start > 0) {
        response.writeHead(206, { "Content-Range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
        return void response.end(bytes.subarray(start));
      }
      let sent = 0;
      const timer = setInterval(() => {
        response.write(bytes.subarray(sent, sent + 10_000));
        sent += 10_000;
        if (sent >= 200_000) clearInterval(timer);
      }, 20);
      response.on("close", () => clearInterval(timer));
    });
    const first = onTerminal("download", halting, path);
    await first.find(/KiB of 390\.6 KiB, \d+ %, [1-9][\d.]* \wi?B\/s, \d+ s left/);
    first.type("\u0003");
    expect(await first.ended).toEqual(end(130, /Interrupted\. Start it again to go on\.\r?\n$/));
    expect(left()).toContain("data.bin.unchecked.part");
    expect(await example("download", halting, path).ended).toEqual(
      end(0, /400000 bytes, the first [1-9]\d* from before/),
    );
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it("begins again when the file has changed meanwhile", async () => {
    let version = "one";
    const body = (): Buffer => Buffer.alloc(100_000, version);
    const changing = await serve((request, response) => {
      const etag = `"${version}"`;
      const bytes = body();
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      response.setHeader("ETag", etag);
      if (version === "one") {
        response.setHeader("Content-Length", bytes.length);
        version = "two";
        response.write(bytes.subarray(0, 40_000), () => response.destroy());
      } else if (request.headers["if-range"] === etag) {
        response.writeHead(206, { "Content-Range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
        response.end(bytes.subarray(start));
      } else response.end(bytes);
    });
    const done = await example("download", `${changing}/x`, path, "--sha256", sha256(Buffer.alloc(100_000, "two")))
      .ended;
    expect(done).toEqual(end(0, /data\.bin: 100000 bytes, SHA-256 [0-9a-f]{64}, as it should be\n$/));
    expect(readFileSync(path).equals(Buffer.alloc(100_000, "two"))).toBe(true);
  });

  it("leaves no file whose hash is wrong, and overwrites none unless told to", async () => {
    const small = `${url}/file?size=1000`;
    expect(await example("download", small, path, "--sha256", "0".repeat(64)).ended).toEqual(
      end(1, /^The file is broken: its SHA-256 is [0-9a-f]{64} and should be 0{64}\.\n$/),
    );
    expect(left()).toEqual([]);
    writeFileSync(path, "mine");
    expect(await example("download", small, path).ended).toEqual(end(1, /is there already; --force/));
    expect(readFileSync(path, "utf8")).toBe("mine");
    expect(await example("download", small, path, "--force").ended).toEqual(end(0, /1000 bytes/));
    expect(readFileSync(path)).toHaveLength(1000);
  });

  it.each([
    [["--sha256", "abc"], /^--sha256 must be 64 hexadecimal digits, got abc\n$/],
    [["--attempts", "0"], /^--attempts must be a whole number above 0, got 0\n$/],
  ])("refuses %j before it asks for anything", async (args, message) => {
    expect(await example("download", "http://127.0.0.1:1/x", path, ...args).ended).toEqual(end(1, message));
  });

  it("says that there is no such file", async () => {
    expect(await example("download", `${url}/none`, path).ended).toEqual(end(1, /^404 Client Error.*\n$/));
    expect(left()).toEqual([]);
  });
});

describe("http-fixture", () => {
  it("refuses bodies that are too large, and names what it does not have", async () => {
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect((await fetch(`${url}/upload`, { method: "POST", body: "no form" })).status).toBe(400);
    expect((await fetch(`${url}/file?size=10`, { headers: { range: "bytes=10-" } })).status).toBe(416);
  });

  it("says when its port is taken", async () => {
    expect(await example("http-fixture", new URL(url).port).ended).toEqual(end(1, /^.*EADDRINUSE.*\n$/));
  });
});
