import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openCapture, UDP } from "../../src/index.ts";
import { dist, start, startModule } from "./child.ts";
import { isRoot } from "./namespace.ts";

const cli = join(dist, "cli.js");
const folder = mkdtempSync(join(tmpdir(), "live-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Sends datagrams of 100 bytes to a port of 127.0.0.1 where nobody listens, until it is stopped. */
const talk = (port: number) =>
  startModule(`
    import { createSocket } from "node:dgram";
    const socket = createSocket("udp4");
    socket.on("error", () => {});
    setInterval(() => socket.send(new Uint8Array(100), ${port}, "127.0.0.1"), 2);
    console.log("ready");
  `);

const run = (...args: string[]) => spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });

describe.skipIf(!isRoot)("live commands (need root)", () => {
  test("sniff prints packets until the count, and counters", async () => {
    const talker = await talk(41_001);
    const { stdout, stderr, status } = run("sniff", "lo", "udp", "dst", "port", "41001", "-c", "3", "-t", "relative");
    await talker.stop();
    const lines = stdout.trimEnd().split("\n");
    expect(lines.length).toBe(3);
    for (const line of lines) expect(line).toMatch(/^ {4}\d \d\.\d{6} 127\.0\.0\.1:\d+ > 127\.0\.0\.1:41001 UDP/);
    expect(stderr).toMatch(/^listening on lo\n3 packets captured, \d+ received by filter, 0 dropped by kernel\n$/);
    expect(status).toBe(0);
  });

  test.each(["ping 127.0.0.1 -c 20 -i 0.01", "interfaces", "traceroute 127.0.0.1"])(
    "%s ends with its reader",
    (command) => {
      const shell = `${process.execPath} ${cli} ${command} | true; exit ${"$"}{PIPESTATUS[0]}`;
      const { stderr, status } = spawnSync("bash", ["-c", shell], { encoding: "utf8" });
      expect([stderr, status]).toEqual(["", 0]);
    },
  );

  test("sniff gives JSON lines, and cuts packets", async () => {
    const talker = await talk(41_002);
    const { stdout } = run("sniff", "lo,any", "udp dst port 41002", "-c", "4", "-j", "-s", "64");
    await talker.stop();
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.length).toBe(4);
    for (const row of rows) expect(row.layers.at(-1).layer).toBe("UDP");
  });

  test("Ctrl-C ends it with the counters, and the files are whole", async () => {
    const talker = await talk(41_003);
    const path = join(folder, "trace.pcapng");
    const sniffer = await start(
      [
        process.execPath,
        cli,
        "sniff",
        "lo",
        "udp dst port 41003",
        "-w",
        path,
        "--rotate-packets",
        "5",
        "--files",
        "2",
        "-p",
      ],
      /listening/,
    );
    for (let i = 0; i < 23; i++) await sniffer.line();
    const { code, stderr } = await sniffer.stop("SIGINT");
    await talker.stop();
    expect(code).toBe(0);
    expect(stderr).toMatch(/\d+ packets captured, \d+ received by filter, 0 dropped by kernel\nwritten: /);
    const files = readdirSync(folder).filter((name) => name.startsWith("trace"));
    expect(files.length).toBe(2);
    for (const [i, file] of files.entries()) {
      expect(file).toMatch(/^trace_0000\d_\d{14}\.pcapng$/);
      const packets = await openCapture(join(folder, file), { strict: true }).toArray();
      if (i === 0) expect(packets.length).toBe(5);
      for (const packet of packets) expect([packet.require(UDP).dport, packet.interface?.name]).toEqual([41_003, "lo"]);
    }
  });

  test("on a terminal it counts while it writes, needs script", async () => {
    const talker = await talk(41_004);
    const path = join(folder, "counted.pcap");
    const command = `${process.execPath} ${cli} sniff lo udp dst port 41004 -c 400 -w ${path}`;
    const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], { encoding: "utf8" });
    await talker.stop();
    // The line is cleared before each of its texts, and at the end.
    const text = stdout.replaceAll("\r\u001b[K", "<clear>");
    expect(text).toMatch(/<clear>\d+ packets {2}\d+\/s {2}0 dropped<clear>/);
    expect(text).toMatch(/<clear>400 packets captured, \d+ received by filter, 0 dropped by kernel\r\nwritten: /);
    expect((await openCapture(path).toArray()).length).toBe(400);
  });

  test("ping and traceroute", () => {
    const ping = run("ping", "127.0.0.1", "-c", "2", "-i", "0", "-W", "10");
    expect(ping.stdout).toMatch(
      /^127\.0\.0\.1 seq=1 ttl=64 time=\d+\.\d{3} ms\n127\.0\.0\.1 seq=2 .*\n2 sent, 2 received, 0\.0% lost\nmin\/avg\/max\/dev .* ms\n$/,
    );
    expect([ping.stderr, ping.status]).toEqual(["", 0]);
    const trace = run("traceroute", "127.0.0.1", "-w", "10");
    expect(trace.stdout).toMatch(/^ 1 {2}127\.0\.0\.1 \d+\.\d{3} ms {2}\d+\.\d{3} ms {2}\d+\.\d{3} ms\n$/);
    expect(trace.status).toBe(0);
  });

  test("what cannot be is one line", () => {
    expect(run("sniff", "nope0")).toMatchObject({ status: 1, stderr: expect.stringContaining('any, got "nope0"\n') });
    expect(run("sniff", "lo", "tcp prot 80")).toMatchObject({ status: 1, stderr: expect.stringContaining("column 5") });
    expect(run("ping", "127.0.0.1", "-t", "0").stderr).toBe(
      "pcap-decode: ttl: expected an integer from 1 to 255, got 0\n",
    );
  });
});

test("interfaces lists them, without rights", () => {
  expect(run("interfaces").stdout).toMatch(/│ lo +│ up +│ 1 \(ETHERNET\) +│ 65536 │/);
  expect(JSON.parse(run("interfaces", "-j").stdout)[0]).toMatchObject({ name: "lo", loopback: true });
});

test("without socket-core only what needs it says how to get it", () => {
  const copy = join(folder, "package", "dist");
  mkdirSync(copy, { recursive: true });
  cpSync(dist, copy, { recursive: true });
  cpSync(join(dist, "../package.json"), join(copy, "../package.json"));
  const alone = (...args: string[]) =>
    spawnSync(process.execPath, [join(copy, "cli.js"), ...args], { encoding: "utf8", cwd: folder });
  expect(alone("filter", "-d", "tcp").status).toBe(0);
  expect(alone("sniff", "lo")).toMatchObject({
    status: 1,
    stderr: "pcap-decode: this needs @sockeye/socket-core: npm install @sockeye/socket-core\n",
  });
});
