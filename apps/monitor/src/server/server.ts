/** The monitor's server: the page, and what is captured, for those who have the token. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { MAX_REQUEST, MAX_SNAPLEN } from "../wire/protocol.ts";
import { createToken, isOwnHost, isOwnOrigin, sameToken, splitPath } from "./access.ts";
import { loadAssets, SAFE_HEADERS } from "./assets.ts";
import { Session } from "./session.ts";

/** Pages that may be connected at a time. */
const MAX_PAGES = 16;
/** Connections of any kind. */
const MAX_CONNECTIONS = 128;

export interface MonitorOptions {
  /** Folder of the built page. */
  readonly assets: string;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** TCP port; 0 for a free one. Default 0. */
  readonly port?: number;
  /** The interface that the page proposes. Default `"any"`. */
  readonly interface?: string;
  /** Bytes of each packet that the page proposes. Default all. */
  readonly snaplen?: number;
}

export interface Monitor {
  /** Where the page is; whoever knows it may capture. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the server. Rejects with the system's error when it cannot listen. */
export async function startMonitor(options: MonitorOptions): Promise<Monitor> {
  const { host = "127.0.0.1", port = 0, interface: name = "any", snaplen = MAX_SNAPLEN } = options;
  const assets = loadAssets(options.assets);
  const token = createToken();
  let bound = port;

  /** What is asked for, when it may be. */
  const wanted = (request: IncomingMessage): string | undefined => {
    const path = splitPath(request.url);
    const allowed = isOwnHost(request.headers.host, host) && path !== undefined && sameToken(path.token, token);
    return allowed ? path.rest : undefined;
  };

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const rest = wanted(request);
    const asset = rest === undefined ? undefined : assets.get(rest);
    if (asset === undefined) return response.writeHead(404, SAFE_HEADERS).end("Not found\n");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return response.writeHead(405, { ...SAFE_HEADERS, Allow: "GET, HEAD" }).end();
    }
    response.writeHead(200, { ...asset.headers, "Content-Length": asset.bytes.length });
    return response.end(request.method === "HEAD" ? undefined : asset.bytes);
  });
  server.maxConnections = MAX_CONNECTIONS;

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_REQUEST * 4, perMessageDeflate: false });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A peer that resets while it is being refused.
    socket.on("error", () => {});
    const refuse = (status: string): void => void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    if (wanted(request) !== "live" || !isOwnOrigin(request.headers.origin, request.headers.host)) {
      return refuse("403 Forbidden");
    }
    if (sockets.clients.size >= MAX_PAGES) return refuse("503 Service Unavailable");
    sockets.handleUpgrade(request, socket, head, (client) => {
      new Session(client, { interface: name, snaplen, port: bound });
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/${token}/`,
    port: bound,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const client of sockets.clients) {
        client.close(1001, "The monitor stops");
        // A page that does not answer the close is not waited for.
        client.terminate();
      }
      server.closeAllConnections();
      await closed;
    },
  };
}
