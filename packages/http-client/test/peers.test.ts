import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ForbiddenAddressError, ProxyError, Session, SSLError } from "../src/index.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type Httpbin, startHttpbin } from "./httpbin.ts";
import { has, hasPython, type Peer, PYTHON, startPeer } from "./peer.ts";
import { startRawServer } from "./raw-server.ts";

let folder: string;
let certificates: Certificates;
let bin: Httpbin;
let secure: Httpbin;
let session: Session;
const trust = { proxy: false, netrc: false, certificates: false };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "http-peers-"));
  certificates = makeCertificates(folder);
  bin = await startHttpbin();
  secure = await startHttpbin(
    (handler) => createTlsServer({ cert: certificates.serverCert, key: certificates.serverKey }, handler),
    "https",
  );
});
afterAll(async () => {
  await Promise.all([bin.close(), secure.close()]);
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  session = new Session({ trust, verify: { ca: certificates.ca } });
});
afterEach(() => session.close());

const withNginx = has("nginx");
describe.skipIf(!withNginx)(`nginx${withNginx ? "" : " (skipped: needs nginx)"}`, () => {
  let nginx: Peer;
  let url: string;
  beforeAll(async () => {
    const root = join(folder, "nginx");
    mkdirSync(join(root, "www"), { recursive: true });
    writeFileSync(join(root, "www", "page.html"), "<p>compressible </p>".repeat(1000));
    writeFileSync(join(root, "www", "data.bin"), Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251)));
    nginx = await startPeer("/usr/sbin/nginx", (port) => {
      writeFileSync(
        join(root, "nginx.conf"),
        `
        daemon off; pid ${root}/pid; error_log ${root}/error.log; ${process.getuid?.() === 0 ? "user root;" : ""}
        events {}
        http {
          access_log off; client_body_temp_path ${root}/body; proxy_temp_path ${root}/proxy; fastcgi_temp_path ${root}/f; uwsgi_temp_path ${root}/u; scgi_temp_path ${root}/s;
          types { text/html html; }
          server {
            listen 127.0.0.1:${port} ssl http2;
            ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key;
            ssl_client_certificate ${folder}/ca.pem; ssl_verify_client optional;
            root ${root}/www; gzip on; gzip_min_length 1; client_max_body_size 1k;
            location /who { default_type text/plain; return 200 "$ssl_client_verify $ssl_client_s_dn $server_protocol"; }
            location /needs { if ($ssl_client_verify != SUCCESS) { return 496; } return 200 "in"; }
            location /moved { return 308 /page.html; }
            location /back/ { proxy_pass ${bin.url}/; proxy_buffering off; proxy_http_version 1.1; }
          }
        }`,
      );
      return ["-p", root, "-c", join(root, "nginx.conf"), "-e", join(root, "error.log")];
    });
    url = `https://localhost:${nginx.port}`;
  });
  afterAll(() => nginx?.stop());

  test("TLS: a CA of one's own, and no trust without it", async () => {
    expect(await session.get(`${url}/who`).text()).toBe("NONE  HTTP/1.1");
    await using plain = new Session({ trust });
    await expect(plain.get(url)).rejects.toThrow(SSLError);
  });
  test("client certificates: paths, a pair, one file, PEM text", async () => {
    const at = (name: string): string => join(folder, name);
    writeFileSync(at("both.pem"), certificates.clientCert + certificates.clientKey);
    for (const cert of [
      [at("client.pem"), at("client.key")] as const,
      at("both.pem"),
      { cert: certificates.clientCert, key: certificates.clientKey },
    ]) {
      expect(await session.get(`${url}/who`, { cert }).text()).toBe("SUCCESS CN=client HTTP/1.1");
    }
    expect((await session.get(`${url}/needs`)).status).toBeGreaterThanOrEqual(400);
    expect((await session.get(`${url}/needs`, { cert: at("both.pem") })).status).toBe(200);
    expect((await session.get(`${url}/needs`)).status).toBeGreaterThanOrEqual(400);
  });
  test("HTTP/2", async () => {
    await using s = new Session({ trust, verify: { ca: certificates.ca }, http2: true });
    expect(await s.get(`${url}/who`).text()).toBe("NONE  HTTP/2.0");
    const many = await Promise.all(Array.from({ length: 30 }, () => s.get(`${url}/page.html`)));
    expect(many.map((r) => [r.status, r.bodyBytes.length, r.headers.get("content-encoding")])).toEqual(
      Array(30).fill([200, 20_000, "gzip"]),
    );
    expect((await s.get(`${url}/moved`)).history[0]?.status).toBe(308);
    const r = await s.stream("GET", `${url}/data.bin`);
    expect(await r.bytes()).toHaveLength(100_000);
  });
  test("gzip, whole and streamed", async () => {
    const r = await session.get(`${url}/page.html`);
    expect([r.headers.get("content-encoding"), r.bodyBytes.length]).toEqual(["gzip", 20_000]);
    expect(await (await session.stream("GET", `${url}/page.html`)).text()).toHaveLength(20_000);
  });
  test("chunked, through a reverse proxy, and an upload that is refused", async () => {
    const r = await session.get(`${url}/back/stream/5`);
    expect([r.headers.get("transfer-encoding"), (await r.lines()).length]).toEqual(["chunked", 5]);
    expect((await session.post(`${url}/page.html`, { data: Buffer.alloc(2000) })).status).toBe(413);
  });
  test("ranges: a download goes on", async () => {
    const path = join(folder, "data.bin");
    const { response } = await session.download(`${url}/data.bin`, path);
    const { readFileSync } = await import("node:fs");
    const whole = readFileSync(path);
    writeFileSync(`${path}.part`, whole.subarray(0, 33_333));
    writeFileSync(
      `${path}.part.json`,
      JSON.stringify({ url: `${url}/data.bin`, validator: response.headers.get("etag") }),
    );
    expect((await session.download(`${url}/data.bin`, path)).resumedAt).toBe(33_333);
    expect(readFileSync(path).equals(whole)).toBe(true);
  });
  test("conditional requests", async () => {
    const etag = (await session.get(`${url}/data.bin`)).headers.get("etag")!;
    const r = await session.get(`${url}/data.bin`, { headers: { "If-None-Match": etag } });
    expect([r.status, r.bodyBytes.length]).toEqual([304, 0]);
  });
});

