import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect, promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  CookieJar,
  digest,
  ForbiddenAddressError,
  http,
  InvalidHeader,
  InvalidProxyURL,
  InvalidSchema,
  InvalidURL,
  ProxyError,
  ResponseTooLarge,
  Session,
  SSLError,
  TooManyRedirects,
} from "../src/index.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type Httpbin, startHttpbin } from "./httpbin.ts";
import { type RawServer, startRawServer } from "./raw-server.ts";

let first: Httpbin;
let second: Httpbin;
let secure: Httpbin;
let certificates: Certificates;
let folder: string;
let session: Session;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "http-security-"));
  certificates = makeCertificates(folder);
  first = await startHttpbin();
  second = await startHttpbin();
  secure = await startHttpbin(
    (handler) => createTlsServer({ cert: certificates.serverCert, key: certificates.serverKey }, handler),
    "https",
  );
});
afterAll(async () => {
  await Promise.all([first.close(), second.close(), secure.close()]);
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  session = new Session({
    trust: { proxy: false, netrc: false, certificates: false },
    verify: { ca: certificates.ca },
  });
});
afterEach(() => session.close());

type Headers = Record<string, string | undefined>;
const to = (url: string, status = 307): string => `/redirect-to?status_code=${status}&url=${encodeURIComponent(url)}`;
const secrets = { Authorization: "Bearer t", Cookie: "own=1", "X-Api-Key": "k", "X-Auth-Token": "a", "X-Mine": "m" };

async function headersAfter(url: string, options = {}): Promise<Headers> {
  return (await session.get(url, { headers: secrets, ...options }).json<{ headers: Headers }>()).headers;
}

