import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { MockAgent } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test, vi } from "vitest";
import {
  type Adapter,
  basic,
  bearer,
  ClosedError,
  CookieJar,
  digest,
  ForbiddenAddressError,
  HeaderMap,
  HTTPError,
  http,
  InvalidHeader,
  InvalidSchema,
  InvalidURL,
  isRequestException,
  JSONDecodeError,
  MissingSchema,
  type PreparedRequest,
  RequestException,
  Response,
  Retry,
  RetryError,
  SchemaValidationError,
  Session,
  type StandardSchema,
  TooManyRedirects,
  UnrewindableBodyError,
} from "../src/index.ts";
import { type Httpbin, startHttpbin } from "./httpbin.ts";

let bin: Httpbin;
let session: Session;
beforeAll(async () => {
  bin = await startHttpbin();
});
afterAll(() => bin.close());
beforeEach(() => {
  session = new Session({ trust: { proxy: false, netrc: false } });
});
afterEach(() => session.close());

// biome-ignore lint/suspicious/noExplicitAny: the echo of httpbin is looked into freely.
type Echo = any;
const echo = async (promise: Promise<Response>): Promise<Echo> => (await promise).json();

describe("methods", () => {
  test.each(["get", "post", "put", "patch", "delete"] as const)("%s", async (method) => {
    expect((await echo(session[method](`${bin.url}/anything`))).method).toBe(method.toUpperCase());
    expect((await echo(http[method](`${bin.url}/anything`))).method).toBe(method.toUpperCase());
  });
  test("head and options", async () => {
    const head = await session.head(`${bin.url}/get`);
    expect([head.status, (await head.bytes()).length, Number(head.headers.get("content-length")) > 0]).toEqual([
      200,
      0,
      true,
    ]);
    expect((await echo(session.options(`${bin.url}/anything`))).method).toBe("OPTIONS");
    expect((await http.head(`${bin.url}/get`)).status).toBe(200);
    expect((await echo(http.options(`${bin.url}/anything`))).method).toBe("OPTIONS");
  });
  test("any method, in upper case", async () => {
    expect((await echo(session.request("propfind", `${bin.url}/anything`))).method).toBe("PROPFIND");
    expect((await echo(http.request("LOCK", `${bin.url}/anything`))).method).toBe("LOCK");
  });
  test("head does not follow redirects unless told to", async () => {
    expect((await session.head(`${bin.url}/redirect/1`)).status).toBe(302);
    expect((await session.head(`${bin.url}/redirect/1`, { allowRedirects: true })).status).toBe(200);
  });
});