const withTinyproxy = has("tinyproxy");
describe.skipIf(!withTinyproxy)(`tinyproxy${withTinyproxy ? "" : " (skipped: needs tinyproxy)"}`, () => {
  let open: Peer;
  let locked: Peer;
  const start = (name: string, extra: string): Promise<Peer> =>
    startPeer("/usr/bin/tinyproxy", (port) => {
      writeFileSync(
        join(folder, name),
        `Port ${port}\nListen 127.0.0.1\nTimeout 30\nAllow 127.0.0.1\nMaxClients 50\nLogFile "${folder}/${name}.log"\nPidFile "${folder}/${name}.pid"\n${extra}`,
      );
      return ["-d", "-c", join(folder, name)];
    });
  beforeAll(async () => {
    open = await start("open.conf", "");
    locked = await start("locked.conf", "BasicAuth user secret\n");
  });
  afterAll(async () => {
    await Promise.all([open?.stop(), locked?.stop()]);
  });

  test("forwards http, tunnels https", async () => {
    const proxies = `http://127.0.0.1:${open.port}`;
    const forwarded = await session
      .get(`${bin.url}/get?a=1`, { proxies })
      .json<{ headers: Record<string, string>; args: object }>();
    expect([forwarded.args, forwarded.headers.Via, forwarded.headers.Host]).toEqual([
      { a: "1" },
      expect.stringContaining("tinyproxy"),
      new URL(bin.url).host,
    ]);
    const tunnelled = await session
      .post(`${secure.url}/post`, { proxies, json: { a: 1 } })
      .json<{ headers: Record<string, string>; json: object }>();
    expect([tunnelled.json, tunnelled.headers.Via]).toEqual([{ a: 1 }, undefined]);
    expect((await session.get(`${secure.url}/redirect/2`, { proxies })).status).toBe(200);
    await expect(session.get(secure.url, { proxies, verify: true })).rejects.toThrow(SSLError);
  });
  test("with credentials, and without", async () => {
    const proxies = `http://user:secret@127.0.0.1:${locked.port}`;
    expect((await session.get(`${bin.url}/get`, { proxies })).status).toBe(200);
    expect((await session.get(`${secure.url}/get`, { proxies })).status).toBe(200);
    const refused = `http://user:wrong@127.0.0.1:${locked.port}`;
    expect((await session.get(`${bin.url}/get`, { proxies: refused })).status).toBeGreaterThanOrEqual(400);
    const error = await session.get(`${secure.url}/get`, { proxies: refused }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ProxyError);
    expect(String(error)).toMatch(/refused the tunnel to 127\.0\.0\.1:\d+: 40[17]/);
    expect(String(error)).not.toContain("wrong");
  });
  test("proxies by scheme and host", async () => {
    const proxies = { http: `http://127.0.0.1:${open.port}`, "https://localhost": "http://127.0.0.1:1" };
    const { headers } = await session.get(`${bin.url}/get`, { proxies }).json<{ headers: Record<string, string> }>();
    expect(headers.Via).toBeDefined();
    expect((await session.get(`${secure.url}/get`, { proxies })).status).toBe(200);
    await expect(session.get(`https://localhost:${secure.port}/get`, { proxies })).rejects.toThrow(ProxyError);
    const direct = await session
      .get(`${bin.url}/get`, { proxies: { ...proxies, no_proxy: "127.0.0.1" } })
      .json<{ headers: Record<string, string> }>();
    expect(direct.headers.Via).toBeUndefined();
  });
  test("a proxy that is not there, and a target that is not there behind one", async () => {
    for (const url of [bin.url, secure.url]) {
      const error = await session.get(url, { proxies: "http://127.0.0.1:1" }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ProxyError);
      expect((error as Error).message).toBe("cannot reach proxy http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1");
    }
    expect(
      (await session.get("http://127.0.0.1:1/", { proxies: `http://127.0.0.1:${open.port}` })).status,
    ).toBeGreaterThanOrEqual(500);
    await expect(session.get("https://127.0.0.1:1/", { proxies: `http://127.0.0.1:${open.port}` })).rejects.toThrow(
      ProxyError,
    );
  });
});