/** Answers each connection by its own rules and keeps what it was sent. */
async function withRaw<T>(
  answer: Parameters<typeof startRawServer>[0],
  run: (raw: RawServer) => Promise<T>,
): Promise<T> {
  const raw = await startRawServer(answer);
  try {
    return await run(raw);
  } finally {
    await raw.close();
  }
}
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("1. credentials do not cross origins", () => {
  test("on another port: dropped, also what was marked sensitive", async () => {
    const headers = await headersAfter(first.url + to(`${second.url}/headers`), { sensitiveHeaders: ["X-Mine"] });
    for (const name of ["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "X-Mine"])
      expect(headers[name], name).toBeUndefined();
    expect(headers.Host).toBe(new URL(second.url).host);
  });
  test("on the same origin: kept, but not the Cookie header", async () => {
    const headers = await headersAfter(first.url + to("/headers"));
    expect(headers).toMatchObject({ Authorization: "Bearer t", "X-Api-Key": "k", "X-Mine": "m" });
    expect(headers.Cookie).toBeUndefined();
  });
  test("not given back when a later hop returns", async () => {
    const back = second.url + to(`${first.url}/headers`);
    expect(await headersAfter(first.url + to(back))).not.toHaveProperty("Authorization");
    const viaAuth = await session.get(first.url + to(back), { auth: ["u", "p"] }).json<{ headers: Headers }>();
    expect(viaAuth.headers.Authorization).toBeUndefined();
  });
  test("a Host header stays behind", async () => {
    expect(
      (await headersAfter(first.url + to(`${second.url}/headers`), { headers: { Host: "virtual.example" } })).Host,
    ).toBe(new URL(second.url).host);
  });
  test("with a baseUrl, the session's credentials are for its origin only", async () => {
    await using s = new Session({
      baseUrl: first.url,
      allowAbsoluteUrls: true,
      auth: ["u", "p"],
      headers: { "X-Api-Key": "k", "X-Plain": "p" },
      trust: { netrc: false },
    });
    const own = (await s.get("headers").json<{ headers: Headers }>()).headers;
    expect(own).toMatchObject({ "X-Api-Key": "k", Authorization: expect.stringMatching(/^Basic/) });
    for (const options of [undefined, {}]) {
      const foreign = (await s.get(`${second.url}/headers`, options).json<{ headers: Headers }>()).headers;
      expect([foreign.Authorization, foreign["X-Api-Key"], foreign["X-Plain"]]).toEqual([undefined, undefined, "p"]);
    }
  });
});

describe("2. where a redirect may lead", () => {
  test("https to http drops the same, and can be refused", async () => {
    const url = secure.url + to(`${first.url}/headers`);
    expect(await headersAfter(url)).not.toHaveProperty("Authorization");
    await expect(session.get(url, { allowDowngrade: false })).rejects.toThrow(InvalidSchema);
  });
  test.each(["file:///etc/passwd", "data:text/plain,x", "unix:/run/x", "javascript:1"])("not to %s", async (url) => {
    await expect(session.get(first.url + to(url))).rejects.toThrow(InvalidSchema);
  });
  test("credentials in a Location are for that hop, and are not shown", async () => {
    const location = `${second.url.replace("//", "//me:hunter2@")}/redirect-to?url=/headers`;
    const answer = `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
    const r = await withRaw(
      (socket) => socket.end(answer),
      (raw) => session.get(raw.url),
    );
    expect((await r.json<{ headers: Headers }>()).headers.Authorization).toMatch(/^Basic/);
    expect(r.url + inspect(r) + inspect(r.history) + JSON.stringify(r)).not.toContain("hunter2");
    const elsewhere = await session.get(
      first.url + to(`${second.url.replace("//", "//me:hunter2@")}${to(`${first.url}/headers`)}`),
    );
    expect((await elsewhere.json<{ headers: Headers }>()).headers.Authorization).toBeUndefined();
  });
});

describe("3. the body across redirects", () => {
  test("a rewrite to GET takes the headers of the body along", async () => {
    const sent = await session
      .post(first.url + to("/anything", 303), {
        json: { a: 1 },
        headers: { "Content-Language": "en", "Content-Encoding": "x" },
      })
      .json<{ headers: Headers; method: string }>();
    expect(sent.method).toBe("GET");
    for (const name of ["Content-Length", "Content-Type", "Content-Language", "Content-Encoding", "Transfer-Encoding"])
      expect(sent.headers[name], name).toBeUndefined();
  });
  test("a stream that is gone is an error, not an empty body", async () => {
    const data = (async function* () {
      yield "x";
    })();
    await expect(session.post(first.url + to("/post"), { data })).rejects.toThrow("it was a stream that is gone");
  });
  test("there is an end", async () => {
    const error = await session.get(`${first.url}/loop`).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TooManyRedirects);
    expect((error as TooManyRedirects).response!.history).toHaveLength(30);
  });
});

describe("4. Proxy-Authorization", () => {
  test("goes to the proxy that forwards, and is made anew for each hop", async () => {
    await withRaw(
      (socket, head) =>
        socket.end(
          head.includes("/one")
            ? "HTTP/1.1 302 Found\r\nLocation: http://two.example/two\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            : ok,
        ),
      async (proxy) => {
        await session.get("http://one.example/one", {
          proxies: { "http://one.example": proxy.url.replace("//", "//u:p@"), http: proxy.url },
        });
        expect(proxy.heads[0]).toMatch(
          /^GET http:\/\/one\.example\/one HTTP\/1\.1\r\n[\s\S]*Proxy-Authorization: Basic dTpw/i,
        );
        expect(proxy.heads[1]).toMatch(/^GET http:\/\/two\.example\/two HTTP\/1\.1\r\n/);
        expect(proxy.heads[1]).not.toMatch(/proxy-authorization/i);
      },
    );
  });
  test("is on CONNECT only, never inside the tunnel", async () => {
    const inside: string[] = [];
    await withRaw(
      (socket, head) => {
        if (head.startsWith("CONNECT")) socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        else inside.push(head);
      },
      async (proxy) => {
        await expect(
          session.get("https://target.example/", { proxies: proxy.url.replace("//", "//u:p@") }),
        ).rejects.toThrow(ProxyError);
        expect(proxy.heads[0]).toMatch(
          /^CONNECT target\.example:443 HTTP\/1\.1\r\nHost: target\.example:443\r\nProxy-Authorization: Basic dTpw$/,
        );
        expect(inside).toEqual([]);
      },
    );
    const sent = await session
      .get(`${first.url}/headers`, { headers: { "Proxy-Authorization": "Basic x" } })
      .json<{ headers: Headers }>();
    expect(sent.headers["Proxy-Authorization"]).toBeUndefined();
  });
});

describe("5. netrc", () => {
  const previous = process.env.NETRC;
  afterAll(() => {
    if (previous === undefined) delete process.env.NETRC;
    else process.env.NETRC = previous;
  });
  const withNetrc = async (text: string, run: (s: Session) => Promise<void>): Promise<void> => {
    process.env.NETRC = join(folder, "netrc");
    writeFileSync(process.env.NETRC, text);
    await using s = new Session({ trust: { proxy: false } });
    await run(s);
  };
  const authorization = async (s: Session, url: string, options = {}): Promise<string | undefined> =>
    (await s.get(url, options).json<{ headers: Headers }>()).headers.Authorization;

  test("is used, and comes after everything explicit", async () => {
    await withNetrc("machine 127.0.0.1 login n password s", async (s) => {
      expect(await authorization(s, `${first.url}/headers`)).toBe(`Basic ${btoa("n:s")}`);
      expect(await authorization(s, `${first.url}/headers`, { headers: { authorization: "Bearer mine" } })).toBe(
        "Bearer mine",
      );
      expect(await authorization(s, `${first.url}/headers`, { auth: ["a", "b"] })).toBe(`Basic ${btoa("a:b")}`);
      expect(await authorization(s, `${first.url}/headers`, { auth: null })).toBeUndefined();
      expect(await authorization(s, `${first.url.replace("//", "//u:p@")}/headers`)).toBe(`Basic ${btoa("u:p")}`);
    });
  });
  test("is looked up by the real host (CVE-2024-47081)", async () => {
    await withNetrc("machine example.com login n password s", async (s) => {
      expect(await authorization(s, `http://example.com:@127.0.0.1:${first.port}/headers`)).toBe(
        `Basic ${btoa("example.com:")}`,
      );
      expect(await authorization(s, `${first.url}/headers?http://example.com`)).toBeUndefined();
    });
  });
  test("an empty entry and the default entry are not used", async () => {
    await withNetrc("machine 127.0.0.1\ndefault login d password e", async (s) =>
      expect(await authorization(s, `${first.url}/headers`)).toBeUndefined(),
    );
    await withNetrc("default login d password e", async (s) =>
      expect(await authorization(s, `${first.url}/headers`)).toBeUndefined(),
    );
  });
  test("can be turned off by itself", async () => {
    await withNetrc("machine 127.0.0.1 login n password s", async () => {
      await using s = new Session({ trust: { proxy: true, netrc: false } });
      expect(await authorization(s, `${first.url}/headers`)).toBeUndefined();
    });
  });
});