describe("requests", () => {
  test("params", async () => {
    expect(
      (await echo(session.get(`${bin.url}/get?z=0`, { params: { q: "London", tag: ["a", "b"], none: null } }))).args,
    ).toEqual({ z: "0", q: "London", tag: ["a", "b"] });
  });
  test("params of the session and the call", async () => {
    await using s = new Session({ params: { key: "k" } });
    expect((await echo(s.get(`${bin.url}/get`, { params: { q: 1 } }))).args).toEqual({ key: "k", q: "1" });
    expect((await echo(s.get(`${bin.url}/get`))).args).toEqual({ key: "k" });
  });
  test("default headers", async () => {
    const { headers } = await echo(session.get(`${bin.url}/headers`));
    expect(headers).toMatchObject({
      "User-Agent": "sockeye-http-client",
      Accept: "*/*",
      Host: `127.0.0.1:${bin.port}`,
      Connection: "keep-alive",
    });
    expect(headers["Accept-Encoding"]).toMatch(/^gzip, deflate, br/);
  });
  test("headers of the session and the call; null removes", async () => {
    await using s = new Session({ headers: { "X-A": "1", "X-B": "1", "User-Agent": "mine" } });
    const { headers } = await echo(
      s.get(`${bin.url}/headers`, { headers: { "x-b": "2", accept: null, "X-List": ["a", "b"] } }),
    );
    expect(headers).toMatchObject({ "X-A": "1", "X-B": "2", "User-Agent": "mine", "X-List": "a,b" });
    expect(headers.Accept).toBeUndefined();
    s.headers.set("X-A", "changed");
    expect((await echo(s.get(`${bin.url}/headers`))).headers["X-A"]).toBe("changed");
  });
  test("json", async () => {
    const sent = await echo(session.post(`${bin.url}/post`, { json: { a: "é" } }));
    expect([sent.json, sent.headers["Content-Type"], sent.headers["Content-Length"]]).toEqual([
      { a: "é" },
      "application/json",
      "10",
    ]);
  });
  test("form", async () => {
    const sent = await echo(session.post(`${bin.url}/post`, { form: { a: "1", b: ["x", "y"] } }));
    expect([sent.form, sent.headers["Content-Type"]]).toEqual([
      { a: "1", b: ["x", "y"] },
      "application/x-www-form-urlencoded",
    ]);
  });
  test("data: a string, bytes, an object", async () => {
    expect((await echo(session.post(`${bin.url}/post`, { data: "text" }))).data).toBe("text");
    expect((await echo(session.post(`${bin.url}/post`, { data: Buffer.from("bytes") }))).data).toBe("bytes");
    expect((await echo(session.post(`${bin.url}/post`, { data: { a: "1" } }))).form).toEqual({ a: "1" });
  });
  test("a Content-Type of one's own stays, and null sends none", async () => {
    expect(
      (await echo(session.post(`${bin.url}/post`, { json: {}, headers: { "content-type": "application/vnd.x+json" } })))
        .headers["Content-Type"],
    ).toBe("application/vnd.x+json");
    expect(
      (await echo(session.post(`${bin.url}/post`, { json: {}, headers: { "Content-Type": null } }))).headers[
        "Content-Type"
      ],
    ).toBeUndefined();
  });
  test("files", async () => {
    const sent = await echo(
      session.post(`${bin.url}/post`, { data: { field: "v" }, files: { up: ["a.txt", "content", "text/plain"] } }),
    );
    expect([sent.form, sent.files]).toEqual([{ field: "v" }, { up: "content" }]);
  });
  test("files with a multipart Content-Type get their boundary", async () => {
    const sent = await echo(
      session.post(`${bin.url}/post`, { files: { up: "x" }, headers: { "Content-Type": "multipart/form-data" } }),
    );
    expect(sent.files).toEqual({ up: "x" });
  });
  test("a body of no length is sent in chunks, one of known length is not", async () => {
    async function* parts(): AsyncGenerator<string> {
      yield "a";
      yield "b";
    }
    const chunked = await echo(session.post(`${bin.url}/post`, { data: parts() }));
    expect([chunked.data, chunked.headers["Transfer-Encoding"], chunked.headers["Content-Length"]]).toEqual([
      "ab",
      "chunked",
      undefined,
    ]);
    const known = await echo(session.post(`${bin.url}/post`, { data: new Blob(["blob"]) }));
    expect([known.data, known.headers["Transfer-Encoding"], known.headers["Content-Length"]]).toEqual([
      "blob",
      undefined,
      "4",
    ]);
  });
  test("an empty POST says so", async () => {
    expect((await echo(session.post(`${bin.url}/post`))).headers["Content-Length"]).toBe("0");
  });
  test("prepare, look, change, send", async () => {
    const prepared = session.prepare("POST", `${bin.url}/post`, { json: { a: 1 }, params: { q: 1 } });
    expect([
      prepared.method,
      prepared.url,
      prepared.headers.get("content-type"),
      String(await prepared.bodyBytes()),
    ]).toEqual(["POST", `${bin.url}/post?q=1`, "application/json", '{"a":1}']);
    prepared.headers.set("X-Added", "yes");
    prepared.method = "put";
    const sent = await echo(session.send(prepared));
    expect([sent.method, sent.headers["X-Added"], sent.json]).toEqual(["PUT", "yes", { a: 1 }]);
    expect((await session.send(prepared)).status).toBe(200);
  });
  test("baseUrl", async () => {
    await using s = new Session({ baseUrl: `${bin.url}/anything` });
    expect((await echo(s.get("users/1"))).url).toBe(`${bin.url}/anything/users/1`);
    await expect(s.get(`${bin.url}/get`)).rejects.toThrow(InvalidURL);
    expect((await s.get(`${bin.url}/get`, { allowAbsoluteUrls: true })).status).toBe(200);
  });
  test("upload progress", async () => {
    const seen: number[] = [];
    const data = Buffer.alloc(300_000);
    await session.post(`${bin.url}/post`, {
      data,
      onUploadProgress: ({ transferred, total }) => seen.push(transferred / total!),
    });
    expect(seen.length).toBeGreaterThan(3);
    expect([seen.at(-1), [...seen].sort((a, b) => a - b)]).toEqual([1, seen]);
  });
});

