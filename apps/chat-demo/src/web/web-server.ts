/** The HTTP server: the page, and the way for its WebSocket. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { isOurHost, isOurOrigin } from "./origin.ts";
import type { StaticFile } from "./static-files.ts";

/** Where the WebSocket is. */
const SOCKET_PATH = "/chat";
/** Connections that are no WebSockets (yet) are ended when they send nothing for so many milliseconds. */
const IDLE_TIMEOUT = 5_000;
/** How often what takes too long is looked for, in milliseconds. */
const CHECK_INTERVAL = 1_000;
/** The most bytes of a request's head; there is no body. */
const MAX_HEADER_SIZE = 16 * 1024;

/** What the page may do: load its own files and speak to its own server, and nothing else. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const securityHeaders = {
  "Content-Security-Policy": policy,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** An answer that is made when it is asked for. */
export type Route = (request: IncomingMessage) => Promise<{ status: number; type: string; body: string }>;

export interface WebOptions {
  address: string;
  port: number;
  files: ReadonlyMap<string, StaticFile>;
  /** By path. */
  routes: Readonly<Record<string, Route>>;
  /** Names that the server goes by, besides its addresses and the machine's name. */
  names: readonly string[];
  maxConnections: number;
  /** Milliseconds for the head of a request. */
  handshakeTimeout: number;
  tls?: { cert: string | Buffer; key: string | Buffer } | undefined;
  /** Takes a connection that wants to be a WebSocket, and may. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface WebServer {
  readonly address: AddressInfo;
  /** Stops accepting, and ends what is no WebSocket. */
  close(): Promise<void>;
}

/** Starts it. Rejects with what `listen` says (EADDRINUSE, EACCES …), or a key or certificate that is none. */
export async function startWeb(options: WebOptions): Promise<WebServer> {
  const { address, port, files, routes, names, maxConnections, handshakeTimeout, tls, onUpgrade } = options;
  const httpOptions = {
    headersTimeout: handshakeTimeout,
    requestTimeout: handshakeTimeout,
    keepAliveTimeout: IDLE_TIMEOUT,
    connectionsCheckingInterval: CHECK_INTERVAL,
    maxHeaderSize: MAX_HEADER_SIZE,
  };
  const server: Server =
    tls === undefined ? createServer(httpOptions) : createTlsServer({ ...httpOptions, ...tls, handshakeTimeout });
  server.maxConnections = maxConnections;

  server.on("request", (request, response) => {
    if (!isOurHost(request.headers.host, names)) {
      answer(response, 421, "This server does not go by that name; see --origin.\n");
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      answer(response, 405, "There is nothing here but GET.\n");
      return;
    }
    const [path = "/"] = (request.url ?? "/").split("?");
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route !== undefined) {
      route(request).then(
        ({ status, type, body }) => answer(response, status, body, type),
        () => answer(response, 500, "That did not work.\n"),
      );
      return;
    }
    const file = files.get(path);
    if (file === undefined) answer(response, 404, "There is nothing here.\n");
    else sendFile(request, response, file);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const [path] = (request.url ?? "/").split("?");
    const { host, origin } = request.headers;
    if (path !== SOCKET_PATH) refuse(socket, "404 Not Found");
    else if (!isOurHost(host, names) || !isOurOrigin(origin, host)) refuse(socket, "403 Forbidden");
    else onUpgrade(request, socket, head);
  });
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port }, resolve);
  });
  return {
    address: server.address() as AddressInfo,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function answer(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { ...securityHeaders, "Content-Type": type, "Cache-Control": "no-store" });
  response.end(body);
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: StaticFile): void {
  const headers = {
    ...securityHeaders,
    "Content-Type": file.type,
    "Cache-Control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    ETag: file.etag,
  };
  if (request.headers["if-none-match"] === file.etag) {
    response.writeHead(304, headers).end();
  } else {
    response.writeHead(200, { ...headers, "Content-Length": file.body.length });
    response.end(file.body);
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