describe("6. nothing breaks out of its place in the request", () => {
  // The message shows that it was this package that refused, and not undici behind it.
  test.each<[string, object, string]>([
    ["a header's value", { headers: { X: "a\r\nEvil: 1" } }, "holds a control character"],
    ["a header's name", { headers: { "X\r\nEvil": "1" } }, "header name must be an RFC 9110 token"],
    ["a value that turns into one", { headers: { X: { toString: () => "a\r\nEvil: 1" } } }, "must be a string"],
    ["a cookie's name", { cookies: { "a\r\nb": "1" } }, "cookie name must be"],
    ["a cookie's value", { cookies: { a: "1\r\nEvil: 1" } }, "value of cookie a holds"],
    [
      "a second Host",
      {
        headers: new Map([
          ["Host", "a"],
          ["host", "b"],
        ]),
      },
      "header host is given twice",
    ],
    [
      "a second Content-Length",
      {
        headers: new Map([
          ["Content-Length", "1"],
          ["content-length", "2"],
        ]),
      },
      "given twice",
    ],
    ["a part's type", { files: { f: ["n", "d", "a/b\r\nEvil: 1"] } }, "holds a control character"],
    ["a user with a colon", { auth: ["a:b", "c"] }, "must not contain a colon"],
  ])("%s", async (_, options, message) => {
    const before = first.accepted();
    const error = await session.post(first.url, options).catch((e: unknown) => e);
    expect([error instanceof InvalidHeader, (error as Error).message]).toEqual([
      true,
      expect.stringContaining(message),
    ]);
    expect(first.accepted()).toBe(before);
  });
  test("a method, a URL", async () => {
    await expect(session.request("GET / HTTP/1.1\r\nEvil: 1", first.url)).rejects.toThrow("method must be");
    await expect(session.get(`${first.url}/\r\nEvil: 1`)).rejects.toThrow(InvalidURL);
  });
  test("a proxy's user", async () => {
    await withRaw(
      (socket) => socket.end(ok),
      async (proxy) => {
        await session.get("http://x.example/", { proxies: proxy.url.replace("//", "//u%0d%0aEvil:x@") });
        expect(proxy.heads[0]).not.toMatch(/^Evil/m);
      },
    );
  });
});