describe("responses", () => {
  test("status, reason, ok, url, headers, elapsed, request", async () => {
    const r = await session.get(`${bin.url}/get?x=1#frag`);
    expect([r.status, r.reason, r.ok, r.url]).toEqual([200, "OK", true, `${bin.url}/get?x=1#frag`]);
    expect(r.headers.get("CONTENT-TYPE")).toBe("application/json");
    expect([r.elapsed > 0, r.request.method, r.isStreaming]).toEqual([true, "GET", false]);
    expect((await session.get(`${bin.url}/status/404`)).ok).toBe(false);
  });
  test("json, text, bytes, blob, lines", async () => {
    const r = await session.get(`${bin.url}/json`);
    expect(await r.json()).toHaveProperty("slideshow");
    expect(JSON.parse(await r.text())).toEqual(await r.json());
    expect([(await r.bytes()).length, (await r.blob()).size, (await r.blob()).type]).toEqual([
      r.bodyBytes.length,
      r.bodyBytes.length,
      "application/json",
    ]);
    expect(await (await session.get(`${bin.url}/robots.txt`)).lines()).toEqual(["User-agent: *", "Disallow: /deny"]);
  });
  test("shortcuts on the promise", async () => {
    expect(await http.get(`${bin.url}/json`).json()).toHaveProperty("slideshow");
    expect(await session.get(`${bin.url}/robots.txt`).text()).toContain("User-agent");
    expect(await session.get(`${bin.url}/bytes/5`).bytes()).toEqual(Buffer.from("xxxxx"));
    expect((await session.get(`${bin.url}/bytes/5`).blob()).size).toBe(5);
  });
  test("json with a schema", async () => {
    const schema: StandardSchema<{ title: string }> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => {
          const title = (value as { slideshow?: { title?: unknown } }).slideshow?.title;
          return typeof title === "string"
            ? { value: { title } }
            : { issues: [{ message: "expected a title", path: ["slideshow", { key: "title" }] }] };
        },
      },
    };
    expect(await session.get(`${bin.url}/json`).json(schema)).toEqual({ title: "Sample Slide Show" });
    const error = await session
      .get(`${bin.url}/get`)
      .json(schema)
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SchemaValidationError);
    expect(error).toMatchObject({
      message: expect.stringContaining("slideshow.title: expected a title"),
      issues: [{}],
      response: { status: 200 },
    });
    await expect((await session.get(`${bin.url}/json`)).json({} as never)).rejects.toThrow("schema must be");
  });
  test("what is not JSON says what it is", async () => {
    const error = await session
      .get(`${bin.url}/html`)
      .json()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(JSONDecodeError);
    expect((error as Error).message).toMatch(
      /GET http.*\/html is not JSON \(text\/html; charset=utf-8, 22 bytes, starts "<p>Herman/,
    );
    await expect(session.get(`${bin.url}/status/502`).json()).rejects.toThrow(
      /GET http.*\/status\/502 is not JSON \(502 Bad Gateway, /,
    );
  });
  test("raiseForStatus and throwHttpErrors", async () => {
    const r = await session.get(`${bin.url}/get`);
    expect(r.raiseForStatus()).toBe(r);
    const notFound = await session.get(`${bin.url}/status/404`);
    expect(() => notFound.raiseForStatus()).toThrow(/^404 Client Error: Not Found for GET http/);
    expect(() => notFound.raiseForStatus()).toThrow(HTTPError);
    const error = await session.get(`${bin.url}/status/500`, { throwHttpErrors: true }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      name: "HTTPError",
      code: "ERR_HTTP_STATUS",
      response: { status: 500 },
      request: { method: "GET" },
    });
    expect(isRequestException(error)).toBe(true);
  });
  test("encoding, apparentEncoding, setting it", async () => {
    const r = await session.get(`${bin.url}/text?type=text/plain&hex=80e9`);
    expect([r.encoding, await r.text()]).toEqual(["ISO-8859-1", "\x80é"]);
    r.encoding = "windows-1252";
    expect(await r.text()).toBe("€é");
    expect(await r.text("cp437")).toBe("ÇΘ");
    const utf8 = await session.get(`${bin.url}/text?type=application/octet-stream&hex=c3a9`);
    expect([utf8.encoding, utf8.apparentEncoding, await utf8.text()]).toEqual([null, "utf-8", "é"]);
    expect(await session.get(`${bin.url}/encoding/utf8`).text()).toContain("∮ E⋅da = Q");
    expect(await session.get(`${bin.url}/text?type=text/plain;charset=klingon&hex=c3a9`).text()).toBe("é");
    await expect(utf8.text("klingon")).rejects.toThrow('charset "klingon"');
  });
  test.each(["gzip", "deflate", "raw-deflate", "brotli", "double"])("content is decoded: %s", async (endpoint) => {
    expect(await session.get(`${bin.url}/${endpoint}`).json()).toHaveProperty("coding");
    const head = await session.head(`${bin.url}/${endpoint}`);
    expect(await head.bytes()).toHaveLength(0);
  });
  test("links", async () => {
    expect((await session.get(`${bin.url}/links/3/0`)).links.next?.url).toBe("/links/3/1");
    expect((await session.get(`${bin.url}/get`)).links).toEqual({});
  });
  test("a head of very many lines", async () => {
    await using s = new Session({ maxHeaderSize: 4_000_000, trust: { netrc: false } });
    s.mount("http://many/", () => {
      const headers = new Headers();
      for (let i = 0; i < 150_000; i++) headers.append(`h${i}`, "1");
      return new globalThis.Response(null, { headers });
    });
    expect((await s.get("http://many/")).headers.size).toBe(150_000);
  });
  test("repeated headers", async () => {
    const r = await session.get(`${bin.url}/response-headers?x-a=1&x-a=2&set-cookie=a%3D1&set-cookie=b%3D2`);
    expect([r.headers.get("x-a"), r.headers.getAll("x-a"), r.headers.getSetCookie()]).toEqual([
      "1, 2",
      ["1", "2"],
      ["a=1", "b=2"],
    ]);
    expect([...r.cookies]).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
  });
  test("toFetchResponse", async () => {
    const fetched = (await session.get(`${bin.url}/gzip`)).toFetchResponse();
    expect([fetched.status, fetched.url, fetched.headers.get("content-encoding")]).toEqual([
      200,
      `${bin.url}/gzip`,
      null,
    ]);
    expect(await fetched.json()).toHaveProperty("coding");
    const streamed = (await session.stream("GET", `${bin.url}/bytes/10`)).toFetchResponse();
    expect((await streamed.arrayBuffer()).byteLength).toBe(10);
    expect((await session.get(`${bin.url}/status/204`)).toFetchResponse().body).toBeNull();
  });
});

