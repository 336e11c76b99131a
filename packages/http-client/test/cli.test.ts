import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { completeUrl, HELP, parseArguments } from "../src/cli/arguments.ts";
import { parseItems } from "../src/cli/items.ts";
import { painter, prettyJson, printable } from "../src/cli/pretty.ts";
import { formatBytes, ProgressBar } from "../src/cli/progress-bar.ts";
import { run } from "../src/cli/run.ts";
import { UsageError } from "../src/cli/usage-error.ts";
import { type Httpbin, startHttpbin } from "./httpbin.ts";

let bin: Httpbin;
let folder: string;
beforeAll(async () => {
  bin = await startHttpbin();
  folder = mkdtempSync(join(tmpdir(), "http-cli-"));
  writeFileSync(join(folder, "f.txt"), "from a file");
  writeFileSync(join(folder, "f.json"), '{"n":1}');
});
afterAll(async () => {
  await bin.close();
  rmSync(folder, { recursive: true });
});

interface Outcome {
  code: number;
  out: string;
  err: string;
}

async function cli(
  args: string[],
  world: { terminal?: boolean; stdin?: string; signal?: AbortSignal; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const stdout = Object.assign(new PassThrough(), { isTTY: world.terminal ?? false });
  const stderr = Object.assign(new PassThrough(), { isTTY: world.terminal ?? false, columns: 80 });
  const output = Promise.all([text(stdout), text(stderr)]);
  const code = await run(["--ignore-netrc", ...args], {
    stdout,
    stderr,
    stdin: world.stdin === undefined ? null : Readable.from([world.stdin]),
    env: world.env ?? {},
    signal: world.signal ?? new AbortController().signal,
    version: "1.2.3",
  });
  stdout.end();
  stderr.end();
  const [out, err] = await output;
  return { code, out, err };
}
const json = (outcome: Outcome): Record<string, never> => JSON.parse(outcome.out) as Record<string, never>;

describe("items", () => {
  test.each<[string, keyof ReturnType<typeof parseItems>, unknown]>([
    ["a==b", "params", ["a", "b"]],
    ["a==b=c", "params", ["a", "b=c"]],
    ["X-A:b", "headers", ["X-A", "b"]],
    ["X-A:http://h:1/", "headers", ["X-A", "http://h:1/"]],
    ["X-A:", "headers", ["X-A", null]],
    ["X-A;", "headers", ["X-A", ""]],
    ["a=b", "data", ["a", "b"]],
    ["a=b==c:d@e", "data", ["a", "b==c:d@e"]],
    ["a=", "data", ["a", ""]],
    ["a:=5", "data", ["a", 5]],
    ["a:=[1,{}]", "data", ["a", [1, {}]]],
    ["a\\:b=c", "data", ["a:b", "c"]],
    ["a\\=b=c", "data", ["a=b", "c"]],
    ["a;b=c", "data", ["a;b", "c"]],
  ])("%s", (item, kind, expected) => expect(parseItems([item])[kind]).toEqual([expected]));
  it("reads files", () => {
    expect(parseItems([`a=@${folder}/f.txt`]).data).toEqual([["a", "from a file"]]);
    expect(parseItems([`a:=@${folder}/f.json`]).data).toEqual([["a", { n: 1 }]]);
    expect(parseItems([`a@${folder}/f.txt;type=x/y`]).files[0]![1].options).toEqual({ type: "x/y" });
  });
  test.each(["plain", "a:={", "a=@/none", "a@/none", ""])("refuses %j, by name", (item) =>
    expect(() => parseItems([item])).toThrow(UsageError),
  );
});

describe("arguments", () => {
  test.each([
    [["example.com"], "GET", "http://example.com"],
    [["example.com", "a=b"], "POST", "http://example.com"],
    [["PUT", "example.com", "a=b"], "PUT", "http://example.com"],
    [["delete", "example.com"], "DELETE", "http://example.com"],
    [["localhost", "a==b"], "GET", "http://localhost"],
    [["example.com", "--raw", "x"], "POST", "http://example.com"],
  ])("%j", (argv, method, url) => expect(parseArguments(argv, false)).toMatchObject({ method, url }));
  test.each([
    [":3000/x", "http://localhost:3000/x"],
    [":/x", "http://localhost/x"],
    [":", "http://localhost"],
    ["https://h/", "https://h/"],
    ["h:80/", "http://h:80/"],
  ])("%s is %s", (short, url) => expect(completeUrl(short)).toBe(url));
  test("a piped stdin makes it a POST, unless it is ignored", () => {
    expect(parseArguments(["h"], true)).toMatchObject({ method: "POST" });
    expect(parseArguments(["h", "-I"], true)).toMatchObject({ method: "GET" });
  });
  it("fits a screen of 80 × 24", () => {
    const lines = HELP.trimEnd().split("\n");
    expect([lines.length <= 24, Math.max(...lines.map((line) => line.length)) <= 80]).toEqual([true, true]);
  });
});

describe("exchanges", () => {
  test("query, headers, JSON, form, upload", async () => {
    expect(json(await cli([`${bin.url}/get`, "q==a b", "X-A:1"]))).toMatchObject({
      args: { q: "a b" },
      headers: { "X-A": "1" },
    });
    expect(json(await cli([`${bin.url}/post`, "a=b", "n:=5"]))).toMatchObject({
      json: { a: "b", n: 5 },
      headers: { "Content-Type": "application/json" },
    });
    expect(json(await cli(["-f", `${bin.url}/post`, "a=b"]))).toMatchObject({ form: { a: "b" } });
    expect(json(await cli([`${bin.url}/post`, "a=b", `up@${folder}/f.txt`]))).toMatchObject({
      form: { a: "b" },
      files: { up: "from a file" },
    });
    expect(json(await cli(["PATCH", `${bin.url}/patch`, "--raw", "[1]"]))).toMatchObject({
      json: [1],
      method: "PATCH",
    });
    expect(json(await cli([`${bin.url}/post`], { stdin: '{"piped":1}' }))).toMatchObject({ json: { piped: 1 } });
  });
  test("auth", async () => {
    expect((await cli(["-a", "u:p", "--check-status", `${bin.url}/basic-auth/u/p`])).code).toBe(0);
    expect((await cli(["-a", "u:p", "-A", "digest", "--check-status", `${bin.url}/digest-auth/auth/u/p`])).code).toBe(
      0,
    );
    expect(json(await cli(["-a", "tok", "-A", "bearer", `${bin.url}/bearer`]))).toMatchObject({ token: "tok" });
  });
  test("redirects are followed when told to", async () => {
    expect((await cli(["-h", `${bin.url}/redirect/1`])).out).toMatch(/^HTTP 302 Found/);
    expect(json(await cli(["-F", `${bin.url}/redirect/1`]))).toHaveProperty("url", `${bin.url}/get`);
  });
  test("in a pipe: the body, byte for byte; on a terminal: head, colours, indented JSON", async () => {
    expect((await cli([`${bin.url}/bytes/5`])).out).toBe("xxxxx");
    const shown = await cli([`${bin.url}/json`], { terminal: true });
    expect(shown.out).toMatch(/HTTP 200 OK/);
    expect(shown.out).toContain('\u001b[36m"slideshow"\u001b[0m: {\n');
    expect((await cli([`${bin.url}/json`], { terminal: true, env: { NO_COLOR: "1" } })).out).not.toContain("\u001b");
    expect((await cli(["--pretty", "format", `${bin.url}/json`])).out).toContain('{\n  "slideshow"');
    expect((await cli(["-b", `${bin.url}/json`], { terminal: true })).out).not.toContain("HTTP 200");
    expect((await cli(["-q", `${bin.url}/json`], { terminal: true })).out).toBe("");
    expect((await cli([`${bin.url}/text?type=application/octet-stream&hex=0001`], { terminal: true })).out).toContain(
      "2 B of binary data",
    );
  });
  test("-v shows the request, and -S lines as they come", async () => {
    const { out } = await cli(["-v", "--pretty", "none", `${bin.url}/post`, "a=b", "-a", "u:p"]);
    expect(out).toMatch(/^POST \/post HTTP\/1\.1\nHost: 127/);
    expect(out).toContain('{"a":"b"}');
    expect((await cli(["-S", `${bin.url}/stream/3`])).out.trim().split("\n")).toHaveLength(3);
    expect((await cli(["-S", `${bin.url}/stream/3`], { terminal: true })).out).toContain("\u001b");
  });
  test("a server cannot steer the terminal", async () => {
    const { out } = await cli(
      [`${bin.url}/text?type=text/plain&hex=${Buffer.from("\u001b]0;evil\u0007").toString("hex")}`],
      { terminal: true },
    );
    expect(out).toContain("\\x1b]0;evil\\x07");
  });
});

describe("downloads", () => {
  test("-o and -d save, with a bar on a terminal", async () => {
    const path = join(folder, "saved");
    expect(await cli(["-o", path, `${bin.url}/bytes/1000`])).toMatchObject({
      code: 0,
      out: "",
      err: `Saved ${path}\n`,
    });
    expect(readFileSync(path)).toHaveLength(1000);
    const shown = await cli(["-d", "-o", path, `${bin.url}/range/5000`], { terminal: true });
    expect(shown.err).toMatch(
      /Downloading to .*saved\n[\s\S]*\[=+\] 100 % {2}4\.9 KiB of 4\.9 KiB[\s\S]*\nDone: 4\.9 KiB\n$/,
    );
    expect((await cli(["-d", "-o", path, `${bin.url}/range/5000`])).err).not.toContain("[=");
  });
  test("-d by the server's name, else by the URL's, over no other file", async () => {
    const named = (disposition: string): string =>
      `${bin.url}/response-headers?${new URLSearchParams({ "content-disposition": disposition })}`;
    const empty = mkdtempSync(join(folder, "names-"));
    const before = process.cwd();
    process.chdir(empty);
    try {
      for (const [url, saved] of [
        [named('attachment; filename="report.json"'), "report.json"],
        [named('attachment; filename="report.json"'), "report.json-1"],
        [named("attachment; filename=\"x\"; filename*=UTF-8''%e2%82%ac%20rates.json"), "€ rates.json"],
        [named('attachment; filename="../../.bashrc"'), "bashrc"],
        [named('attachment; filename=".."'), "response-headers"],
        [`${bin.url}/bytes/10`, "10"],
        [`${bin.url}/anything/a%2F..%2F.b%20c%00`, "b c"],
        [`${bin.url}/`, "index.html"],
      ] as const) {
        const { code, err } = await cli(["-d", url]);
        expect([code, err]).toEqual([0, expect.stringContaining(`Downloading to ${saved}\nDone: `)]);
      }
      expect(readdirSync(empty).sort()).toEqual([
        "10",
        "b c",
        "bashrc",
        "index.html",
        "report.json",
        "report.json-1",
        "response-headers",
        "€ rates.json",
      ]);
      // What --output names is overwritten: that is the flag.
      expect((await cli(["-d", "-o", "10", `${bin.url}/bytes/20`])).code).toBe(0);
      expect(readFileSync("10")).toHaveLength(20);
    } finally {
      process.chdir(before);
    }
  });
  test("a large body into a slow reader leaves no listeners behind", async () => {
    const stdout = Object.assign(new PassThrough({ highWaterMark: 1000 }), { isTTY: false });
    const size = text(stdout).then(({ length }) => length);
    // The reader begins to listen in its own time.
    await new Promise((resolve) => setImmediate(resolve));
    const count = (): number[] => ["drain", "close"].map((name) => stdout.listenerCount(name));
    const before = count();
    const args = ["--ignore-netrc", `${bin.url}/stream-bytes/3000000`];
    const signal = new AbortController().signal;
    await run(args, { stdout, stderr: new PassThrough(), stdin: null, env: {}, signal, version: "1" });
    expect(count()).toEqual(before);
    stdout.end();
    expect(await size).toBe(3_000_000);
  });
  test("-c goes on", async () => {
    const path = join(folder, "part");
    writeFileSync(`${path}.part`, readFileSync(join(folder, "saved")).subarray(0, 100));
    writeFileSync(`${path}.part.json`, JSON.stringify({ url: `${bin.url}/range/5000`, validator: '"range5000"' }));
    expect((await cli(["-d", "-c", "-o", path, `${bin.url}/range/5000`])).err).toContain("100 B of them from before");
  });
  test("an error answer is not saved", async () => {
    expect(await cli(["-d", "-o", join(folder, "none"), `${bin.url}/status/404`])).toMatchObject({
      code: 4,
      err: expect.stringContaining("404 Client Error"),
    });
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});

describe("exit codes", () => {
  test.each<[string, string[], number, RegExp]>([
    ["--help", ["--help"], 0, /^$/],
    ["--version", ["--version"], 0, /^$/],
    ["no URL", [], 1, /a URL is needed\nTry: sockeye-http --help/],
    ["an unknown option", ["--no-such", "http://x/"], 1, /: Unknown option '--no-such'\nTry: sockeye-http --help/],
    ["a bad item", ["h.example", "item"], 1, /item item: expected/],
    ["a bad number", ["h", "--timeout", "soon"], 1, /--timeout needs a number/],
    ["two bodies", ["h.example", "a=b", "--raw", "x"], 1, /only one body/],
    ["a bad --pretty", ["http://127.0.0.1:1", "--pretty", "x"], 1, /--pretty must be/],
    ["a bad --auth-type", ["h", "-a", "x", "-A", "ntlm"], 1, /--auth-type must be/],
    ["refused", ["http://127.0.0.1:1/"], 1, /ECONNREFUSED/],
    ["-d with POST", ["-d", "POST", "h"], 1, /--download is for GET/],
  ])("%s", async (_, args, code, err) => {
    const outcome = await cli(args);
    expect([outcome.code, outcome.err]).toEqual([code, expect.stringMatching(err)]);
  });
  test("--check-status", async () => {
    for (const [status, code] of [
      [204, 0],
      [302, 3],
      [404, 4],
      [503, 5],
    ])
      expect((await cli(["--check-status", `${bin.url}/status/${status}`])).code).toBe(code);
    expect((await cli([`${bin.url}/status/404`])).code).toBe(0);
  });
  test("timeouts, too many redirects, an interrupt", async () => {
    expect((await cli(["--timeout", "0.2", `${bin.url}/delay/5`])).code).toBe(2);
    expect((await cli(["-F", "--max-redirects", "2", `${bin.url}/redirect/5`])).code).toBe(6);
    expect((await cli([`${bin.url}/delay/5`], { signal: AbortSignal.timeout(50) })).code).toBe(130);
  });
});

const built = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
describe.skipIf(!existsSync(built))(`as a program${existsSync(built) ? "" : " (skipped: not built)"}`, () => {
  test("prints, exits, and ends on Ctrl-C with 130", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [built, "-I", `${bin.url}/bytes/3`]);
    expect(stdout).toBe("xxx");
    const child = spawn(process.execPath, [built, "-I", `${bin.url}/drip?duration=20&numbytes=1000`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    child.stdout.once("data", () => child.kill("SIGINT"));
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(130);
  });
  test("a reader that has seen enough is no error", async () => {
    const { stdout } = await promisify(execFile)("sh", [
      "-c",
      `"${process.execPath}" "${built}" -I ${bin.url}/stream-bytes/10000000 | head -c 3`,
    ]);
    expect(stdout).toBe("yyy");
  });
});

describe("looks", () => {
  test("JSON in colours", () => {
    expect(prettyJson('{"a":[1,"x",null,-1.5e3]}', false, painter(true))).toBe(
      '{\u001b[36m"a"\u001b[0m:[\u001b[33m1\u001b[0m,\u001b[32m"x"\u001b[0m,\u001b[35mnull\u001b[0m,\u001b[33m-1500\u001b[0m]}'.replace(
        "-1500",
        "-1.5e3",
      ),
    );
    expect(prettyJson("not json", true, painter(true))).toBe("not json");
    expect(printable("a\u0000\u009b\n")).toBe("a\\x00\\x9b\n");
  });
  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1_500_000, "1.4 MiB"],
    [5 * 2 ** 40, "5.0 TiB"],
  ])("%i bytes are %s", (bytes, shown) => expect(formatBytes(bytes)).toBe(shown));
  test("a bar fits its terminal and is drawn ten times a second", () => {
    let now = 0;
    const drawn: string[] = [];
    const bar = new ProgressBar(
      (line) => drawn.push(line),
      60,
      () => now,
    );
    for (let i = 1; i <= 100; i++) {
      now += 10;
      bar.update({ transferred: i * 1000, total: 100_000 });
    }
    bar.update({ transferred: 5, total: null });
    bar.end();
    expect(drawn.length).toBeLessThan(14);
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(61);
    expect(drawn.at(-2)).toContain("100 %");
  });
});