describe("7. baseUrl holds", () => {
  test.each(["https://evil.example/", "//evil.example/", "\\\\evil.example", "http:evil.example"])(
    "%s",
    async (url) => {
      await using s = new Session({ baseUrl: first.url });
      await expect(s.get(url)).rejects.toThrow(InvalidURL);
    },
  );
  test("what looks like a host stays a path", async () => {
    await using s = new Session({ baseUrl: `${first.url}/anything`, trust: { netrc: false } });
    for (const path of ["@evil.example/", ":80@evil.example/", ".evil.example/", "/@evil.example"]) {
      if (path.startsWith(":")) await expect(s.get(path)).resolves.toMatchObject({ status: 200 });
      else expect((await s.get(path)).url).toMatch(new RegExp(`^${first.url}/anything/`));
    }
  });
});

describe("8. sizes", () => {
  test("a body in memory, encoded or not, of an error too", async () => {
    await expect(session.get(`${first.url}/bytes/5000`, { maxResponseBytes: 4999 })).rejects.toThrow(ResponseTooLarge);
    expect((await session.get(`${first.url}/bytes/5000`, { maxResponseBytes: 5000 })).bodyBytes).toHaveLength(5000);
    await expect(session.get(`${first.url}/bomb/50000000`, { maxResponseBytes: 1_000_000 })).rejects.toThrow(
      ResponseTooLarge,
    );
    await expect(session.get(`${first.url}/bomb/50000000?status=500`, { maxResponseBytes: 1_000_000 })).rejects.toThrow(
      ResponseTooLarge,
    );
  });
  test("a streamed body, while it is read", async () => {
    const r = await session.stream("GET", `${first.url}/bomb/50000000`, { maxResponseBytes: 1_000_000 });
    let size = 0;
    await expect(async () => {
      for await (const chunk of r.iterBytes()) size += chunk.length;
    }).rejects.toThrow(ResponseTooLarge);
    expect(size).toBeLessThanOrEqual(1_000_000);
  });
  test("there is a default", async () => {
    await expect(session.get(`${first.url}/stream-bytes/104900000`)).rejects.toThrow("larger than 104857600 bytes");
  });
  test("the body of a redirect, plain or a bomb", async () => {
    const r = await session.get(`${first.url}/redirect-body/1000000`);
    expect([r.status, r.history[0]!.truncated, r.history[0]!.bodyBytes.length]).toEqual([200, true, 0]);
    await expect(
      session.get(`${first.url}/bomb/50000000?status=302&location=/get`, { maxResponseBytes: 1_000_000 }),
    ).rejects.toThrow(ResponseTooLarge);
  });
  test("codings and the head", async () => {
    await expect(
      session.get(`${first.url}/response-headers?content-encoding=gzip,gzip,gzip,gzip,gzip,gzip`),
    ).rejects.toThrow(/names 6 codings; at most 5/);
    await expect(
      session.get(
        `${first.url}/response-headers?x=${"a".repeat(9000)}&y=${"b".repeat(6000)}&content-type=${"c".repeat(3000)}`.slice(
          0,
          15_000,
        ),
      ),
    ).resolves.toBeDefined();
    await using small = new Session({ maxHeaderSize: 500, trust: { netrc: false } });
    await expect(small.get(`${first.url}/response-headers?x=${"a".repeat(1000)}`)).rejects.toThrow(ResponseTooLarge);
  });
});