describe("redirects", () => {
  test("history", async () => {
    const r = await session.get(`${bin.url}/redirect/3`);
    expect([r.status, r.url, r.history.map((h) => [h.status, h.url])]).toEqual([
      200,
      `${bin.url}/get`,
      [
        [302, `${bin.url}/redirect/3`],
        [302, `${bin.url}/redirect/2`],
        [302, `${bin.url}/redirect/1`],
      ],
    ]);
    expect(await r.history[0]!.text()).toContain("moved");
    expect([r.history[0]!.isRedirect, r.history[0]!.isPermanentRedirect, r.history[2]!.history.length]).toEqual([
      true,
      false,
      2,
    ]);
  });
  test.each(["relative-redirect", "absolute-redirect"])("%s", async (kind) =>
    expect((await session.get(`${bin.url}/${kind}/2`)).url).toBe(`${bin.url}/get`),
  );
  test("allowRedirects: false", async () => {
    const r = await session.get(`${bin.url}/redirect/1`, { allowRedirects: false });
    expect([r.status, r.headers.get("location"), r.isRedirect, r.history]).toEqual([302, "/get", true, []]);
  });
  test("maxRedirects", async () => {
    const error = await session.get(`${bin.url}/redirect/5`, { maxRedirects: 3 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TooManyRedirects);
    expect((error as TooManyRedirects).response?.history).toHaveLength(3);
    await expect(session.get(`${bin.url}/loop`)).rejects.toThrow(/^GET http.*\/loop: more than 30 redirects$/);
    expect((await session.get(`${bin.url}/redirect/30`)).status).toBe(200);
  });
  test("a challenge that was answered is no redirect", async () => {
    const url = `${bin.url}/digest-auth/auth/u/p`;
    const r = await session.get(url, { auth: digest("u", "p"), maxRedirects: 0 });
    expect([r.status, r.history.length]).toEqual([200, 1]);
    const moved = await session.get(`${bin.url}/redirect-to?url=/digest-auth/auth/u/p`, {
      auth: digest("u", "p"),
      maxRedirects: 1,
    });
    expect([moved.status, moved.history.map((h) => h.status)]).toEqual([200, [302, 401]]);
    const behind = session.get(`${bin.url}/redirect/1`, { maxRedirects: 0 });
    await expect(behind).rejects.toThrow(TooManyRedirects);
  });
  test("a login that redirects to itself", async () =>
    expect(await session.get(`${bin.url}/login`).json()).toEqual({ loggedIn: true }));
  test.each([
    [301, "POST", "GET", false],
    [301, "PUT", "PUT", true],
    [302, "POST", "GET", false],
    [302, "PUT", "GET", false],
    [303, "DELETE", "GET", false],
    [307, "POST", "POST", true],
    [308, "PATCH", "PATCH", true],
  ])("%i %s becomes %s, body kept: %s", async (status, method, next, kept) => {
    const sent = await echo(
      session.request(method, `${bin.url}/redirect-to?url=/anything&status_code=${status}`, { json: { a: 1 } }),
    );
    expect([sent.method, sent.json, sent.headers["Content-Type"] !== undefined]).toEqual([
      next,
      kept ? { a: 1 } : null,
      kept,
    ]);
  });
  test("a stream cannot be sent again", async () => {
    async function* body(): AsyncGenerator<string> {
      yield "once";
    }
    await expect(session.post(`${bin.url}/redirect-to?url=/post&status_code=307`, { data: body() })).rejects.toThrow(
      UnrewindableBodyError,
    );
  });
  test("a redirect without Location, and 300, are answers", async () => {
    const mock = new Session({ trust: { netrc: false } });
    mock.mount("http://x/", () => new globalThis.Response(null, { status: 300, headers: { location: "/y" } }));
    expect((await mock.get("http://x/")).status).toBe(300);
    await mock.close();
    expect((await session.get(`${bin.url}/response-headers?x=1`)).isRedirect).toBe(false);
  });
  test("a relative path in UTF-8", async () =>
    expect((await session.get(`${bin.url}/redirect-to?url=/anything/%C3%BC`)).url).toBe(`${bin.url}/anything/%C3%BC`));
});

describe("cookies", () => {
  test("of the session, through redirects", async () => {
    expect(await session.get(`${bin.url}/cookies/set?a=1&b=2`).json()).toEqual({ cookies: { a: "1", b: "2" } });
    expect([session.cookies.get("a"), [...session.cookies].length]).toEqual(["1", 2]);
    expect(await session.get(`${bin.url}/cookies/delete?a`).json()).toEqual({ cookies: { b: "2" } });
    session.cookies.set("c", "3", { url: bin.url });
    expect(await session.get(`${bin.url}/cookies`).json()).toEqual({ cookies: { b: "2", c: "3" } });
  });
  test("of one call are not kept", async () => {
    session.cookies.set("a", "session", { url: bin.url });
    expect(await session.get(`${bin.url}/cookies`, { cookies: { a: "call", b: "1" } }).json()).toEqual({
      cookies: { a: "call", b: "1" },
    });
    expect(await session.get(`${bin.url}/cookies`).json()).toEqual({ cookies: { a: "session" } });
  });
  test("without a session are kept within the call only", async () => {
    expect(await http.get(`${bin.url}/cookies/set?a=1`).json()).toEqual({ cookies: { a: "1" } });
    expect(await http.get(`${bin.url}/cookies`).json()).toEqual({ cookies: {} });
  });
  test("a Cookie header of one's own is sent as it is", async () => {
    session.cookies.set("a", "1", { url: bin.url });
    expect(await session.get(`${bin.url}/cookies`, { headers: { Cookie: "own=1" } }).json()).toEqual({
      cookies: { own: "1" },
    });
  });
  test("given to the session", async () => {
    await using s = new Session({ baseUrl: bin.url, cookies: { a: "1" } });
    expect(await s.get("cookies").json()).toEqual({ cookies: { a: "1" } });
    expect(() => new Session({ cookies: { a: "1" } })).toThrow("baseUrl");
  });
});

describe("auth", () => {
  test("basic, as a pair, a helper, in the URL, of the session", async () => {
    const url = `${bin.url}/basic-auth/u/p`;
    expect((await session.get(url)).status).toBe(401);
    expect((await session.get(url, { auth: ["u", "p"] })).status).toBe(200);
    expect((await session.get(url, { auth: basic("u", "p") })).status).toBe(200);
    const inUrl = await session.get(url.replace("//", "//u:p@"));
    expect([inUrl.status, inUrl.url]).toEqual([200, url]);
    session.auth = ["u", "p"];
    expect((await session.get(url)).status).toBe(200);
    expect((await session.get(url, { auth: null })).status).toBe(401);
    expect((await session.get(`${bin.url}/hidden-basic-auth/u/p`)).status).toBe(200);
  });
  test("order: header, auth, session, URL", async () => {
    session.auth = ["session", "x"];
    const url = `${bin.url}/headers`.replace("//", "//url:x@");
    const sent = async (options: object): Promise<string> =>
      Buffer.from((await echo(session.get(url, options))).headers.Authorization.slice(6), "base64").toString();
    expect(
      await sent({
        auth: ["call", "x"],
        headers: { Authorization: `Basic ${Buffer.from("header:x").toString("base64")}` },
      }),
    ).toBe("header:x");
    expect(await sent({ auth: ["call", "x"] })).toBe("call:x");
    expect(await sent({})).toBe("session:x");
    await using plain = new Session({ trust: { netrc: false } });
    expect((await echo(plain.get(url))).headers.Authorization).toBe(`Basic ${Buffer.from("url:x").toString("base64")}`);
  });
  test("bearer, with a function for the token", async () => {
    expect(await session.get(`${bin.url}/bearer`, { auth: bearer("tok") }).json()).toMatchObject({ token: "tok" });
    let n = 0;
    const auth = bearer(async () => `t${++n}`);
    await session.get(`${bin.url}/bearer`, { auth });
    expect(await session.get(`${bin.url}/bearer`, { auth }).json()).toMatchObject({ token: "t2" });
    expect(() => bearer("a b")).toThrow(InvalidHeader);
  });
  test.each(["MD5", "MD5-sess", "SHA", "SHA-256", "SHA-256-sess", "SHA-512", "SHA-512-256"])(
    "digest %s",
    async (algorithm) => {
      const r = await session.get(`${bin.url}/digest-auth/auth/u/p/${algorithm}?q=1`, { auth: digest("u", "p") });
      expect([r.status, r.history.map((h) => h.status)]).toEqual([200, [401]]);
      expect(
        (await session.get(`${bin.url}/digest-auth/auth/u/p/${algorithm}`, { auth: digest("u", "wrong") })).status,
      ).toBe(401);
    },
  );
  test("digest with auth-int and a body", async () => {
    expect(
      (await session.post(`${bin.url}/digest-auth/auth-int/u/p/SHA-256`, { auth: digest("u", "p"), json: { a: 1 } }))
        .status,
    ).toBe(200);
  });
  test("digest sends the answer ahead while the nonce lasts, and starts anew when it is stale", async () => {
    session.auth = digest("u", "p");
    const url = `${bin.url}/digest-auth/auth/u/p/MD5/3`;
    const rounds: [number, number, string][] = [];
    for (let i = 0; i < 4; i++) {
      const r = await session.get(url);
      rounds.push([r.status, r.history.length, (await r.json<{ nc: string }>()).nc]);
    }
    expect(rounds).toEqual([
      [200, 1, "00000001"],
      [200, 0, "00000002"],
      [200, 0, "00000003"],
      [200, 1, "00000001"],
    ]);
  });
  test("digest with a streamed answer, and with a body that is gone", async () => {
    const r = await session.stream("GET", `${bin.url}/digest-auth/auth/u/p`, { auth: digest("u", "p") });
    expect(await r.json()).toMatchObject({ authenticated: true });
    const body = (async function* () {
      yield "x";
    })();
    await expect(
      session.post(`${bin.url}/digest-auth/auth/u/p`, { auth: digest("u", "p"), data: body }),
    ).rejects.toThrow(UnrewindableBodyError);
  });
  test("a function, and an object that answers challenges", async () => {
    expect(
      (
        await echo(
          session.get(`${bin.url}/headers`, { auth: (request) => request.headers.set("X-Signed", request.method) }),
        )
      ).headers["X-Signed"],
    ).toBe("GET");
    let refreshed = 0;
    const auth = {
      onRequest: (request: PreparedRequest) =>
        request.headers.set("Authorization", refreshed ? "Bearer new" : "Basic b2xk"),
      onResponse: (response: Response, request: PreparedRequest) => {
        if (response.status !== 401) return undefined;
        refreshed++;
        return request;
      },
    };
    expect(await session.get(`${bin.url}/bearer`, { auth }).json()).toMatchObject({ token: "new" });
    expect(refreshed).toBe(1);
  });
});

describe("hooks", () => {
  test("request, response, redirect, in order", async () => {
    const seen: string[] = [];
    await using s = new Session({
      trust: { netrc: false },
      hooks: {
        request: () => void seen.push("session request"),
        response: (r) => void seen.push(`session ${r.status}`),
      },
    });
    const r = await s.get(`${bin.url}/redirect/1`, {
      hooks: {
        request: [(request) => request.headers.set("X-Hook", "1"), () => void seen.push("call request")],
        redirect: (next, from) => void seen.push(`${from.status} → ${next.target.path}`),
      },
    });
    expect(seen).toEqual([
      "session request",
      "call request",
      "session 302",
      "302 → /get",
      "session request",
      "call request",
      "session 200",
    ]);
    expect((await r.json<Echo>()).headers["X-Hook"]).toBe("1");
  });
  test("a response can be replaced, an error too", async () => {
    const replaced = await session.get(`${bin.url}/get`, {
      hooks: {
        response: (r) =>
          new Response(
            {
              status: 299,
              reason: "Hooked",
              headers: r.headers,
              body: Buffer.from("new"),
              elapsed: 0,
              truncated: false,
            },
            r.request,
          ),
      },
    });
    expect([replaced.status, await replaced.text()]).toEqual([299, "new"]);
    await expect(
      session.get("http://127.0.0.1:1/", { hooks: { error: (e) => new Error(`mine: ${e.name}`) } }),
    ).rejects.toThrow("mine: ConnectionError");
    await expect(
      session.get(bin.url, {
        hooks: {
          response: () => {
            throw new Error("in a hook");
          },
        },
      }),
    ).rejects.toThrow(/^in a hook$/);
    await expect(session.get(bin.url, { hooks: { respnse: () => {} } as never })).rejects.toThrow(
      'there is no hook "respnse"',
    );
  });
});

test("diagnostics: requests, answers and errors, without secrets", async () => {
  const seen: { name: string; message: { request: PreparedRequest; response?: Response; error?: Error } }[] = [];
  const listen = (message: unknown, name: string | symbol): void => {
    seen.push({ name: String(name), message: message as (typeof seen)[number]["message"] });
  };
  const names = ["sockeye:http:request", "sockeye:http:response", "sockeye:http:error"];
  for (const name of names) subscribe(name, listen);
  try {
    await session.get(`${bin.url}/redirect/1`, { headers: { Authorization: "hunter2" } });
    await session.get("http://u:hunter2@127.0.0.1:1/").catch(() => {});
  } finally {
    for (const name of names) unsubscribe(name, listen);
  }
  const [request, response, error] = names;
  expect(seen.map(({ name }) => name)).toEqual([request, response, request, response, request, error]);
  expect([seen[1]!.message.response?.status, seen.at(-1)!.message.error?.name]).toEqual([302, "ConnectionError"]);
  expect(inspect(seen, { depth: 9 })).not.toContain("hunter2");
});

describe("retries", () => {
  const key = (): string => Math.random().toString(36).slice(2);
  test("statusForcelist", async () => {
    const r = await session.get(`${bin.url}/retry-after/${key()}?failures=2`, {
      retry: { total: 3, statusForcelist: [503] },
    });
    expect(await r.json()).toEqual({ tries: 3 });
  });
  test("the budget ends in RetryError, or in the answer", async () => {
    const url = `${bin.url}/retry-after/${key()}?failures=99`;
    const error = await session
      .get(url, { retry: new Retry({ total: 2, statusForcelist: [503] }) })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RetryError);
    expect((error as RetryError).response?.status).toBe(503);
    expect((await session.get(url, { retry: { total: 2, statusForcelist: [503], raiseOnStatus: false } })).status).toBe(
      503,
    );
  });
  test("none by default, and none for POST", async () => {
    expect((await session.get(`${bin.url}/retry-after/${key()}`)).status).toBe(503);
    expect(
      (await session.post(`${bin.url}/retry-after/${key()}`, { retry: { total: 3, statusForcelist: [503] } })).status,
    ).toBe(503);
    expect(
      (
        await session.post(`${bin.url}/retry-after/${key()}`, {
          retry: { total: 3, statusForcelist: [503], allowedMethods: null },
        })
      ).status,
    ).toBe(200);
  });
  test("Retry-After, and the hook that sees it", async () => {
    const delays: number[] = [];
    const r = await session.get(`${bin.url}/retry-after/${key()}?after=0&status=429`, {
      retry: 2,
      hooks: { retry: (_, delay) => void delays.push(delay) },
    });
    expect([r.status, delays]).toEqual([200, [0]]);
  });
  test("a forbidden address is not tried again, a certificate is charged to other", async () => {
    const seen: Retry[] = [];
    const hooks = { retry: (retry: Retry) => void seen.push(retry) };
    await using guarded = new Session({ allowAddresses: "public", trust: { netrc: false, proxy: false } });
    await expect(guarded.get(bin.url, { retry: 3, hooks })).rejects.toMatchObject({ name: "ForbiddenAddressError" });
    expect(seen).toEqual([]);
    await expect(
      session.get(bin.url.replace("http:", "https:"), { retry: { total: null, other: 1 }, hooks }),
    ).rejects.toMatchObject({ name: "SSLError" });
    expect(seen.map((retry) => retry.other)).toEqual([0]);
  });
  test("a connection that is refused", async () => {
    const plans: Retry[] = [];
    const error = await session
      .get("http://127.0.0.1:1/", { retry: 2, hooks: { retry: (retry) => void plans.push(retry) } })
      .catch((e: unknown) => e);
    expect([(error as Error).name, plans.map((plan) => plan.total)]).toEqual(["ConnectionError", [1, 0]]);
    expect(plans[1]!.history[0]!.error?.message).toContain("ECONNREFUSED");
  });
});

