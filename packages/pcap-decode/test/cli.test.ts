import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DNS, Ethernet, encodeCapture, IPv4, openCapture, Packet, readCapture, stack, TCP, UDP } from "../src/index.ts";
import { hasTool } from "./tools.ts";

const cli = join(import.meta.dirname, "../dist/cli.js");
const folder = mkdtempSync(join(tmpdir(), "cli-"));
const file = join(folder, "trace.pcap");
afterAll(() => rmSync(folder, { recursive: true }));

const parts = [
  stack(Ethernet(), IPv4({ src: "10.0.0.1", dst: "10.0.0.2" }), TCP({ sport: 1000, dport: 80, flags: "S", seq: 7 })),
  stack(
    Ethernet(),
    IPv4({ src: "10.0.0.1", dst: "10.0.0.53" }),
    UDP({ sport: 2000 }),
    DNS({ questions: [{ name: "a.example", type: 1, class: 1 }] }),
  ),
  stack(
    Ethernet(),
    IPv4({ src: "10.0.0.1", dst: "10.0.0.2" }),
    TCP({ sport: 1000, dport: 80, flags: "PA" }),
    "GET /\u001b]0;title\u0007 HTTP/1.1\r\nHost: h.example\r\n\r\n",
  ),
];

beforeAll(async () => {
  if (!existsSync(cli)) throw new Error(`${cli} is missing: build the package first`);
  const packets = parts.map((each, i) => {
    const bytes = each.bytes();
    return new Packet(bytes, 0, bytes.length, bytes.length, 1, 1_700_000_000 + i, 5_000_000);
  });
  writeFileSync(file, await encodeCapture(packets));
});

function run(args: string[], input?: Uint8Array): { stdout: string; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, ...args], {
    encoding: "utf8",
    input,
    env: { ...process.env, TZ: "UTC", FORCE_COLOR: "" },
  });
  return { stdout, stderr, status };
}

describe("read", () => {
  test("prints a line a packet, without colours in a pipe and without control bytes ever", () => {
    const { stdout, status } = run(["read", file]);
    expect(stdout.trimEnd().split("\n")).toEqual([
      "    1 22:13:20.005000 10.0.0.1:1000 > 10.0.0.2:80 TCP S seq=7 win=8192",
      "    2 22:13:21.005000 10.0.0.1:2000 > 10.0.0.53:53 DNS A a.example?",
      "    3 22:13:22.005000 10.0.0.1:1000 > 10.0.0.2:80 HTTP PA seq=0 ack=0 win=8192 GET /\\x1b]0;title\\x07 HTTP/1.1",
    ]);
    expect(status).toBe(0);
  });

  test.each([
    ["utc", "2023-11-14T22:13:21.005000000Z"],
    ["epoch", "1700000001.005000000"],
    ["relative", "1.000000"],
  ])("prints times as %s", (format, time) => {
    expect(run(["read", file, "--time", format, "-s", "1", "-c", "1"]).stdout).toContain(`    2 ${time} `);
  });

  test("prints layers, bytes and JSON lines", () => {
    expect(run(["read", "-v", file]).stdout).toContain("DNS  A a.example?\n");
    expect(run(["read", "-x", "-c", "1", file]).stdout).toContain("0000  ff ff ff ff ff ff");
    const rows = run(["read", "-j", file])
      .stdout.trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.map((row) => [row.number, row.layers.at(-1).layer])).toEqual([
      [1, "TCP"],
      [2, "DNS"],
      [3, "HTTP"],
    ]);
  });

  test("colours when asked", () => {
    expect(run(["read", file, "--color", "always"]).stdout).toContain("\u001b[36m10.0.0.1:1000");
  });

  test("reads standard input, compressed too", () => {
    expect(run(["read", "-", "-c", "1"], readFileSync(file)).stdout).toContain("TCP S seq=7");
    expect(run(["read", "-"], gzipSync(readFileSync(file))).stdout.split("\n").length).toBe(4);
  });

  test("ends quietly when its reader has enough", () => {
    const long = join(folder, "long.pcap");
    const bytes = readFileSync(file);
    writeFileSync(long, Buffer.concat([bytes, ...Array.from({ length: 20_000 }, () => bytes.subarray(24))]));
    const shell = `${process.execPath} ${cli} read ${long} | head -1; exit ${"$"}{PIPESTATUS[0]}`;
    const { stdout, stderr, status } = spawnSync("bash", ["-c", shell], { encoding: "utf8" });
    expect([stdout.split("\n").length, stderr, status]).toEqual([2, "", 0]);
  });

  test("says what is wrong in one line", () => {
    expect(run(["read", join(folder, "none.pcap")])).toMatchObject({
      status: 1,
      stderr: `pcap-decode: ENOENT: no such file or directory, open '${join(folder, "none.pcap")}'\n`,
    });
    const notes = join(folder, "notes.txt");
    writeFileSync(notes, "not a capture, only text");
    expect(run(["read", notes])).toMatchObject({
      status: 1,
      stderr: "pcap-decode: Neither a pcap nor a pcapng file: it starts with 6e 6f 74 20\n",
    });
    expect(run(["read", file, "-c", "many"]).stderr).toContain("Expected a number of packets.");
    expect(run(["red", file])).toMatchObject({ status: 1 });
  });

  test("a file that is cut gives its packets, a note and status 1", () => {
    const cut = join(folder, "cut.pcap");
    writeFileSync(cut, readFileSync(file).subarray(0, -10));
    const { stdout, stderr, status } = run(["read", cut]);
    expect(stdout.trimEnd().split("\n").length).toBe(2);
    expect(stderr).toMatch(/^pcap-decode: The file ends within a packet or block that starts at byte \d+\n$/);
    expect(status).toBe(1);
  });

  test("Ctrl-C ends following with what was printed", async () => {
    const child = spawn(process.execPath, [cli, "read", "-f", file]);
    let seen = "";
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        seen += chunk;
        if (seen.split("\n").length === 4) resolve();
      });
    });
    child.kill("SIGINT");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code).toBe(130);
  });
});