test("a proxy that is reached by TLS, with trust of its own", async () => {
  const proxy = createTlsServer({ cert: certificates.serverCert, key: certificates.serverKey }, (request, response) =>
    response.end(`via ${request.url} ${request.headers.host}`),
  );
  proxy.on("connect", (_, socket) => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as { port: number };
  await using s = new Session({
    trust,
    proxies: `https://localhost:${port}`,
    proxyTls: { verify: { ca: certificates.ca } },
  });
  expect(await s.get("http://target.example/x").text()).toBe("via http://target.example/x target.example");
  await expect(s.get("https://target.example/")).rejects.toThrow("502 Bad Gateway");
  await using distrusting = new Session({
    trust,
    proxies: `https://localhost:${port}`,
    verify: { ca: certificates.ca },
  });
  await expect(distrusting.get("http://target.example/x")).rejects.toThrow();
  proxy.closeAllConnections();
  proxy.close();
});

test.each([
  ["closes at once", ""],
  ["does not speak HTTP", "SSH-2.0-x\r\n\r\n"],
  ["never ends its answer", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(40_000)}`],
])("a proxy that %s is a ProxyError", async (_, answer) => {
  const raw = await startRawServer((socket) => socket.end(answer));
  await expect(session.get("https://target.example/", { proxies: raw.url })).rejects.toThrow(ProxyError);
  await raw.close();
});

const withMicrosocks = has("microsocks");
describe.skipIf(!withMicrosocks)(`SOCKS5, by microsocks${withMicrosocks ? "" : " (skipped: needs microsocks)"}`, () => {
  let open: Peer;
  let locked: Peer;
  beforeAll(async () => {
    open = await startPeer("/usr/bin/microsocks", (port) => ["-i", "127.0.0.1", "-p", String(port)]);
    locked = await startPeer("/usr/bin/microsocks", (port) => [
      "-i",
      "127.0.0.1",
      "-p",
      String(port),
      "-u",
      "user",
      "-P",
      "secret",
    ]);
  });
  afterAll(async () => {
    await Promise.all([open?.stop(), locked?.stop()]);
  });
  test.each(["socks5", "socks5h", "socks"])("%s", async (scheme) => {
    const proxies = `${scheme}://127.0.0.1:${open.port}`;
    expect((await session.get(`${bin.url.replace("127.0.0.1", "localhost")}/get`, { proxies })).status).toBe(200);
    expect((await session.get(`${secure.url}/get`, { proxies })).status).toBe(200);
    await expect(session.get(secure.url, { proxies, verify: true })).rejects.toThrow(SSLError);
  });
  test("with credentials", async () => {
    expect(
      (await session.get(`${bin.url}/get`, { proxies: `socks5h://user:secret@127.0.0.1:${locked.port}` })).status,
    ).toBe(200);
    for (const credentials of ["user:wrong@", ""]) {
      const error = await session
        .get(`${bin.url}/get`, { proxies: `socks5h://${credentials}127.0.0.1:${locked.port}` })
        .catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ProxyError);
      expect((error as ProxyError).code).toBe("ERR_HTTP_PROXY_AUTHENTICATION");
    }
  });
  test("what it cannot reach, and what may not be reached", async () => {
    await expect(session.get("http://127.0.0.1:1/", { proxies: `socks5://127.0.0.1:${open.port}` })).rejects.toThrow(
      "connection refused",
    );
    await using guarded = new Session({ trust, allowAddresses: "public", proxies: `socks5://127.0.0.1:${open.port}` });
    await expect(guarded.get(`http://localhost:${bin.port}/get`)).rejects.toThrow(ForbiddenAddressError);
  });
});