describe("adapters", () => {
  test("mount: the longest prefix wins, and a host ends where it ends", async () => {
    const answer = (text: string) => () => new globalThis.Response(text, { headers: { "set-cookie": "m=1" } });
    session.mount("https://api.example/", answer("root"));
    session.mount("https://api.example/v1", answer("v1"));
    session.mount("http://", answer("http"));
    session.mount("https://bare.example", answer("bare"));
    expect(await session.get("https://API.example/x").text()).toBe("root");
    expect(await session.get("https://api.example/v1/x").text()).toBe("v1");
    expect(await session.get("http://anything/").text()).toBe("http");
    expect(await session.get("https://bare.example/x").text()).toBe("bare");
    await expect(session.get("https://bare.example.invalid/", { timeout: 3000 })).rejects.toThrow(RequestException);
    expect(session.cookies.get("m", "api.example")).toBe("1");
    session.mount("http://", answer("again"));
    expect(await session.get("http://anything/").text()).toBe("again");
  });
  test("an adapter of one's own", async () => {
    let closed = false;
    const adapter: Adapter = {
      send: async (request) => ({
        status: 200,
        reason: "Own",
        headers: new HeaderMap({ "X-Url": request.url }),
        body: Buffer.from("own"),
        elapsed: 1,
        truncated: false,
      }),
      close: async () => {
        closed = true;
      },
    };
    const s = new Session();
    s.mount("http://own/", adapter);
    const r = await s.get("http://own/a", { timeout: { total: 1000 } });
    expect([r.reason, r.headers.get("x-url"), await r.text()]).toEqual(["Own", "http://own/a", "own"]);
    await s.close();
    expect(closed).toBe(true);
  });
  test("errors of a mounted function, redirects and streams through it", async () => {
    session.mount("http://f/", (request) => {
      if (request.target.path === "/boom") throw Object.assign(new Error("boom"), { code: "ECONNRESET" });
      if (request.target.path === "/move") return globalThis.Response.redirect("http://f/end", 302);
      return new globalThis.Response("end");
    });
    await expect(session.get("http://f/boom")).rejects.toMatchObject({
      name: "ConnectionError",
      request: { method: "GET" },
    });
    expect(await session.get("http://f/move").text()).toBe("end");
    await using r = await session.stream("GET", "http://f/end");
    expect(await r.text()).toBe("end");
  });
  test("an undici dispatcher: MockAgent", async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    agent
      .get("http://mock.example")
      .intercept({ path: "/a", method: "POST" })
      .reply(201, { ok: true }, { headers: { "content-type": "application/json", "set-cookie": "a=1" } });
    await using s = new Session({ dispatcher: agent, trust: { netrc: false } });
    const r = await s.post("http://mock.example/a", { json: {} });
    expect([r.status, await r.json(), s.cookies.get("a")]).toEqual([201, { ok: true }, "1"]);
    await expect(s.get("http://mock.example/none")).rejects.toThrow(RequestException);
    await agent.close();
  });
  test("an undici dispatcher for one call", async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    agent.get(bin.url).intercept({ path: "/get" }).reply(200, "mocked");
    await using s = new Session({ trust: { netrc: false } });
    expect(await s.get(`${bin.url}/get`, { dispatcher: agent }).text()).toBe("mocked");
    expect(await s.get(`${bin.url}/get`).text()).toContain('"origin"');
    await expect(s.get(`${bin.url}/get`, { dispatcher: {} as never })).rejects.toThrow(
      "dispatcher must be an undici Dispatcher",
    );
    for (const guarded of [
      new Session({ allowAddresses: "public" }),
      new Session({ allowAddresses: "public", dispatcher: agent }),
    ]) {
      const error = await guarded.get("http://example.com/", { dispatcher: agent }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ForbiddenAddressError);
      await guarded.close();
    }
    await agent.close();
  });
  test("cache: false of a call", async () => {
    await using s = new Session({ cache: true, trust: { netrc: false } });
    const id = async (options?: object): Promise<string> =>
      (await s.get(`${bin.url}/cache/60`, options).json<{ id: string }>()).id;
    const first = await id();
    const second = await id({ cache: false });
    expect(second).not.toBe(first);
    expect(await id()).toBe(first);
    expect(await id({ cache: true })).toBe(first);
    await expect(id({ cache: { maxSize: 1 } })).rejects.toThrow("cache must be a boolean");
  });
  test("cache: true answers from memory, but not for a call with headers of its own", async () => {
    await using s = new Session({ cache: true, trust: { netrc: false } });
    const id = async (options?: object): Promise<string> =>
      (await s.get(`${bin.url}/cache/60`, options).json<{ id: string }>()).id;
    const first = await id();
    expect(await id()).toBe(first);
    expect(await id({ headers: { Authorization: "Bearer other" } })).not.toBe(first);
    await using other = new Session({ cache: true });
    expect((await other.get(`${bin.url}/cache/60`).json<{ id: string }>()).id).not.toBe(first);
  });
});