describe("9. cookies", () => {
  test("of a public suffix, for another host, or unsafe prefixes are not stored", async () => {
    session.mount(
      "https://shop.co.uk/",
      () =>
        new Response("", {
          headers: [
            ["set-cookie", "a=1; Domain=co.uk"],
            ["set-cookie", "b=1; Domain=bank.co.uk"],
            ["set-cookie", "__Host-c=1; Domain=shop.co.uk"],
            ["set-cookie", "ok=1; Secure"],
          ],
        }),
    );
    await session.get("https://shop.co.uk/");
    expect([...session.cookies].map(({ name }) => name)).toEqual(["ok"]);
    session.mount("http://shop.co.uk/", (request) => new Response(request.headers.get("cookie") ?? "none"));
    expect(await session.get("http://shop.co.uk/").text()).toBe("none");
  });
  test("of a call are for its host and for the call", async () => {
    const seen: (string | null)[] = [];
    session.mount("http://a.example/", (request) => {
      seen.push(request.headers.get("cookie"));
      return Response.redirect("http://b.example/", 302);
    });
    session.mount("http://b.example/", (request) => {
      seen.push(request.headers.get("cookie"));
      return new Response("");
    });
    await session.get("http://a.example/", { cookies: { secret: "1" } });
    await session.get("http://a.example/", { headers: { Cookie: "mine=1" } });
    expect([seen, session.cookies.isEmpty]).toEqual([["secret=1", null, "mine=1", null], true]);
  });
  test("do not go to a proxy that tunnels", async () => {
    const jar = new CookieJar();
    jar.set("a", "1", { url: "https://target.example/" });
    await withRaw(
      (socket) => socket.end("HTTP/1.1 403 No\r\n\r\n"),
      async (proxy) => {
        await using s = new Session({ cookies: jar, proxies: proxy.url, trust: { netrc: false } });
        await expect(s.get("https://target.example/")).rejects.toThrow(ProxyError);
        expect(proxy.heads[0]).not.toMatch(/cookie/i);
      },
    );
  });
});

describe("10. TLS", () => {
  test("is checked by default", async () => {
    await expect(http.get(secure.url)).rejects.toThrow(SSLError);
    expect((await session.get(`${secure.url}/get`)).status).toBe(200);
  });
  test("verify: false never lends its connection (CVE-2024-35195)", async () => {
    await using s = new Session({ trust: { netrc: false, proxy: false, certificates: false } });
    expect((await s.get(`${secure.url}/get`, { verify: false })).status).toBe(200);
    await expect(s.get(`${secure.url}/get`)).rejects.toThrow(SSLError);
    expect((await s.get(`${secure.url}/get`, { verify: certificates.ca })).status).toBe(200);
    await expect(s.get(`${secure.url}/get`)).rejects.toThrow(SSLError);
  });
  test("the name is checked too", async () => {
    await expect(
      session.get(secure.url.replace("127.0.0.1", "127.0.0.2").replace(/:\d+$/, `:${secure.port}`), { timeout: 3000 }),
    ).rejects.toThrow();
    const named = await startHttpbin(
      (handler) => createTlsServer({ cert: certificates.otherCert, key: certificates.otherKey }, handler),
      "https",
    );
    await expect(session.get(named.url)).rejects.toMatchObject({
      name: "SSLError",
      message: expect.stringMatching(/altname|does not match/i),
    });
    await named.close();
  });
  test("the name is the URL's, whatever the Host header says", async () => {
    const url = `https://localhost:${secure.port}/headers`;
    const sent = await session.get(url, { headers: { Host: "other.example" } }).json<{ headers: Headers }>();
    expect(sent.headers.Host).toBe("other.example");
    const named = await startHttpbin(
      (handler) => createTlsServer({ cert: certificates.otherCert, key: certificates.otherKey }, handler),
      "https",
    );
    const wrong = session.get(`https://localhost:${named.port}/`, { headers: { Host: "other.example" } });
    await expect(wrong).rejects.toThrow(SSLError);
    await named.close();
  });
  test("authorities of the environment are used only when trusted", async () => {
    const path = join(folder, "ca.pem");
    writeFileSync(path, certificates.ca);
    process.env.REQUESTS_CA_BUNDLE = path;
    try {
      await using trusting = new Session({ trust: { netrc: false } });
      expect((await trusting.get(`${secure.url}/get`)).status).toBe(200);
      await using careful = new Session({ trust: { netrc: false, certificates: false } });
      await expect(careful.get(`${secure.url}/get`)).rejects.toThrow(SSLError);
    } finally {
      delete process.env.REQUESTS_CA_BUNDLE;
    }
  });
});