describe("stats", () => {
  test("counts by protocol, in a table and as JSON", () => {
    const { stdout } = run(["stats", file]);
    expect(stdout).toMatch(/Packets\s+3\n/);
    expect(stdout).toMatch(/│ {7}DNS\s+│\s+1 │\s+33\.3 │\s+69 │/);
    const json = JSON.parse(run(["stats", "-j", file]).stdout);
    expect([json.packets, json.format, json.durationSeconds, json.interfaces[0].linkType]).toEqual([3, "pcap", 2, 1]);
    expect(json.protocols.map((each: { chain: string }) => each.chain)).toContain("Ethernet/IPv4/TCP/HTTP");
  });
});

describe("convert", () => {
  test.skipIf(!hasTool("capinfos"))("to pcapng and back gives the same packets, and capinfos agrees", async () => {
    const ng = join(folder, "out.pcapng");
    const back = join(folder, "back.pcap");
    expect(run(["convert", file, ng])).toMatchObject({ status: 0, stderr: `3 packets written to ${ng}\n` });
    run(["convert", ng, back]);
    expect(readFileSync(back).equals(readFileSync(file))).toBe(true);
    expect(execFileSync("capinfos", ["-T", "-m", "-r", "-c", "-E", ng], { encoding: "utf8" })).toBe(`${ng},ether,3\n`);
  });

  test("a pcapng keeps its blocks", async () => {
    const ng = join(folder, "blocks.pcapng");
    const copy = join(folder, "copy.pcapng");
    writeFileSync(ng, await encodeCapture([stack(Ethernet()).bytes()], { format: "pcapng" }));
    run(["convert", ng, copy]);
    expect(readFileSync(copy).equals(readFileSync(ng))).toBe(true);
  });

  test("cuts packets, and writes big-endian nanoseconds", async () => {
    const out = join(folder, "short.pcap");
    run(["convert", file, out, "--snaplen", "40", "--nanoseconds", "--big-endian"]);
    const capture = openCapture(out);
    expect((await capture.toArray()).map((each) => each.capturedLength)).toEqual([40, 40, 40]);
    expect([capture.byteOrder, capture.interfaces[0]!.ticksPerSecond]).toEqual(["big", 1_000_000_000n]);
  });

  test("to JSON lines, on standard output too", () => {
    expect(run(["convert", file, "-", "--to", "jsonl"]).stdout.trim().split("\n").length).toBe(3);
  });

  test("to Parquet", async () => {
    const out = join(folder, "out.parquet");
    run(["convert", file, out]);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(out) });
    expect(rows.length).toBe(3);
    expect(rows[1]).toMatchObject({
      number: 2,
      time: 1_700_000_001_005_000_000n,
      protocols: "Ethernet/IPv4/UDP/DNS",
      source: "10.0.0.1",
      destination_port: 53,
      error: null,
    });
  });

  test("refuses a name that tells no format", () => {
    expect(run(["convert", file, "out.xyz"]).stderr).toContain(
      "pcap-decode: OUTPUT: expected a name that ends in .pcap",
    );
    expect(existsSync("out.xyz")).toBe(false);
  });
});

