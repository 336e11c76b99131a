/** The programs `file-send` and `file-receive`, in processes of their own. */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { cuttingRelay } from "./cutting-relay.ts";
import { endPrograms, example, Program } from "./program.ts";

afterEach(endPrograms);

const GIBIBYTE = 1024 ** 3;
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** A folder for what is sent, with one inside for what is received. */
function folders(): { from: string; to: string } {
  const from = mkdtempSync(join(tmpdir(), "file-transfer-"));
  onTestFinished(() => rmSync(from, { recursive: true, force: true }));
  const to = join(from, "received");
  mkdirSync(to);
  return { from, to };
}

function fileOf(folder: string, name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A program that tells at its end how much memory it had. */
function measured(...args: string[]): Program {
  const probe = new URL("./peers/peak-memory.mjs", import.meta.url).href;
  const run = join(import.meta.dirname, "..", "dist", "run.js");
  return new Program(process.execPath, ["--import", probe, run, ...args]);
}

const peakOf = (output: string): number => Number(/^Peak memory: (\d+) KiB$/m.exec(output)?.[1]) / 1024;

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

describe("a file", () => {
  it.each([0, 1, 524_288, 3_000_000])("of %i bytes arrives whole", async (size) => {
    const { from, to } = folders();
    const content = randomBytes(size);
    const path = fileOf(from, "größe 1.bin", content);
    const receiver = example("file-receive", "0", to);
    const { code, output } = await example("file-send", await receiver.port(), path).ended;
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/^Sent größe 1\.bin, .* SHA-256 \w{64}$/m),
    });
    expect(readFileSync(join(to, "größe 1.bin")).equals(content)).toBe(true);
    expect(readdirSync(to)).toEqual(["größe 1.bin"]);
    const end = await receiver.interrupt();
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.output).toContain(`SHA-256 ${createHash("sha256").update(content).digest("hex")}\n`);
  });

  it("under another name, and never in the place of one that is there", async () => {
    const { from, to } = folders();
    const path = fileOf(from, "a.txt", Buffer.from("first"));
    const port = await example("file-receive", "0", to).port();
    expect((await example("file-send", port, path, "--name", "b.txt").ended).code).toBe(0);
    writeFileSync(path, "second");
    expect(await example("file-send", port, path, "--name", "b.txt").ended).toEqual({
      code: 1,
      signal: null,
      output: 'there is a file "b.txt" already\n',
    });
    expect(readFileSync(join(to, "b.txt"), "utf8")).toBe("first");
  });

  it("larger than allowed is refused", async () => {
    const { from, to } = folders();
    const port = await example("file-receive", "0", to, "--max-size", "999").port();
    expect(await example("file-send", port, fileOf(from, "large", Buffer.alloc(1_000))).ended).toMatchObject({
      code: 1,
      output: "1000 bytes are more than the 999 that are allowed\n",
    });
    expect((await example("file-send", port, fileOf(from, "small", Buffer.alloc(999))).ended).code).toBe(0);
    expect(readdirSync(to)).toEqual(["small"]);
  });

  it("is not sent by, nor to, a peer that would steer the terminal", async () => {
    const { from, to } = folders();
    const shown = expect.stringMatching(/^[\P{C}\n]*not JSON[\P{C}\n]*\ufffd\[2J[\P{C}\n]*$/u);
    const receiver = example("file-receive", "0", to);
    const rude = connect(Number(await receiver.port()), "127.0.0.1").on("error", () => {});
    rude.end("\u001b[2J\n");
    await receiver.find(/not JSON/);
    expect(await receiver.interrupt()).toMatchObject({ code: 0, output: shown });

    const peer = createServer((socket) => socket.on("error", () => {}).end("\u001b[2J\n"));
    await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void peer.close());
    const { port } = peer.address() as AddressInfo;
    const sender = example("file-send", String(port), fileOf(from, "x", Buffer.from("x")));
    expect(await sender.ended).toMatchObject({ code: 1, output: shown });
  });

  it("of 1 GiB takes no more memory than one of 8 MiB, on either side", async () => {
    const { from, to } = folders();
    const peaks: number[] = [];
    for (const size of [8 * 1024 ** 2, GIBIBYTE]) {
      const path = fileOf(from, `large-${size}`, randomBytes(65_536));
      // Holes between: it takes no place on the disk, and is read like any other.
      const file = await open(path, "r+");
      await file.truncate(size);
      await file.write(randomBytes(65_536), 0, 65_536, size - 1_000_000);
      await file.close();
      const receiver = measured("file-receive", "0", to);
      const sent = await measured("file-send", await receiver.port(), path).ended;
      const received = await receiver.interrupt();
      expect([sent.code, received.code]).toEqual([0, 0]);
      const sha256 = await sha256Of(path);
      expect(sent.output).toContain(sha256);
      expect(await sha256Of(join(to, `large-${size}`))).toBe(sha256);
      peaks.push(peakOf(sent.output), peakOf(received.output));
    }
    const [sentSmall, receivedSmall, sentLarge, receivedLarge] = peaks as [number, number, number, number];
    expect(sentLarge - sentSmall).toBeLessThan(48);
    expect(receivedLarge - receivedSmall).toBeLessThan(48);
    expect(Math.max(...peaks)).toBeLessThan(250);
  }, 120_000);
});