describe("11. NO_PROXY and HTTP_PROXY", () => {
  test("the environment is asked, NO_PROXY obeyed, a CGI's HTTP_PROXY ignored", async () => {
    await withRaw(
      (socket) => socket.end(ok),
      async (proxy) => {
        const saved = { ...process.env };
        try {
          process.env.HTTP_PROXY = proxy.url;
          await using proxied = new Session({ trust: { netrc: false } });
          expect(await proxied.get("http://anything.example/").text()).toBe("ok");
          await using distrusting = new Session({ trust: { netrc: false, proxy: false } });
          expect((await distrusting.get(`${first.url}/get`)).status).toBe(200);
          process.env.NO_PROXY = "badexample.com, 127.0.0.0/8";
          await using direct = new Session({ trust: { netrc: false } });
          expect(await direct.get(`${first.url}/get`).json()).toHaveProperty("url");
          delete process.env.NO_PROXY;
          process.env.REQUEST_METHOD = "GET";
          await using cgi = new Session({ trust: { netrc: false } });
          expect(await cgi.get(`${first.url}/get`).json()).toHaveProperty("url");
        } finally {
          process.env = saved;
        }
      },
    );
  });
});

describe("12. a polluted Object.prototype", () => {
  const values = {
    auth: ["evil", "evil"],
    proxies: "http://127.0.0.1:1",
    proxy: "http://127.0.0.1:1",
    baseUrl: "http://evil.example",
    baseURL: "http://evil.example",
    headers: { evil: "1" },
    params: { evil: "1" },
    query: { evil: "1" },
    signal: { aborted: true },
    verify: false,
    dispatcher: {},
    socketPath: "/evil",
  };
  // Servers of Node itself do not stand this, so that the client gets a process of its own.
  const built = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  test.skipIf(!existsSync(built))("adds nothing to a request (skipped without a build)", async () => {
    const program = `
      const { Session } = await import(${JSON.stringify(built)});
      const values = ${JSON.stringify(values)};
      for (const key in values) Object.defineProperty(Object.prototype, key, { value: values[key], configurable: true, writable: true });
      const s = new Session({ trust: { netrc: false } });
      const sent = await s.get(${JSON.stringify(`${first.url}/anything`)}, {}).json();
      const refused = await s.get(${JSON.stringify(secure.url)}).catch((error) => error);
      await s.close();
      for (const key in values) delete Object.prototype[key];
      console.log(JSON.stringify([sent.headers.Authorization ?? null, sent.headers.Evil ?? null, sent.args, refused.name]));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    expect(JSON.parse(stdout)).toEqual([null, null, {}, "SSLError"]);
  });
  test("names like __proto__ are fields like any other", async () => {
    const fields = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    const sent = await session
      .post(`${first.url}/post`, { data: fields, params: fields, headers: fields })
      .json<{ url: string; headers: object }>();
    expect(sent.url).toContain("__proto__=a&constructor=b");
    expect(
      (await session.get(`${first.url}/response-headers?link=${encodeURIComponent("<x>; rel=__proto__")}`)).links[
        ["__proto__"][0]!
      ],
    ).toMatchObject({ url: "x" });
    expect(({} as Record<string, unknown>).url).toBeUndefined();
  });
});

describe("13. retries", () => {
  test("a POST is not sent twice, whatever breaks", async () => {
    await withRaw(
      (socket) => socket.destroy(),
      async (raw) => {
        await expect(session.post(raw.url, { data: "x", retry: 5 })).rejects.toThrow();
        expect(raw.heads).toHaveLength(1);
      },
    );
  });
  test("Retry-After is cut, and nonsense is not obeyed", async () => {
    const delays: number[] = [];
    const hooks = { retry: (_: unknown, delay: number) => void delays.push(delay) };
    await session.get(`${first.url}/retry-after/cut?after=99999999`, {
      retry: { total: 1, retryAfterMax: 0.01 },
      hooks,
    });
    for (const value of ["-1", "%2B1", "1.0"])
      await session.get(`${first.url}/retry-after/n${value}?after=${value}`, { retry: 1, hooks });
    expect(delays).toEqual([0.01, 0, 0, 0]);
  });
});

describe("14. secrets are not printed", () => {
  test("in errors, inspect and JSON", async () => {
    const secret = "hunter2";
    const options = { headers: { Authorization: secret, Cookie: `a=${secret}`, "X-Api-Key": secret } };
    const error = (await session
      .get(`${first.url.replace("//", `//user:${secret}@`)}/status/500`, { ...options, throwHttpErrors: true })
      .catch((e: unknown) => e)) as Error & { request: unknown; response: unknown };
    const refused = await session.get(`http://user:${secret}@127.0.0.1:1/`, options).catch((e: unknown) => e);
    const prepared = session.prepare("GET", `http://user:${secret}@h/`, options);
    const printed = [error, error.request, error.response, refused, prepared]
      .map((value) => inspect(value, { depth: 9, showHidden: true }) + JSON.stringify(value) + String(value))
      .join("\n");
    expect(printed).not.toContain(secret);
    expect(printed).toContain("[redacted]");
  });
  test("in a URL that cannot be used", async () => {
    for (const url of ["http://user:hunter2@h:99999/", "ftp://user:hunter2@h/", "user:hunter2@h"]) {
      const error = await session.get(url).catch((e: unknown) => e);
      expect(inspect(error)).not.toContain("hunter2");
    }
  });
  test("nor what a server sets", async () => {
    const r = await session.get(`${first.url}/response-headers?set-cookie=sid%3Dhunter2`);
    expect(inspect(r) + JSON.stringify(r)).not.toContain("sid=hunter2; ");
    expect(inspect(r.headers)).not.toContain("hunter2");
  });
});

