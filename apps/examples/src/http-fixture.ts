/**
 * A server on this machine for the HTTP programs here: weather, a form, uploads, and a file that is slow or breaks off
 * when asked to. Sockeye is a client; the server is Node's own.
 *
 * Usage: http-fixture [PORT=8080]
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 8080);
const maxBody = 64 * 2 ** 20;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

const places = [
  { name: "London", country: "United Kingdom", latitude: 51.50853, longitude: -0.12574 },
  { name: "Bergen", country: "Norway", latitude: 60.39299, longitude: 5.32415 },
];
const thanks = new Map<string, [string, string][]>();

const routes: Record<string, (exchange: Exchange) => void | Promise<void>> = {
  "GET /": ({ response }) => {
    response.setHeader("Content-Type", "text/html");
    response.end('<title>Fixture</title><a href="/form">A form</a> <a href="/file">A file</a>');
  },
  "GET /robots.txt": ({ response }) => void response.end("User-agent: *\nDisallow: /file\n"),

  // The shape of Open-Meteo's answers.
  "GET /v1/search": ({ response, query }) => {
    const found = places.filter(({ name }) => name.toLowerCase() === query.get("name")?.toLowerCase());
    json(response, 200, found.length > 0 ? { results: found } : {});
  },
  "GET /v1/forecast": ({ response, query }) => {
    const here = places.find(({ latitude }) => latitude === Number(query.get("latitude")));
    if (!here) return json(response, 400, { error: true, reason: "No such place in this fixture" });
    const units = { time: "iso8601", temperature_2m: "°C", wind_speed_10m: "km/h" };
    json(response, 200, {
      ...here,
      current_units: units,
      current: { time: "2026-01-01T12:00", temperature_2m: 7.4, wind_speed_10m: 18.2 },
    });
  },

  "GET /form": ({ response }) => {
    response.setHeader("Content-Type", "text/html");
    response.end('<form method="post"><input name="name"><input name="message"></form>');
  },
  "POST /form": async ({ request, response }) => {
    const fields = [...new URLSearchParams((await body(request)).toString())];
    const id = randomUUID();
    if (thanks.size >= 1000) thanks.clear();
    thanks.set(id, fields);
    response.writeHead(303, { Location: "/thanks", "Set-Cookie": `visit=${id}; Path=/; HttpOnly` }).end();
  },
  "GET /thanks": ({ request, response }) => {
    const id = /(?:^|; )visit=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    const fields = thanks.get(id);
    if (!fields) return json(response, 403, { error: "You have sent no form" });
    json(response, 200, { received: Object.fromEntries(fields) });
  },

  "POST /upload": async ({ request, response }) => {
    const headers = { "Content-Type": request.headers["content-type"] ?? "" };
    const form = await new Response(new Uint8Array(await body(request)), { headers }).formData();
    const files = await Promise.all(
      [...form.values()]
        .filter((value) => typeof value !== "string")
        .map(async (file) => {
          const bytes = Buffer.from(await file.arrayBuffer());
          return { name: file.name, type: file.type, size: bytes.length, sha256: sha256(bytes, "hex") };
        }),
    );
    json(response, 201, { files });
  },

  /** `?size=BYTES`, `?rate=BYTES a second`, `?cut=BYTES` after which the connection breaks, `?version=TEXT`. */
  "GET /file": async ({ request, response, query }) => {
    const size = Math.min(Number(query.get("size") ?? 2 ** 20), maxBody);
    const version = query.get("version") ?? "1";
    const bytes = Buffer.alloc(size, `${version} 0123456789 abcdefghijklmnopqrstuvwxyz\n`);
    const etag = `"${version}-${size}"`;
    response.setHeader("ETag", etag).setHeader("Accept-Ranges", "bytes");
    // RFC 9530: the whole file's hash, also when a part is sent.
    response.setHeader("Repr-Digest", `sha-256=:${sha256(bytes, "base64")}:`);
    const { range = "", "if-range": condition = etag } = request.headers;
    const first = Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
    const isPart = first > 0 && condition === etag;
    if (isPart && first >= size) return void response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
    const rest = bytes.subarray(isPart ? first : 0);
    response.setHeader("Content-Length", rest.length);
    if (isPart) response.writeHead(206, { "Content-Range": `bytes ${first}-${size - 1}/${size}` });
    await trickle(response, rest, Number(query.get("rate") ?? Infinity), Number(query.get("cut") ?? Infinity));
  },
};

async function trickle(response: ServerResponse, bytes: Buffer, rate: number, cut: number): Promise<void> {
  const step = Math.min(65_536, Math.max(1, Math.floor(rate / 20)));
  for (let at = 0; at < bytes.length; at += step) {
    if (response.destroyed) return;
    if (at + step > cut) {
      await new Promise((resolve) => response.write(bytes.subarray(at, cut), resolve));
      return void response.destroy();
    }
    if (!response.write(bytes.subarray(at, at + step))) await drained(response);
    if (rate < Infinity) await pause((step / rate) * 1000);
  }
  response.end();
}

/** There is room again, or nobody to write to. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) throw Object.assign(new Error(`The body is larger than ${maxBody} bytes`), { status: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

function sha256(bytes: Uint8Array, encoding: "hex" | "base64"): string {
  return createHash("sha256").update(bytes).digest(encoding);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://fixture");
    const route = routes[`${request.method} ${pathname}`];
    if (route) await route({ request, response, query: searchParams });
    else json(response, 404, { error: `Nothing is at ${pathname}` });
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    json(response, (error as { status?: number }).status ?? 400, { error: (error as Error).message });
  }
}

const server = createServer((request, response) => {
  console.log(request.method, request.url);
  void answer(request, response);
});
server.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
server.listen(port, "127.0.0.1", () => {
  console.log("Listening on", server.address() as AddressInfo);
});
process.on("SIGINT", () => {
  server.close();
  server.closeAllConnections();
});