const withPython = hasPython("socket");
describe.skipIf(!withPython)(
  `SOCKS4 and SOCKS4A, by a small server${withPython ? "" : " (skipped: needs python3)"}`,
  () => {
    let server: Peer;
    beforeAll(async () => {
      writeFileSync(
        join(folder, "socks4.py"),
        `
import socket, struct, sys, threading
def pipe(a, b):
    try:
        while data := a.recv(65536): b.sendall(data)
    except OSError: pass
    try: b.shutdown(socket.SHUT_WR)
    except OSError: pass
def text(c):
    out = b""
    while (x := c.recv(1)) != b"\\0": out += x
    return out.decode()
def serve(c):
    head = c.recv(8, socket.MSG_WAITALL)
    if len(head) < 8: return
    _, _, port, ip = struct.unpack(">BBH4s", head)
    user = text(c)
    host = text(c) if ip[:3] == b"\\0\\0\\0" and ip[3] else socket.inet_ntoa(ip)
    try:
        if user == "bad": raise OSError
        t = socket.create_connection((host, port))
    except OSError:
        c.sendall(b"\\0\\x5b" + b"\\0" * 6); c.close(); return
    c.sendall(b"\\0\\x5a" + b"\\0" * 6)
    threading.Thread(target=pipe, args=(c, t), daemon=True).start(); pipe(t, c)
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
`,
      );
      server = await startPeer(PYTHON, (port) => [join(folder, "socks4.py"), String(port)]);
    });
    afterAll(() => server?.stop());
    test.each(["socks4", "socks4a"])("%s", async (scheme) => {
      const proxies = `${scheme}://127.0.0.1:${server.port}`;
      expect((await session.get(`http://localhost:${bin.port}/get`, { proxies })).status).toBe(200);
      expect((await session.get(`${secure.url}/get`, { proxies })).status).toBe(200);
      await expect(
        session.get(`${bin.url}/get`, { proxies: `${scheme}://bad@127.0.0.1:${server.port}` }),
      ).rejects.toThrow("SOCKS4 code 91");
    });
  },
);

test("a Unix socket", async () => {
  const { createServer } = await import("node:http");
  const path = join(folder, "sock");
  const server = createServer((request, response) => response.end(request.headers.host));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await using s = new Session({ socketPath: path, trust });
  expect(await s.get("http://docker/info").text()).toBe("docker");
  server.close();
});