describe("15. allowAddresses", () => {
  test("refuses literals, names and mapped addresses, before a connection", async () => {
    await using s = new Session({ allowAddresses: "public", trust: { netrc: false, proxy: false } });
    const before = first.accepted();
    for (const host of [
      "127.0.0.1",
      "localhost",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[64:ff9b::7f00:1]",
      "[2002:7f00:1::]",
      "0.0.0.0",
      "2130706433",
      "0x7f.1",
      "169.254.169.254",
    ]) {
      await expect(s.get(`http://${host}:${first.port}/get`), host).rejects.toThrow(ForbiddenAddressError);
    }
    expect(first.accepted()).toBe(before);
  });
  test("holds on every hop", async () => {
    await using s = new Session({
      allowAddresses: (address) => address === "127.0.0.1",
      trust: { netrc: false, proxy: false },
    });
    expect((await s.get(`${first.url}/get`)).status).toBe(200);
    await expect(s.get(first.url + to(`http://127.0.0.2:${second.port}/get`))).rejects.toThrow(ForbiddenAddressError);
  });
  test("refuses to be used behind a proxy that resolves names", async () => {
    await using s = new Session({ allowAddresses: "public", trust: { netrc: false, proxy: false } });
    await expect(s.get("http://example.com/", { proxies: "http://127.0.0.1:1" })).rejects.toThrow(InvalidProxyURL);
    await expect(s.get("https://example.com/", { proxies: "socks5h://127.0.0.1:1" })).rejects.toThrow(InvalidProxyURL);
  });
});

