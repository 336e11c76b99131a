import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProxyError, Session } from "../src/index.ts";
import { makeCertificates } from "./certificates.ts";
import { type Httpbin, startHttpbin } from "./httpbin.ts";
import { has, type Peer, startPeer } from "./peer.ts";

type Headers = Record<string, string>;

const helper = "/usr/lib/squid/basic_ncsa_auth";
const isThere = has("squid") && existsSync(helper);
// A colon and what a URL must escape: the name and the password arrive as they are.
const users = { user: "secret", "jo@example.com": "p@ss:w/rd %25" };

// One instance for all: squid takes a while to start.
describe.skipIf(!isThere)(`squid, which asks for credentials${isThere ? "" : " (skipped: needs squid)"}`, () => {
  let folder: string;
  let bin: Httpbin;
  let secure: Httpbin;
  let squid: Peer;
  let session: Session;
  const proxy = (name: string, password: string): string =>
    `http://${encodeURIComponent(name)}:${encodeURIComponent(password)}@127.0.0.1:${squid.port}`;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "http-squid-"));
    const certificates = makeCertificates(folder);
    bin = await startHttpbin();
    secure = await startHttpbin(
      (handler) => createTlsServer({ cert: certificates.serverCert, key: certificates.serverKey }, handler),
      "https",
    );
    const hash = (password: string): string =>
      spawnSync("openssl", ["passwd", "-apr1", "-stdin"], { input: password, encoding: "utf8" }).stdout.trim();
    const lines = Object.entries(users).map(([name, password]) => `${name}:${hash(password)}\n`);
    writeFileSync(join(folder, "users"), lines.join(""));
    // Started by root, squid and its helper become another user, who must be able to read here, and to log.
    chmodSync(folder, 0o777);
    squid = await startPeer("/usr/sbin/squid", (port) => {
      const config = join(folder, "squid.conf");
      writeFileSync(
        config,
        `
http_port 127.0.0.1:${port}
auth_param basic program ${helper} ${folder}/users
auth_param basic children 1 startup=1 idle=1
auth_param basic realm test
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
access_log none
cache_log ${folder}/cache.log
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
max_filedescriptors 512
pinger_enable off
shutdown_lifetime 0 seconds
dns_nameservers 127.0.0.1
`,
      );
      return ["-N", "-f", config];
    });
    session = new Session({
      trust: { proxy: false, netrc: false, certificates: false },
      verify: { ca: certificates.ca },
      proxies: proxy("user", "secret"),
    });
  });
  afterAll(async () => {
    await session?.close();
    await Promise.all([squid?.stop(), bin?.close(), secure?.close()]);
    rmSync(folder, { recursive: true });
  });

  test("forwards http, and keeps the credentials to itself", async () => {
    const echo = await session
      .post(`${bin.url}/post?a=1`, { json: { b: 2 } })
      .json<{ args: object; json: object; headers: Headers }>();
    expect([echo.args, echo.json]).toEqual([{ a: "1" }, { b: 2 }]);
    expect(echo.headers.Via).toContain("squid");
    expect(echo.headers).not.toHaveProperty("Proxy-Authorization");
  });

  test("tunnels https, and sends the credentials with CONNECT only", async () => {
    const echo = await session
      .post(`${secure.url}/post`, { json: { b: 2 } })
      .json<{ json: object; headers: Headers }>();
    expect(echo.json).toEqual({ b: 2 });
    expect(echo.headers).not.toHaveProperty("Via");
    expect(echo.headers).not.toHaveProperty("Proxy-Authorization");
  });

  test("takes names and passwords as they are", async () => {
    const proxies = proxy("jo@example.com", users["jo@example.com"]);
    for (const { url } of [bin, secure]) expect((await session.get(`${url}/get`, { proxies })).status).toBe(200);
  });

  test.each([
    ["wrong ones", (port: number) => `http://user:wrong@127.0.0.1:${port}`],
    ["none", (port: number) => `http://127.0.0.1:${port}`],
  ])("refuses %s: a 407 answer for http, a ProxyError for https", async (_, make) => {
    const proxies = make(squid.port);
    const answer = await session.get(`${bin.url}/get`, { proxies });
    expect([answer.status, answer.headers.get("proxy-authenticate")]).toEqual([407, 'Basic realm="test"']);
    const error = await session.get(`${secure.url}/get`, { proxies }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ProxyError);
    expect(String(error)).toMatch(/refused the tunnel to 127\.0\.0\.1:\d+: 407/);
    expect(String(error)).not.toContain("wrong");
  });

  test("a redirect from http to https changes the way through it", async () => {
    const to = encodeURIComponent(`${secure.url}/headers`);
    const response = await session.get(`${bin.url}/redirect-to?url=${to}`);
    expect(response.history.map(({ status }) => status)).toEqual([302]);
    expect((await response.json<{ headers: Headers }>()).headers).not.toHaveProperty("Via");
  });

  test("bodies of no length, and large ones", async () => {
    async function* pieces(): AsyncGenerator<string> {
      for (let i = 0; i < 100; i++) yield `${i}`.padStart(1000);
    }
    for (const { url } of [bin, secure]) {
      const echo = await session.post(`${url}/post`, { data: pieces() }).json<{ data: string }>();
      expect(echo.data).toHaveLength(100_000);
      expect(await session.get(`${url}/stream-bytes/3000000`).bytes()).toHaveLength(3_000_000);
    }
  });

  test("what it cannot reach: its 503 for http, a ProxyError for https", async () => {
    expect((await session.get("http://127.0.0.1:1/")).status).toBe(503);
    const error = await session.get("https://127.0.0.1:1/").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ProxyError);
    expect(String(error)).toMatch(/refused the tunnel to 127\.0\.0\.1:1: 503/);
  });
});