describe("paginate", () => {
  test("follows rel=next", async () => {
    const pages: number[] = [];
    for await (const page of session.paginate(`${bin.url}/links/4/0`))
      pages.push((await page.json<{ page: number }>()).page);
    expect(pages).toEqual([0, 1, 2, 3]);
  });
  test("maxPages, and a next of one's own", async () => {
    let count = 0;
    for await (const _ of session.paginate(`${bin.url}/links/10/0`, { maxPages: 2 })) count++;
    expect(count).toBe(2);
    const urls: string[] = [];
    for await (const page of http.paginate(`${bin.url}/anything/0`, {
      next: (r) => (urls.length < 2 ? `/anything/${urls.length}${r.status}` : null),
    }))
      urls.push(page.url);
    expect(urls.map((url) => url.slice(bin.url.length))).toEqual(["/anything/0", "/anything/1200"]);
  });
  test("credentials stay with their origin", async () => {
    const other = await startHttpbin();
    const sent: Echo[] = [];
    for await (const page of session.paginate(`${bin.url}/headers`, {
      auth: ["u", "p"],
      headers: { "X-Api-Key": "k" },
      maxPages: 2,
      next: () => `${other.url}/headers`,
    }))
      sent.push((await page.json<Echo>()).headers);
    expect(sent.map((headers) => [headers.Authorization !== undefined, headers["X-Api-Key"]])).toEqual([
      [true, "k"],
      [false, undefined],
    ]);
    await other.close();
  });
});