describe("16. the cache is private", () => {
  test("and not shared between sessions or credentials", async () => {
    await using a = new Session({ cache: true, headers: { "X-Api-Key": "a" }, trust: { netrc: false } });
    await using b = new Session({ cache: true, headers: { "X-Api-Key": "b" }, trust: { netrc: false } });
    const url = `${first.url}/cache/60?private`;
    const id = async (s: Session, options?: object): Promise<string> =>
      (await s.get(url, options).json<{ id: string }>()).id;
    const own = await id(a);
    expect(await id(a)).toBe(own);
    expect(await id(b)).not.toBe(own);
    expect(await id(a, { auth: ["c", "d"] })).not.toBe(own);
    expect(await id(a, { cookies: { c: "d" } })).not.toBe(own);
  });
});

describe("17. digest", () => {
  test("is not answered with Basic, nor for another origin, nor twice", async () => {
    await withRaw(
      (socket) =>
        socket.end(
          'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
        ),
      async (raw) => {
        expect((await session.get(raw.url, { auth: digest("u", "p") })).status).toBe(401);
        expect(raw.heads).toHaveLength(1);
        expect(raw.heads[0]).not.toMatch(/authorization/i);
      },
    );
    await withRaw(
      (socket, _, n) =>
        socket.end(
          `HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="n${n}", qop="auth"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        ),
      async (raw) => {
        expect((await session.get(raw.url, { auth: digest("u", "p") })).status).toBe(401);
        expect(raw.heads).toHaveLength(2);
        expect((await session.get(first.url + to(raw.url), { auth: digest("u", "p") })).status).toBe(401);
        expect(raw.heads).toHaveLength(3);
      },
    );
  });
  test("picks the strongest offer, with a fresh cnonce each time", async () => {
    const offers = ["MD5", "SHA-256"]
      .map((algorithm) => `Digest realm="x", nonce="n", qop="auth", algorithm=${algorithm}`)
      .join(", ");
    await withRaw(
      (socket, head) =>
        socket.end(
          /authorization: digest/i.test(head)
            ? ok
            : `HTTP/1.1 401 No\r\nWWW-Authenticate: ${offers}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        ),
      async (raw) => {
        for (let i = 0; i < 2; i++) await session.get(raw.url, { auth: digest("u", "p") });
        expect(raw.heads[1]).toMatch(/algorithm=SHA-256/);
        const cnonces = [raw.heads[1], raw.heads[3]].map((head) => /cnonce="([0-9a-f]{32})"/.exec(head!)![1]);
        expect(cnonces[0]).not.toBe(cnonces[1]);
      },
    );
  });
});

describe("18. answers are not mixed up", () => {
  test("bytes after an answer are never the next answer", async () => {
    await withRaw(
      (socket) => socket.write(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nEVIL!`),
      async (raw) => {
        for (let i = 0; i < 3; i++)
          expect(
            await session
              .get(raw.url)
              .text()
              .catch(() => "refused"),
          ).not.toBe("EVIL!");
      },
    );
  });
  test("one request at a time on a connection", async () => {
    await using s = new Session({ maxConnections: 1, trust: { netrc: false } });
    let open = 0;
    let most = 0;
    await withRaw(
      (socket) => {
        most = Math.max(most, ++open);
        setTimeout(() => {
          open--;
          socket.write(ok);
        }, 5);
      },
      async (raw) => {
        await Promise.all(Array.from({ length: 5 }, () => s.get(raw.url)));
        expect(most).toBe(1);
      },
    );
  });
});

describe("19. JSON", () => {
  test("is plain JSON: no prototype, no revival, a byte-order mark dropped", async () => {
    const json = async (text: string): Promise<unknown> =>
      session.get(`${first.url}/text?type=application/json&hex=${Buffer.from(text).toString("hex")}`).json();
    const value = (await json('\ufeff{"__proto__":{"admin":true},"d":"2020-01-01T00:00:00Z"}')) as Record<
      string,
      unknown
    >;
    expect([value.admin, value.d, Object.hasOwn(value, "__proto__")]).toEqual([
      undefined,
      "2020-01-01T00:00:00Z",
      true,
    ]);
    for (const text of ["NaN", "{'a':1}", "[1,]", "", "// x\n1"])
      await expect(json(text)).rejects.toThrow("is not JSON");
  });
});
