/** CPython at the other end. */
import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Address,
  AF_UNIX,
  createConnection,
  SHUT_WR,
  SO_LINGER,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  Socket,
} from "../src/index.ts";
import { python } from "./child.ts";
import { closeAll, families, freshPath, listening, receiveAll, receiveExactly, track } from "./pairs.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  closeAll();
  for (const child of children.splice(0)) child.kill();
});

const available = spawnSync("python3", ["--version"]).status === 0;
if (!available) console.warn("interop.test.ts is skipped: it needs python3");

/** Defines `where` in Python from an address of ours. */
const where = `
import json, socket, sys, threading
given = json.loads(sys.argv[1])
family = {"IPv4": socket.AF_INET, "IPv6": socket.AF_INET6, "Unix": socket.AF_UNIX}[sys.argv[2]]
where = given["path"] if "path" in given else (given["address"], given["port"])
def name(s):
    n = s.getsockname()
    print(json.dumps({"path": n} if isinstance(n, str) else {"address": n[0], "port": n[1]}))
`;

function start(script: string, address: unknown, family: string): ReturnType<typeof python> {
  const peer = python(where + script, JSON.stringify(address), family);
  children.push(peer.child);
  return peer;
}

async function named(peer: ReturnType<typeof python>): Promise<Address> {
  return JSON.parse(await peer.line());
}

describe.runIf(available).each(families)("CPython over $name", (family) => {
  it("as server of a stream: a million bytes there and back", async () => {
    const script = `
s = socket.create_server(where, family=family) if family != socket.AF_UNIX else socket.socket(family)
if family == socket.AF_UNIX: s.bind(where); s.listen()
name(s)
c, _ = s.accept()
data = bytearray()
while chunk := c.recv(65536): data += chunk
c.sendall(data[::-1])
c.close()
`;
    const peer = start(script, family.fresh(), family.name);
    const socket = track(await createConnection(await named(peer)));
    const data = Buffer.alloc(1_000_003, "0123456789abcdef~");
    const sending = socket.sendAll(data).then(() => socket.shutdown(SHUT_WR));
    expect((await receiveAll(socket)).equals(Buffer.from(data).reverse())).toBe(true);
    await sending;
  });

  it("as client of a stream: line by line, then it resets", async () => {
    const server = listening(family);
    const script = `
import struct
s = socket.socket(family)
s.connect(where)
f = s.makefile("rw", newline="\\n")
for i in range(100):
    f.write(f"line {i}\\n"); f.flush()
    assert f.readline() == f"LINE {i}\\n"
f.close()
print("done")
sys.stdin.readline()
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
`;
    const peer = start(script, server.getsockname(), family.name);
    const { socket } = await server.accept();
    track(socket);
    for (let i = 0; i < 100; i++) {
      const line = await receiveExactly(socket, `line ${i}\n`.length);
      await socket.sendAll(String(line).toUpperCase());
    }
    expect(await peer.line()).toBe("done");
    const reading = socket.recv().catch((error) => error.code);
    peer.child.stdin?.end("\n");
    expect(await reading).toBe(family.family === AF_UNIX ? null : "ECONNRESET");
  });

  it("as peer of datagrams: a thousand in order, an empty one last", async () => {
    const script = `
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind(where)
name(s)
while True:
    data, sender = s.recvfrom(65536)
    s.sendto(data.upper(), sender)
    if not data: break
`;
    const peer = start(script, family.fresh(), family.name);
    const to = await named(peer);
    const socket = track(new Socket(family.family, SOCK_DGRAM));
    socket.bind(family.fresh());
    for (let i = 0; i < 1_000; i++) {
      await socket.sendto(`datagram ${i}`, to);
      const { data, address } = await socket.recvfrom();
      expect([String(data), address]).toEqual([`DATAGRAM ${i}`, to]);
    }
    await socket.sendto("", to);
    expect(await socket.recv()).toEqual(Buffer.alloc(0));
    await once(peer.child, "exit");
  });

  it("inherits a listening socket of ours and serves on it", async () => {
    const server = listening(family);
    const fd = server.fileno();
    const { spawn } = await import("node:child_process");
    const { LD_PRELOAD, ...env } = process.env;
    const script = `import socket; s = socket.socket(fileno=3); c, _ = s.accept(); c.sendall(b"from the child"); c.close()`;
    const child = spawn("python3", ["-c", `import os; os.set_blocking(3, True)\n${script}`], {
      stdio: ["ignore", "ignore", "inherit", fd],
      env,
    });
    children.push(child);
    const client = track(await createConnection(server.getsockname()));
    expect(String(await receiveAll(client))).toBe("from the child");
  });
});

describe.runIf(available)("CPython", () => {
  it("finds our Unix socket on the disk and our linger in the kernel", () => {
    const path = freshPath();
    const server = track(new Socket(AF_UNIX, SOCK_STREAM));
    server.bind({ path });
    expect(statSync(path).isSocket()).toBe(true);
    server.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from(new Int32Array([1, 7]).buffer));
    expect([...new Int32Array(new Uint8Array(server.getsockopt(SOL_SOCKET, SO_LINGER, 8)).buffer)]).toEqual([1, 7]);
  });

  it("agrees about every constant that both know", () => {
    const script =
      "import json, socket; print(json.dumps({k: int(v) for k, v in vars(socket).items() if k[:2].isupper() and isinstance(v, int)}))";
    const { LD_PRELOAD, ...env } = process.env;
    const theirs = JSON.parse(spawnSync("python3", ["-c", script], { env, encoding: "utf8" }).stdout);
    return import("../src/index.ts").then((core) => {
      const ours = core as unknown as Record<string, number>;
      const both = Object.keys(theirs).filter((name) => (ours[name] ?? -1) !== -1);
      expect(both.length).toBeGreaterThan(80);
      // CPython has the SOMAXCONN of the headers that it was built with.
      const compared = both.filter((name) => name !== "SOMAXCONN");
      expect(compared.map((name) => [name, ours[name]])).toEqual(compared.map((name) => [name, theirs[name]]));
    });
  });
});
