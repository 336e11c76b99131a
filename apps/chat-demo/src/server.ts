/** The chat server: a hub, and the ways in which clients reach it. */
import { randomUUID } from "node:crypto";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { type Server, StreamError, startServer } from "@sockeye/async-streams";
import { type Address, SocketError } from "@sockeye/socket-core";
import pino, { type Logger } from "pino";
import { LocalBus } from "./bus/local.ts";
import { NatsBus } from "./bus/nats.ts";
import { NatsPresence } from "./bus/nats-presence.ts";
import { answerQueries } from "./discovery/answer-queries.ts";
import type { History } from "./history/history.ts";
import { MemoryHistory } from "./history/memory.ts";
import { Hub } from "./hub/hub.ts";
import { defaultLimits, type Limits } from "./hub/limits.ts";
import type { Helpers } from "./hub/talk.ts";
import { LinkTitles } from "./lookups/link-titles.ts";
import { Weather } from "./lookups/weather.ts";
import { Metrics } from "./operation/metrics.ts";
import { PasswordGate } from "./transports/password-gate.ts";
import type { Services } from "./transports/services.ts";
import { tcpClients } from "./transports/tcp.ts";
import { WebSocketClients } from "./transports/websocket.ts";
import { loadFiles } from "./web/static-files.ts";
import { type Route, startWeb, type WebServer } from "./web/web-server.ts";
import { WireTap } from "./wire/wire-tap.ts";

/** Beyond `maxClients`, so many connections at a time are told that the chat is full; more wait in the kernel. */
const REFUSALS = 64;

/** What `startChat` takes. */
export interface ChatOptions {
  /** An IPv4 or IPv6 literal, or `"localhost"`. */
  address: string;
  /** 0 lets the kernel choose. */
  port: number;
  /** The port of the page and its WebSocket. Default: there is none. */
  webPort?: number | undefined;
  /** Names by which browsers may reach it, besides its addresses and the machine's name. */
  names?: readonly string[];
  /** Where messages are kept; closed with the chat. Default: in memory. NATS keeps them itself. */
  history?: History | undefined;
  /** `nats://host:4222` of a cluster's NATS. Default: this server is alone. */
  bus?: string | undefined;
  /** The name under which others on the network find it. Default: it is not found. */
  beacon?: string | undefined;
  /** Who answers `/weather`: a URL with `{place}`. Default: nobody. */
  weather?: string | undefined;
  /** Whether the titles of pages that people link to are told. Default false. */
  titles?: boolean;
  /** Whether clients may see the packets of the chat, everybody's. Default false. */
  wire?: boolean;
  /** What clients must know. Default: there is none. */
  password?: string | undefined;
  /** Certificate and key, in PEM, of both ports. Default: no TLS. */
  tls?: { cert: string | Buffer; key: string | Buffer } | undefined;
  limits?: Partial<Limits>;
  /** Hears what whoever runs the server should know. Default: nothing is said. */
  log?: Logger;
}

/** A running chat. */
export interface Chat {
  /** What it listens on. */
  readonly address: Address;
  /** The port of the page; undefined without one. */
  readonly webPort: number | undefined;
  /** Whether there is a page to be shown. */
  readonly hasPage: boolean;
  /** How many people there are. */
  readonly size: number;
  /** Says goodbye to everybody, and resolves when every socket is closed. With `restart`, clients are to come again. */
  close(reason: string, options?: { restart?: boolean }): Promise<void>;
}

