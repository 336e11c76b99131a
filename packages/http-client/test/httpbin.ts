import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import zlib from "node:zlib";

/** An httpbin in process: the endpoints, and the shape of their answers, that tests of requests rely on. */
export interface Httpbin {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Connections ever accepted. */
  readonly accepted: () => number;
  close(): Promise<void>;
}

interface Context {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: Buffer;
  readonly parts: string[];
  readonly origin: string;
}

/** Starts one on a free port. `create` makes the server, for TLS. */
export async function startHttpbin(
  create: (handler: (request: IncomingMessage, response: ServerResponse) => void) => Server = createServer,
  scheme = "http",
): Promise<Httpbin> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = create((request, response) => {
    handle(request, response, scheme).catch((error: unknown) => {
      if (!response.headersSent) response.statusCode = 500;
      response.end(String(error));
    });
  });
  server.on("connection", (socket: Socket) => {
    accepted++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    server,
    sockets,
    accepted: () => accepted,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, scheme: string): Promise<void> {
  const origin = `${scheme}://${request.headers.host}`;
  const url = new URL(request.url?.startsWith("http") ? request.url : `${origin}${request.url}`);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const context = {
    request,
    response,
    url,
    body: Buffer.concat(chunks),
    parts: url.pathname.split("/").slice(1).map(decodeURIComponent),
    origin,
  };
  const route = routes[context.parts[0] ?? ""];
  if (route) await route(context);
  else send(context, 404, { error: "no such endpoint" });
}

function send(
  { response }: Context,
  status: number,
  json: unknown,
  headers: Record<string, string | string[]> = {},
): void {
  const body = JSON.stringify(json);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

function query(url: URL): Record<string, string | string[]> {
  const args: Record<string, string | string[]> = {};
  for (const key of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(key);
    args[key] = values.length === 1 ? values[0]! : values;
  }
  return args;
}

function headersOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.replace(
      /(^|-)([a-z])/g,
      (_, dash: string, letter: string) => dash + letter.toUpperCase(),
    );
    headers[name] = name in headers ? `${headers[name]},${rawHeaders[i + 1]}` : rawHeaders[i + 1]!;
  }
  return headers;
}

async function echo(context: Context): Promise<Record<string, unknown>> {
  const { request, url, body } = context;
  const type = request.headers["content-type"] ?? "";
  const form: Record<string, unknown> = {};
  const files: Record<string, string> = {};
  let json: unknown = null;
  let data = body.toString();
  if (type.startsWith("application/x-www-form-urlencoded")) {
    Object.assign(form, query(new URL(`http://x/?${body}`)));
    data = "";
  } else if (type.startsWith("multipart/form-data")) {
    const parsed = await new Response(body, { headers: { "content-type": type } }).formData();
    for (const [name, value] of parsed) {
      if (typeof value === "string") form[name] = name in form ? [form[name], value].flat() : value;
      else files[name] = await value.text();
    }
    data = "";
  } else {
    try {
      json = JSON.parse(data);
    } catch {
      json = null;
    }
  }
  return {
    args: query(url),
    data,
    files,
    form,
    headers: headersOf(request),
    json,
    method: request.method,
    origin: request.socket.remoteAddress,
    url: url.href,
  };
}