describe("a cut connection", () => {
  it("goes on where it stopped, by itself, and twice", async () => {
    const { from, to } = folders();
    const content = randomBytes(6_000_000);
    const path = fileOf(from, "cut", content);
    const receiver = example("file-receive", "0", to);
    const relay = await cuttingRelay(await receiver.port(), [2_500_000, 1_500_000]);
    const { code, output } = await example("file-send", relay.port, path).ended;
    expect(code, output).toBe(0);
    expect(output.match(/^The connection was cut \(.*\); trying again$/gm)).toHaveLength(2);
    expect(readFileSync(join(to, "cut")).equals(content)).toBe(true);
    // Nothing that had arrived was sent again: besides the content there are only a few messages.
    expect(relay.forwarded).toHaveLength(3);
    const all = relay.forwarded.reduce((sum, count) => sum + count, 0);
    expect(all).toBeGreaterThan(content.length);
    expect(all).toBeLessThan(content.length + 3 * 1_000);
    expect((await receiver.interrupt()).output).toMatch(/A transfer has failed:.*\n[\s\S]*of which .* were there/);
  });

  it("leaves a part to which another sender and another receiver go on", async () => {
    const { from, to } = folders();
    const content = randomBytes(4_000_000);
    const path = fileOf(from, "again", content);
    const first = example("file-receive", "0", to);
    const relay = await cuttingRelay(await first.port(), [3_000_000, 0, 0, 0, 0, 0, 0]);
    expect((await example("file-send", relay.port, path).ended).code).toBe(1);
    await first.interrupt();
    expect(readdirSync(to)).toEqual([".again.part"]);
    const port = await example("file-receive", "0", to).port();
    const { code, output } = await example("file-send", port, path).ended;
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(", of which 2.9 MiB were there") });
    expect(readFileSync(join(to, "again")).equals(content)).toBe(true);
  });

  it("begins anew when the part is of something else", async () => {
    const { from, to } = folders();
    const content = randomBytes(1_000_000);
    writeFileSync(join(to, ".other.part"), randomBytes(400_000));
    writeFileSync(join(to, ".shorter.part"), randomBytes(1_400_000));
    const port = await example("file-receive", "0", to).port();
    for (const name of ["other", "shorter"]) {
      const { code, output } = await example("file-send", port, fileOf(from, name, content)).ended;
      expect(code).toBe(0);
      expect(output).not.toContain("were there");
      expect(readFileSync(join(to, name)).equals(content)).toBe(true);
    }
  });
});

describe("Ctrl-C", () => {
  it("ends the sender, which says where it was, and the receiver, which keeps the part", async () => {
    const { from, to } = folders();
    const path = fileOf(from, "slow", Buffer.alloc(1));
    const file = await open(path, "r+");
    await file.truncate(GIBIBYTE);
    await file.close();
    const receiver = example("file-receive", "0", to);
    const sender = example("file-send", await receiver.port(), path);
    await sender.find(/^slow: 10 %/m);
    expect(await sender.interrupt()).toMatchObject({
      code: 130,
      output: expect.stringMatching(/^Interrupted at .* of 1\.0 GiB; the same command goes on there$/m),
    });
    await receiver.find(/^A transfer has failed:/m);
    const again = example("file-send", await receiver.port(), path);
    await again.find(/^slow: \d/m);
    const ended = await receiver.interrupt();
    expect(ended).toMatchObject({ code: 0, signal: null });
    await again.interrupt();
    expect(readdirSync(to)).toEqual([".slow.part"]);
  });
});

describe.skipIf(!hasOpenssl)("over TLS (needs openssl)", () => {
  it("arrives, also after a cut, and goes to nobody else", async () => {
    const { from, to } = folders();
    const [key, cert] = [join(from, "key.pem"), join(from, "cert.pem")];
    const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
    const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const made = spawnSync("openssl", [
      ...["req", "-x509", ...ec, "-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-addext", names],
    ]);
    expect(made.status, String(made.stderr)).toBe(0);
    const content = randomBytes(3_000_000);
    const path = fileOf(from, "secret", content);
    const receiver = example("file-receive", "0", to, "--cert", cert, "--key", key);
    const port = await receiver.port();
    // Who does not know the certificate does not send.
    const stranger = await example("file-send", port, path, "--tls").ended;
    expect(stranger).toMatchObject({ code: 1, output: expect.stringMatching(/^self-signed certificate\b.*\n$/) });
    const relay = await cuttingRelay(port, [1_500_000]);
    const { code, output } = await example("file-send", relay.port, path, "--ca", cert).ended;
    expect(code, output).toBe(0);
    expect(output).toMatch(/, of which .* were there/);
    expect(readFileSync(join(to, "secret")).equals(content)).toBe(true);
    // In the clear it is not understood.
    expect((await example("file-send", port, path, "--name", "clear").ended).code).toBe(1);
    expect(readdirSync(to)).toEqual(["secret"]);
  });
});

it.each([
  [["file-receive", "0", "/no/such/folder"], /^ENOENT.*\n$/],
  [["file-receive", "0", ".", "--cert", "x"], /^--cert and --key go together\n$/],
  [["file-receive", "0", ".", "--max-size", "-1"], /^Option '--max-size' argument is ambiguous/],
  [["file-receive", "0", ".", "--max-size", "many"], /^--max-size is a number of bytes\n$/],
  [["file-send", "1"], /^expected PORT FILE$/m],
  [["file-send", "1", "/no/such/file"], /^ENOENT.*\n$/],
  [["file-send", "1", "/"], /^\/ is not a file\n$/],
  [["file-send", "1", "package.json"], /^.*ECONNREFUSED.*\n$/],
])("%j says what is wrong", async (args, output) => {
  expect(await example(...args).ended).toMatchObject({ code: 1, output: expect.stringMatching(output) });
});
