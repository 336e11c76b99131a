import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import tls from "node:tls";
import { beforeAll, describe, expect, test } from "vitest";
import { stack } from "../build/stack.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { TCP } from "../layers/tcp.ts";
import { Packet } from "../packet.ts";
import { TLSSession, TLSTracker, type TLSTrackerOptions } from "./tls-tracker.ts";

type Turn = readonly ["client" | "server", Uint8Array];

/** Two ends of a pipe that write down what is said. */
function recorded(said: Turn[]): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const end = (from: "client" | "server", other: number) =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        said.push([from, chunk]);
        ends[other]!.push(chunk);
        done();
      },
    });
  ends.push(end("client", 1), end("server", 0));
  return ends as [Duplex, Duplex];
}

/** What Node.js says as client and as server of TLS. */
async function handshake(version: "TLSv1.2" | "TLSv1.3", key: Buffer, cert: Buffer): Promise<Turn[]> {
  const said: Turn[] = [];
  const [a, b] = recorded(said);
  const limits = { minVersion: version, maxVersion: version } as const;
  const server = new tls.TLSSocket(b, { isServer: true, key, cert, ALPNProtocols: ["h2"], ...limits });
  const client = tls.connect({
    socket: a,
    servername: "name.example",
    rejectUnauthorized: false,
    ALPNProtocols: ["h2", "http/1.1"],
    ...limits,
  });
  await new Promise((resolve, reject) => {
    client.once("secureConnect", resolve);
    client.once("error", reject);
    server.once("error", reject);
  });
  return said;
}

function packets(turns: readonly Turn[], size: number): Packet[] {
  const next = { client: 10, server: 70 };
  return turns.flatMap(([from, all]) => {
    const list: Packet[] = [];
    const [src, dst, sport, dport] =
      from === "client"
        ? (["10.0.0.1", "10.0.0.2", 4000, 9443] as const)
        : (["10.0.0.2", "10.0.0.1", 9443, 4000] as const);
    for (let at = 0; at < all.length; at += size) {
      const data = all.subarray(at, at + size);
      const bytes = stack(
        Ethernet(),
        IPv4({ src, dst }),
        TCP({ sport, dport, seq: next[from], flags: "PA" }),
        data,
      ).bytes();
      next[from] += data.length;
      list.push(Packet.from(bytes, { time: 1 }));
    }
    return list;
  });
}

function track(list: readonly Packet[], options: TLSTrackerOptions = {}): TLSSession[] {
  const seen: TLSSession[] = [];
  const tracker = new TLSTracker((session) => void seen.push(session), options);
  for (const each of list) tracker.add(each);
  tracker.finish();
  return seen;
}

describe("sessions", () => {
  let said: Record<"TLSv1.2" | "TLSv1.3", Turn[]>;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "tls-"));
    const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name));
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const made = spawnSync("openssl", [...args, "-subj", "/CN=name.example", "-keyout", key!, "-out", cert!]);
    expect(made.status).toBe(0);
    const [keyBytes, certBytes] = [readFileSync(key!), readFileSync(cert!)];
    rmSync(folder, { recursive: true });
    said = {
      "TLSv1.2": await handshake("TLSv1.2", keyBytes, certBytes),
      "TLSv1.3": await handshake("TLSv1.3", keyBytes, certBytes),
    };
  });

  test.each([
    ["TLSv1.2", 1, 0x0303, "h2"],
    ["TLSv1.2", 1400, 0x0303, "h2"],
    ["TLSv1.3", 1, 0x0304, undefined],
    ["TLSv1.3", 100, 0x0304, undefined],
  ] as const)("%s of Node.js, in segments of %i bytes", (version, size, number, alpn) => {
    const [session, ...others] = track(packets(said[version], size));
    expect(others).toEqual([]);
    expect([session!.serverName, session!.version, session!.alpn]).toEqual(["name.example", number, alpn]);
    expect(session!.offeredALPN).toEqual(["h2", "http/1.1"]);
    expect(session!.offeredVersions).toContain(number);
    expect(session!.cipherSuite! >> 8).toBe(number === 0x0304 ? 0x13 : 0xc0);
    expect([session!.ja3, session!.ja3s].map((hash) => /^[0-9a-f]{32}$/.test(hash!))).toEqual([true, true]);
    expect(session!.ja4).toMatch(number === 0x0304 ? /^t13d\d{4}h2_/ : /^t12d\d{4}h2_/);
    expect(session!.stream.server.port).toBe(9443);
  });

  test("behind STARTTLS, and only so late", () => {
    const mail: Turn[] = [
      ["server", Buffer.from("220 mail\r\n")],
      ["client", Buffer.from("STARTTLS\r\n")],
      ["server", Buffer.from("220 go\r\n")],
    ];
    const list = packets([...mail, ...said["TLSv1.3"]], 500);
    expect(track(list)[0]!.serverName).toBe("name.example");
    expect(track(list, { maxPlainBytes: 5 })).toEqual([]);
  });

  test("with one side only, or a hello that is too long", () => {
    const [first] = said["TLSv1.3"];
    const [one] = track(packets([first!], 100));
    expect([one!.serverName, one!.version]).toEqual(["name.example", undefined]);
    expect(track(packets([first!], 50), { maxHelloBytes: 64 })).toEqual([]);
    expect(() => new TLSTracker(() => {}, { maxHelloBytes: 1 })).toThrow("maxHelloBytes: expected an integer from 64");
    expect(one).toBeInstanceOf(TLSSession);
  });
});