describe.skipIf(!hasTool("tcpdump"))("filter", () => {
  test("prints the program that tcpdump prints", () => {
    const { stdout, status } = run(["filter", "-d", "tcp", "port", "80"]);
    const theirs = execFileSync("tcpdump", ["-n", "-d", "-y", "EN10MB", "tcp port 80"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const plain = (text: string) =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => line.trimEnd());
    expect(plain(stdout)).toEqual(plain(theirs));
    expect(status).toBe(0);
  });

  test("writes the file that tcpdump writes", () => {
    const out = join(folder, "tcp.pcap");
    expect(run(["filter", "-r", file, "-w", out, "tcp"])).toMatchObject({
      status: 0,
      stderr: `2 packets written to ${out}\n`,
    });
    const theirs = join(folder, "theirs.pcap");
    execFileSync("tcpdump", ["-n", "-r", file, "-w", theirs, "tcp"], { stdio: "ignore" });
    expect(readFileSync(out).equals(readFileSync(theirs))).toBe(true);
  });

  test.skipIf(process.platform === "win32")("reads a named pipe, and what is no plain pcap", () => {
    const other = join(folder, "other.pcapng");
    expect(run(["convert", file, other]).status).toBe(0);
    const shell = `"$0" "$1" filter -r <(cat "$2") -w - tcp`;
    for (const input of [file, other]) {
      const { stdout, status } = spawnSync("bash", ["-c", shell, process.execPath, cli, input]);
      expect(status).toBe(0);
      expect([...readCapture(new Uint8Array(stdout))]).toHaveLength(2);
    }
  });

  test("chooses what read, stats, convert and hexdump see", () => {
    expect(run(["read", file, "udp"]).stdout).toMatch(/^ {4}1 .* DNS A a\.example\?\n$/);
    expect(JSON.parse(run(["stats", "-j", file, "tcp", "dst", "port", "80"]).stdout).packets).toBe(2);
    expect(run(["hexdump", file, "udp"]).stdout).toMatch(/^#1 Ethernet \/ IPv4 \/ UDP/);
  });

  test("points at what it does not understand, before the file is opened", () => {
    expect(run(["read", join(folder, "none.pcap"), "tcp", "prot", "80"])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^pcap-decode: .*column 5/),
    });
  });
});