describe("errors come before anything happens", () => {
  test.each<[string, () => Promise<unknown>, string | (new (...args: never[]) => Error)]>([
    ["no scheme", () => http.get("example.com"), MissingSchema],
    ["a path", () => http.get("/users"), "a path needs a Session with a baseUrl"],
    ["no scheme but slashes", () => http.get("//example.com/x"), "did you mean https://example.com/x?"],
    ["another scheme", () => http.get("ftp://example.com"), InvalidSchema],
    ["a folder to download into", () => http.download("http://x/", import.meta.dirname), "and this is a folder"],
    ["a cookie of nobody", async () => new CookieJar().set("a", "b", undefined as never), "either url or domain"],
    ["an unknown option", () => http.get("http://x/", { parms: {} } as never), 'no request option "parms"'],
    ["fetch's body", () => http.post("http://x/", { body: "x" } as never), "did you mean data or json?"],
    ["axios's data", () => http.post("http://x/", new URLSearchParams("a=b") as never), "options must be an object of"],
    ["got's retry", () => http.get("http://x/", { retry: { limit: 2 } } as never), "did you mean total?"],
    ["got's hooks", () => http.get("http://x/", { hooks: { afterResponse: [] } } as never), "did you mean response?"],
    ["got's timeout", () => http.get("http://x/", { timeout: { request: 2 } } as never), "are connect, read, total"],
    ["a bad retry", () => http.get("http://x/", { retry: true } as never), "retry must be a Retry"],
    ["a bad timeout", () => http.get("http://x/", { timeout: -1 }), "timeout must be"],
    ["a bad header", () => http.get("http://x/", { headers: { "a b": "c" } }), InvalidHeader],
    ["a bad method", () => http.request("GE T", "http://x/"), "method must be"],
    ["CONNECT", () => http.request("CONNECT", "http://x/"), "method must be"],
    ["a bad signal", () => http.get("http://x/", { signal: {} as never }), "signal must be an AbortSignal"],
    [
      "a bad flag",
      () => http.get("http://x/", { allowRedirects: "no" as never }),
      'allowRedirects must be a boolean; got "no"',
    ],
    ["a bad auth", () => http.get("http://x/", { auth: "user:pass" as never }), "auth must be"],
    [
      "headers of the connection",
      () => http.get("http://127.0.0.1/", { headers: { "Transfer-Encoding": "chunked" } }),
      InvalidHeader,
    ],
    [
      "a CA file that is not there",
      () => http.get("https://127.0.0.1/", { verify: "/none.pem" }),
      "cannot read /none.pem",
    ],
  ])("%s", async (_, call, expected) => await expect(call()).rejects.toThrow(expected as string));
  test.each<[string, object, string]>([
    ["an unknown option", { jsn: 1 }, 'there is no session option "jsn"'],
    ["maxRedirects", { maxRedirects: -1 }, "maxRedirects must be"],
    ["requests' trust_env", { trust: false }, "trust must be an object of proxy, netrc, certificates; got false"],
    ["a part of trust", { trust: { proxies: false } }, 'there is no part of trust "proxies"'],
    ["a part of proxyTls", { proxyTls: { rejectUnauthorized: false } }, "did you mean verify?"],
    ["a part of cache", { cache: { maxsize: 1 } }, "did you mean maxSize?"],
    ["a key of proxies", { proxies: { htpp: "http://proxy" } }, 'there is no key of proxies "htpp"'],
    ["another key of proxies", { proxies: { all: "http://proxy", noProxy: "x" } }, "did you mean no_proxy?"],
    ["maxResponseBytes", { maxResponseBytes: "1" }, "maxResponseBytes must be"],
    ["baseUrl", { baseUrl: "x" }, "has no scheme"],
    ["allowAddresses", { allowAddresses: "none" }, "allowAddresses must be"],
    ["a callback", { onUploadProgress: 1 }, "onUploadProgress must be a function"],
  ])("session: %s", (_, options, message) => expect(() => new Session(options as never)).toThrow(message));
  it("send and mount check what they get", async () => {
    expect(() => session.send({} as never)).toThrow("request must be a PreparedRequest");
    expect(() => session.mount("example.com", () => new globalThis.Response())).toThrow("prefix must be");
    expect(() => session.mount("http://x", {} as never)).toThrow("adapter must be");
  });
});