/** Starts a chat. Rejects with SocketError (EADDRINUSE, EACCES …), TypeError or RangeError. */
export async function startChat(options: ChatOptions): Promise<Chat> {
  const { address, port, webPort, names = [], password, tls, log = pino({ level: "silent" }) } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const serverName = `${hostname().split(".")[0]}-${randomUUID().slice(0, 8)}`;
  // What the stream has begins with 1.
  const history = options.history ?? new MemoryHistory(limits, options.bus === undefined ? undefined : 0);
  const bus =
    options.bus === undefined
      ? new LocalBus(history, log)
      : await NatsBus.open({ url: options.bus, view: history, limits, log });
  const weather = options.weather === undefined ? undefined : new Weather(options.weather);
  const titles = options.titles ? new LinkTitles() : undefined;
  const helpers: Helpers = {
    weather: weather && ((place) => weather.at(place)),
    titles: titles && ((text) => titles.of(text)),
  };
  const hub = new Hub({ bus, history, catchUp: limits.catchUp, helpers });
  const presence = bus instanceof NatsBus ? joinCluster(hub, bus, serverName) : undefined;
  const metrics = new Metrics(hub);
  const wirePorts: number[] = [];
  const wire = options.wire
    ? new WireTap({
        ports: wirePorts,
        interface: isLoopback(address) ? loopback() : "any",
        onError: (error) => log.error({ err: error }, "The capture for the Wire view broke"),
      })
    : undefined;
  const services: Services = {
    hub,
    limits,
    facts: {
      server: serverName,
      features: { wire: wire !== undefined, weather: weather !== undefined, titles: titles !== undefined },
    },
    wire,
    gate: password === undefined ? undefined : new PasswordGate(password),
    onDrop(who, reason) {
      metrics.dropped(reason);
      log.warn({ who, reason }, `Dropped ${who}: ${reason}`);
    },
  };
  let closing = false;
  const routes: Record<string, Route> = {
    "/healthz": async () => {
      const ready = !closing && bus.isReady;
      const body = {
        status: ready ? "ok" : closing ? "closing" : "NATS is away",
        server: serverName,
        people: hub.size,
      };
      return { status: ready ? 200 : 503, type: "application/json", body: `${JSON.stringify(body)}\n` };
    },
    "/metrics": async () => ({ status: 200, ...(await metrics.text()) }),
  };
  const webSockets = new WebSocketClients(services);
  const files = webPort === undefined ? new Map() : loadFiles(join(import.meta.dirname, "..", "dist", "page"));
  let server: Server | undefined;
  let web: WebServer | undefined;
  try {
    server = await startServer(
      { address, port },
      {
        limit: limits.maxLineLength,
        maxConnections: limits.maxClients + REFUSALS,
        ...(tls !== undefined && { tls }),
        onError(error, connection) {
          // A client that went away while something was on its way to it is no error of the server's.
          if (connection !== undefined && error instanceof SocketError && error.errno !== undefined) return;
          // Nor is one that speaks no TLS, or takes too long to.
          if (tls !== undefined && (error instanceof StreamError || connection?.tls === undefined)) {
            log.debug({ err: error }, "A TLS handshake failed");
          } else {
            log.error({ err: error }, `An error, and the connection it hit is closed: ${String(error)}`);
          }
        },
      },
      tcpClients(services),
    );
    if (webPort !== undefined) {
      web = await startWeb({
        address,
        port: webPort,
        files,
        routes,
        names,
        maxConnections: limits.maxClients + REFUSALS,
        handshakeTimeout: limits.handshakeTimeout,
        tls,
        onUpgrade: (request, socket, head) => webSockets.upgrade(request, socket, head),
      });
    }
  } catch (error) {
    await webSockets.close();
    await server?.close();
    presence?.close();
    await bus.close();
    history.close();
    throw error;
  }
  const tcp = server;
  if ("port" in tcp.address) wirePorts.push(tcp.address.port);
  if (web !== undefined) wirePorts.push(web.address.port);
  const { address: listening } = tcp;
  const stopAnswering =
    options.beacon === undefined || !("port" in listening)
      ? undefined
      : await answerQueries(() => ({
          name: options.beacon!,
          port: listening.port,
          webPort: web?.address.port,
          tls: tls !== undefined,
          password: password !== undefined,
          people: hub.size,
        }));
  if (options.beacon !== undefined && stopAnswering === undefined) {
    log.warn("There is no multicast here: nobody finds this chat by searching the network");
  }

  return {
    address: tcp.address,
    webPort: web?.address.port,
    hasPage: files.size > 0,
    get size() {
      return hub.size;
    },
    async close(reason, closeOptions) {
      closing = true;
      const tcpClosed = tcp.close({ grace: limits.closeTimeout });
      const webClosed = web?.close();
      // What was said is kept and told before the goodbye.
      bus.flush();
      hub.close(reason, closeOptions);
      presence?.close();
      await Promise.all([tcpClosed, webClosed, webSockets.close()]);
      await Promise.all([stopAnswering?.(), wire?.close(), weather?.close(), titles?.close()]);
      await bus.close();
      history.close();
    },
  };
}

/** Whether only this machine can reach an address. */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || address.startsWith("127.");
}

/** The name of the interface that goes nowhere. */
function loopback(): string {
  const named = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ internal }) => internal),
  );
  return named?.[0] ?? "lo";
}

function joinCluster(hub: Hub, bus: NatsBus, server: string): NatsPresence {
  const presence = new NatsPresence(bus.connection, server, hub);
  hub.joinCluster({
    server,
    changed: () => presence.changed(),
    whisper: (to, whisper) => presence.whisper(to, whisper),
    notice: (room, text) => presence.notice(room, text),
  });
  return presence;
}