function cookiesOf({ request }: Context): Record<string, string> {
  const cookies: Record<string, string> = {};
  for (const pair of (request.headers.cookie ?? "").split("; ").filter(Boolean)) {
    const at = pair.indexOf("=");
    cookies[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return cookies;
}

function redirect(
  { response }: Context,
  location: string,
  status = 302,
  headers: Record<string, string | string[]> = {},
): void {
  response.writeHead(status, { location, "content-type": "text/html", ...headers });
  response.end(`<a href="${location}">moved</a>`);
}

function basicOf({ request }: Context): string | null {
  const match = /^Basic (.+)$/.exec(request.headers.authorization ?? "");
  return match ? Buffer.from(match[1]!, "base64").toString() : null;
}

function digestOf(header: string): Record<string, string> {
  return Object.fromEntries(
    [...header.matchAll(/(\w+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)].map(([, name, quoted, token]) => [
      name,
      quoted ?? token,
    ]),
  );
}

const nonces = new Map<string, number>();
const HASH: Record<string, string> = {
  MD5: "md5",
  "SHA-256": "sha256",
  "SHA-512": "sha512",
  "SHA-512-256": "sha512-256",
  SHA: "sha1",
};

function digestAuth(context: Context): void {
  const [, qop = "auth", user = "", password = "", algorithm = "MD5", staleAfter = "never"] = context.parts;
  const given = digestOf(context.request.headers.authorization ?? "");
  const challenge = (stale: boolean): void => {
    const nonce = randomUUID();
    nonces.set(nonce, 0);
    const header = `Digest realm="me@kennethreitz.com", nonce="${nonce}", qop="${qop}", opaque="op", algorithm=${algorithm}, stale=${stale ? "TRUE" : "FALSE"}`;
    send(context, 401, { authenticated: false }, { "www-authenticate": header, "set-cookie": "fake=fake_value" });
  };
  const used = nonces.get(given.nonce ?? "");
  if (used === undefined || (staleAfter !== "never" && used >= Number(staleAfter))) {
    challenge(used !== undefined);
    return;
  }
  nonces.set(given.nonce!, used + 1);
  const session = /-sess$/i.test(algorithm);
  const h = (text: string): string =>
    createHash(HASH[algorithm.replace(/-sess$/i, "").toUpperCase()]!)
      .update(text)
      .digest("hex");
  let a1 = h(`${user}:me@kennethreitz.com:${password}`);
  if (session) a1 = h(`${a1}:${given.nonce}:${given.cnonce}`);
  const a2 = h(
    `${context.request.method}:${context.request.url}${given.qop === "auth-int" ? `:${h(context.body.toString())}` : ""}`,
  );
  const expected = h(`${a1}:${given.nonce}:${given.nc}:${given.cnonce}:${given.qop}:${a2}`);
  if (given.response === expected && given.username === user && given.uri === context.request.url)
    send(context, 200, { authenticated: true, user, nc: given.nc });
  else challenge(false);
}

/** Resolves when there is room again, or nobody to write to; leaves no listener behind. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

type Route = (context: Context) => void | Promise<void>;

const echoRoute: Route = async (context) => send(context, 200, await echo(context));

const routes: Record<string, Route> = {
  "": (context) => {
    context.response.setHeader("content-type", "text/html; charset=utf-8");
    context.response.end("<h1>httpbin</h1>");
  },
  anything: echoRoute,
  get: echoRoute,
  post: echoRoute,
  put: echoRoute,
  patch: echoRoute,
  delete: echoRoute,
  headers: (context) => send(context, 200, { headers: headersOf(context.request) }),
  "raw-headers": (context) => send(context, 200, context.request.rawHeaders),
  ip: (context) =>
    send(context, 200, { origin: context.request.socket.remoteAddress, port: context.request.socket.remotePort }),
  "user-agent": (context) => send(context, 200, { "user-agent": context.request.headers["user-agent"] ?? null }),
  uuid: (context) => send(context, 200, { uuid: randomUUID() }),
  gzip: async (context) => compressed(context, "gzip", zlib.gzipSync),
  deflate: async (context) => compressed(context, "deflate", zlib.deflateSync),
  "raw-deflate": async (context) => compressed(context, "deflate", zlib.deflateRawSync),
  brotli: async (context) => compressed(context, "br", zlib.brotliCompressSync),
  double: async (context) => compressed(context, "deflate, gzip", (bytes) => zlib.gzipSync(zlib.deflateSync(bytes))),
  bomb: (context) => {
    context.response.writeHead(Number(context.url.searchParams.get("status") ?? 200), {
      "content-encoding": "gzip",
      ...Object.fromEntries(context.url.searchParams),
    });
    context.response.end(zlib.gzipSync(Buffer.alloc(Number(context.parts[1]))));
  },
  status: (context) => {
    const codes = (context.parts[1] ?? "200").split(",");
    const status = Number(codes[Math.floor(Math.random() * codes.length)]);
    if ([301, 302, 303, 307, 308].includes(status)) return redirect(context, "/redirect/1", status);
    context.response.writeHead(status, status === 401 ? { "www-authenticate": 'Basic realm="Fake Realm"' } : {});
    context.response.end();
  },
  redirect: (context) =>
    redirect(context, Number(context.parts[1]) > 1 ? `/redirect/${Number(context.parts[1]) - 1}` : "/get"),
  "relative-redirect": (context) =>
    redirect(context, Number(context.parts[1]) > 1 ? `/relative-redirect/${Number(context.parts[1]) - 1}` : "/get"),
  "absolute-redirect": (context) =>
    redirect(
      context,
      `${context.origin}${Number(context.parts[1]) > 1 ? `/absolute-redirect/${Number(context.parts[1]) - 1}` : "/get"}`,
    ),
  "redirect-to": (context) => {
    const { searchParams } = context.url;
    redirect(
      context,
      Buffer.from(searchParams.get("url") ?? "/").toString("latin1"),
      Number(searchParams.get("status_code") ?? 302),
      searchParams.has("cookie") ? { "set-cookie": searchParams.getAll("cookie") } : {},
    );
  },
  "redirect-body": (context) => {
    context.response.writeHead(302, { location: "/get" });
    context.response.end(Buffer.alloc(Number(context.parts[1])));
  },
  login: (context) => {
    if (cookiesOf(context).session) send(context, 200, { loggedIn: true });
    else redirect(context, "/login", 302, { "set-cookie": "session=yes; Path=/" });
  },
  loop: (context) => redirect(context, "/loop"),
  cookies: (context) => {
    const { parts, url } = context;
    if (parts[1] === "set" || parts[1] === "delete") {
      const lines = [...url.searchParams].map(([name, value]) =>
        parts[1] === "set"
          ? `${name}=${value}; Path=/`
          : `${name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/`,
      );
      if (parts[2]) lines.push(`${parts[2]}=${parts[3]}; Path=/`);
      return redirect(context, "/cookies", 302, { "set-cookie": lines });
    }
    send(context, 200, { cookies: cookiesOf(context) });
  },
  "basic-auth": (context) => {
    if (basicOf(context) === `${context.parts[1]}:${context.parts[2]}`)
      send(context, 200, { authenticated: true, user: context.parts[1] });
    else send(context, 401, {}, { "www-authenticate": 'Basic realm="Fake Realm"' });
  },
  "hidden-basic-auth": (context) => {
    if (basicOf(context) === `${context.parts[1]}:${context.parts[2]}`)
      send(context, 200, { authenticated: true, user: context.parts[1] });
    else send(context, 404, {});
  },
  bearer: (context) => {
    const match = /^Bearer (.+)$/.exec(context.request.headers.authorization ?? "");
    if (match) send(context, 200, { authenticated: true, token: match[1] });
    else send(context, 401, {}, { "www-authenticate": "Bearer" });
  },
  "digest-auth": digestAuth,
  delay: async (context) => {
    await new Promise((resolve) => setTimeout(resolve, Number(context.parts[1]) * 1000));
    await echoRoute(context);
  },
  drip: (context) => {
    const { response, url } = context;
    const count = Number(url.searchParams.get("numbytes") ?? 10);
    response.writeHead(Number(url.searchParams.get("code") ?? 200), {
      "content-type": "application/octet-stream",
      "content-length": count,
    });
    const interval = (Number(url.searchParams.get("duration") ?? 0) * 1000) / count;
    let sent = 0;
    const drop = (): void => {
      response.write("*");
      if (++sent === count) response.end();
      else setTimeout(drop, interval);
    };
    drop();
  },
  stream: async (context) => {
    const description = await echo(context);
    context.response.setHeader("content-type", "application/json");
    for (let id = 0; id < Number(context.parts[1]); id++)
      context.response.write(`${JSON.stringify({ ...description, id })}\n`);
    context.response.end();
  },
  bytes: (context) => {
    const bytes = Buffer.alloc(Number(context.parts[1]), "x");
    context.response.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes.length });
    context.response.end(bytes);
  },
  "stream-bytes": async (context) => {
    const chunk = Buffer.alloc(65_536, "y");
    for (let left = Number(context.parts[1]); left > 0; left -= chunk.length) {
      if (context.response.destroyed) return;
      if (!context.response.write(chunk.subarray(0, Math.min(left, chunk.length)))) await drained(context.response);
    }
    context.response.end();
  },
  range: (context) => {
    const size = Number(context.parts[1]);
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => 97 + (i % 26)));
    const etag = `"range${size}"`;
    const match = /^bytes=(\d+)-(\d*)$/.exec(context.request.headers.range ?? "");
    const matches = !context.request.headers["if-range"] || context.request.headers["if-range"] === etag;
    const headers = { etag, "accept-ranges": "bytes", "content-type": "application/octet-stream" };
    if (!match || !matches)
      return void context.response.writeHead(200, { ...headers, "content-length": size }).end(bytes);
    const first = Number(match[1]);
    const last = match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
    if (first >= size) return void context.response.writeHead(416, { "content-range": `bytes */${size}` }).end();
    context.response
      .writeHead(206, {
        ...headers,
        "content-range": `bytes ${first}-${last}/${size}`,
        "content-length": last - first + 1,
      })
      .end(bytes.subarray(first, last + 1));
  },
  links: (context) => {
    const [, count = "1", page = "0"] = context.parts;
    const next = Number(page) + 1;
    send(
      context,
      200,
      { page: Number(page), headers: headersOf(context.request) },
      next < Number(count) ? { link: `</links/${count}/${next}>; rel="next"` } : {},
    );
  },
  cache: (context) => {
    if (context.request.headers["if-none-match"] === '"c"') return void context.response.writeHead(304).end();
    send(
      context,
      200,
      { id: randomUUID() },
      { etag: '"c"', ...(context.parts[1] ? { "cache-control": `max-age=${context.parts[1]}` } : {}) },
    );
  },
  "response-headers": (context) => {
    for (const name of new Set(context.url.searchParams.keys()))
      context.response.setHeader(name, context.url.searchParams.getAll(name));
    if (!context.response.hasHeader("content-type")) context.response.setHeader("content-type", "application/json");
    context.response.end(JSON.stringify(query(context.url)));
  },
  encoding: (context) => {
    context.response.setHeader("content-type", "text/html; charset=utf-8");
    context.response.end("∮ E⋅da = Q, ⠓⠑⠇⠇⠕");
  },
  text: (context) => {
    context.response.setHeader("content-type", context.url.searchParams.get("type") ?? "text/plain");
    context.response.end(Buffer.from(context.url.searchParams.get("hex") ?? "", "hex"));
  },
  html: (context) => {
    context.response.setHeader("content-type", "text/html; charset=utf-8");
    context.response.end("<p>Herman Melville</p>");
  },
  json: (context) => send(context, 200, { slideshow: { title: "Sample Slide Show", slides: [1, 2] } }),
  "robots.txt": (context) => void context.response.end("User-agent: *\nDisallow: /deny\n"),
  "retry-after": (context) => {
    const key = context.parts[1]!;
    const tries = (retries.get(key) ?? 0) + 1;
    retries.set(key, tries);
    const failures = Number(context.url.searchParams.get("failures") ?? 1);
    if (tries > failures) return send(context, 200, { tries });
    const after = context.url.searchParams.get("after");
    send(
      context,
      Number(context.url.searchParams.get("status") ?? 503),
      { tries },
      after === null ? {} : { "retry-after": after },
    );
  },
};

const retries = new Map<string, number>();

async function compressed(context: Context, coding: string, compress: (bytes: Buffer) => Buffer): Promise<void> {
  const bytes = compress(Buffer.from(JSON.stringify({ ...(await echo(context)), coding })));
  context.response.writeHead(200, {
    "content-type": "application/json",
    "content-encoding": coding,
    "content-length": bytes.length,
  });
  context.response.end(context.request.method === "HEAD" ? undefined : bytes);
}