describe("life", () => {
  test("a closed session says so, and leaves no connection", async () => {
    const s = new Session({ trust: { netrc: false } });
    await s.get(`${bin.url}/get`);
    await s.close();
    await expect(s.get(`${bin.url}/get`)).rejects.toThrow(ClosedError);
  });
  const retry = new Retry({ total: 2, statusForcelist: [503], raiseOnStatus: false });
  test.each<[string, () => Promise<unknown>]>([
    ["bodies in memory", () => session.get(`${bin.url}/get`)],
    ["bodies as streams", async () => (await session.stream("GET", `${bin.url}/get`)).bytes()],
    ["compressed bodies", () => session.get(`${bin.url}/gzip`)],
    ["answers without a body", () => session.get(`${bin.url}/status/204`)],
    ["redirects", () => session.get(`${bin.url}/redirect/3`)],
    ["retries", () => session.get(`${bin.url}/status/503`, { retry })],
  ])("one caller has one connection: %s", async (_, call) => {
    const before = bin.accepted();
    for (let i = 0; i < 5; i++) await call();
    expect(bin.accepted() - before).toBe(1);
  });
  test("as many callers at a time have as many connections", async () => {
    const before = bin.accepted();
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let i = 0; i < 5; i++) await session.get(`${bin.url}/get`);
      }),
    );
    expect(bin.accepted() - before).toBe(10);
  });
  test("a caller's test may stop the clock", async () => {
    vi.useFakeTimers();
    try {
      expect((await session.get(`${bin.url}/get`)).status).toBe(200);
    } finally {
      vi.useRealTimers();
    }
  });
  test("maxConnections bounds them", async () => {
    await using s = new Session({ maxConnections: 2, trust: { netrc: false } });
    const before = bin.accepted();
    await Promise.all(Array.from({ length: 20 }, () => s.get(`${bin.url}/get`)));
    expect(bin.accepted() - before).toBeLessThanOrEqual(2);
  });
});