describe("streams", () => {
  const talk = join(folder, "talk.pcap");
  const said = [
    ["c", 9, "S", ""],
    ["s", 99, "SA", ""],
    ["c", 10, "A", "GET /dir/../a%20b.txt?q=\u001b HTTP/1.1\r\nHost: h.example\r\n\r\n"],
    ["s", 100, "A", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
    ["s", 143, "FA", ""],
  ] as const;

  beforeAll(async () => {
    const packets = said.map(([from, seq, flags, data], i) => {
      const [src, dst, sport, dport] =
        from === "c" ? (["10.0.0.1", "10.0.0.2", 4000, 80] as const) : (["10.0.0.2", "10.0.0.1", 80, 4000] as const);
      const bytes = stack(Ethernet(), IPv4({ src, dst }), TCP({ sport, dport, seq, ack: 1, flags }), data).bytes();
      return new Packet(bytes, 0, bytes.length, bytes.length, 1, 1_700_000_000 + i, 0);
    });
    const ask = { id: 7, questions: [{ name: "a.example", type: 1, class: 1 }] };
    const answers = [{ name: "a.example", type: 1, class: 1, ttl: 1, address: "192.0.2.1" }];
    for (const [response, sport, dport] of [
      [0, 4000, 53],
      [1, 53, 4000],
    ] as const) {
      const [src, dst] = response === 0 ? ["10.0.0.1", "10.0.0.53"] : ["10.0.0.53", "10.0.0.1"];
      const dns = DNS({ ...ask, response, ...(response === 0 ? {} : { answers }) });
      const bytes = stack(Ethernet(), IPv4({ src: src!, dst: dst! }), UDP({ sport, dport }), dns).bytes();
      packets.push(new Packet(bytes, 0, bytes.length, bytes.length, 1, 1_700_000_010 + response, 0));
    }
    writeFileSync(talk, await encodeCapture(packets));
  });

  test.skipIf(!hasTool("tshark")).each(["raw", "ascii"])("follow prints %s as tshark does", (format) => {
    const theirs = execFileSync("tshark", ["-n", "-r", talk, "-q", "-z", `follow,tcp,${format},0`], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(run(["follow", talk, "0", "-f", format])).toEqual({ stdout: theirs, stderr: "", status: 0 });
  });

  test("follow prints streams of a filter, one side of them, and no control bytes", () => {
    const { stdout } = run(["follow", talk, "tcp", "port", "80", "--from", "client"]);
    expect(stdout).toContain("GET /dir/../a%20b.txt?q=. HTTP/1.1");
    expect(stdout).not.toContain("hello");
    expect(run(["follow", talk, "0", "-f", "hex", "--from", "server"]).stdout).toContain(
      "\t00000020  20 35 0d 0a 0d 0a 68 65  6c 6c 6f                  5....he llo\n",
    );
    expect(run(["follow", talk, "7"])).toMatchObject({
      status: 1,
      stderr: "pcap-decode: STREAM: expected a number below 1, got 7\n",
    });
  });

  test("flows are a table, JSON lines and CSV", () => {
    const { stdout } = run(["flows", talk]);
    expect(stdout).toMatch(/│ TCP │ 10\.0\.0\.1:4000 │ 10\.0\.0\.2:80 +│ +2 3 │ +\d+ \d+ │ +4\.000 │/);
    expect(stdout).toMatch(/\n2 flows, 7 packets, \d+ bytes\n$/);
    const rows = run(["flows", talk, "-j", "--sort", "start"])
      .stdout.trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.map(({ protocol, packets, state }) => [protocol, packets, state])).toEqual([
      ["TCP", 5, "closing"],
      ["UDP", 2, "open"],
    ]);
    const [head, ...lines] = run(["flows", talk, "--csv", "--by", "ip", "-n", "1"]).stdout.trim().split("\n");
    expect(head).toMatch(/^a,b,packets,bytes,fromA\.packets,fromA\.bytes,/);
    expect(lines.map((line) => line.split(",").slice(0, 3))).toEqual([["10.0.0.1", "10.0.0.2", "5"]]);
    expect(run(["flows", talk, "--top", "1"]).stdout).toContain("the 1 first of them are shown (--top)");
  });

  test("http and dns print a line for each, or JSON", () => {
    const { stdout } = run(["http", talk]);
    expect(stdout).toMatch(
      /^2023-11-14T22:13:22\.000000000Z 10\.0\.0\.1:4000 GET http:\/\/h\.example\/dir\/\.\.\/a%20b\.txt\?q=\\x1b 200 5 bytes, 1000\.0 ms\n$/,
    );
    expect(run(["http", "-v", talk]).stdout).toContain("\n  > Host: h.example\n  < Content-Length: 5\n");
    expect(JSON.parse(run(["http", "-j", talk]).stdout)).toMatchObject({ method: "GET", status: 200, duration: 1 });
    expect(run(["dns", talk]).stdout).toBe(
      "2023-11-14T22:13:30.000000000Z 10.0.0.1:4000 > 10.0.0.53:53 A a.example 192.0.2.1 (1000.0 ms)\n",
    );
    expect(JSON.parse(run(["dns", "-j", talk]).stdout)).toMatchObject({ answered: true, rcode: 0, latency: 1 });
  });

  test("export-objects writes under safe names, and over nothing", () => {
    const out = join(folder, "objects");
    for (const expected of ["a_20b.txt", "a_20b(1).txt"]) {
      const { stdout, stderr, status } = run(["export-objects", talk, out]);
      expect([stdout.split(" 5 bytes")[0], stderr, status]).toEqual([expected, `1 objects written to ${out}\n`, 0]);
      expect(readFileSync(join(out, expected), "utf8")).toBe("hello");
    }
  });
});

test("hexdump prints bytes under each summary", () => {
  expect(run(["hexdump", file, "-c", "1"]).stdout).toMatch(
    /^#1 Ethernet \/ IPv4 \/ TCP {2}10\.0\.0\.1:1000.*\n0000 {2}ff/,
  );
});

test("help fits a screen, and the command is executable", () => {
  const { stdout, status } = run(["--help"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThan(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(80);
  expect(status).toBe(0);
  for (const command of [
    "read",
    "stats",
    "convert",
    "filter",
    "hexdump",
    "follow",
    "flows",
    "http",
    "dns",
    "export-objects",
  ])
    expect(run([command, "--help"]).stdout).toContain("Usage: pcap-decode");
  expect(statSync(cli).mode & 0o111).not.toBe(0);
});
