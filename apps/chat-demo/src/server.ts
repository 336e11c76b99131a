/** The chat server: a hub, and the ways in which clients reach it. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Server, startServer } from "@sockeye/async-streams";
import { type Address, SocketError } from "@sockeye/socket-core";
import { LocalBus } from "./bus/local.ts";
import { NatsBus } from "./bus/nats.ts";
import { NatsPresence } from "./bus/nats-presence.ts";
import type { History } from "./history/history.ts";
import { MemoryHistory } from "./history/memory.ts";
import { Hub } from "./hub/hub.ts";
import { defaultLimits, type Limits } from "./hub/limits.ts";
import type { Facts } from "./transports/facts.ts";
import { tcpClients } from "./transports/tcp.ts";
import { WebSocketClients } from "./transports/websocket.ts";
import { loadFiles } from "./web/static-files.ts";
import { startWeb, type WebServer } from "./web/web-server.ts";

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
  limits?: Partial<Limits>;
  /** Hears, in one line each, what whoever runs the server should know. Default: nothing is said. */
  onLog?: (line: string) => void;
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
  /** Says goodbye to everybody, and resolves when every socket is closed. */
  close(reason: string): Promise<void>;
}

/** Starts a chat. Rejects with SocketError (EADDRINUSE, EACCES …), TypeError or RangeError. */
export async function startChat(options: ChatOptions): Promise<Chat> {
  const { address, port, webPort, names = [], onLog = () => {} } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const serverName = `${hostname().split(".")[0]}-${randomUUID().slice(0, 8)}`;
  // What the stream has begins with 1.
  const history = options.history ?? new MemoryHistory(limits, options.bus === undefined ? undefined : 0);
  const bus =
    options.bus === undefined
      ? new LocalBus(history)
      : await NatsBus.open({ url: options.bus, view: history, limits, onLog });
  const hub = new Hub({ bus, history, catchUp: limits.catchUp });
  const presence = bus instanceof NatsBus ? joinCluster(hub, bus, serverName) : undefined;
  const facts: Facts = { server: serverName, features: { wire: false, weather: false, titles: false } };
  const onDrop = (who: string, reason: string): void => onLog(`Dropped ${who}: ${reason}`);
  const webSockets = new WebSocketClients(hub, limits, facts, onDrop);
  const files = webPort === undefined ? new Map() : loadFiles(join(import.meta.dirname, "..", "dist", "page"));
  let server: Server | undefined;
  let web: WebServer | undefined;
  try {
    server = await startServer(
      { address, port },
      {
        limit: limits.maxLineLength,
        maxConnections: limits.maxClients + REFUSALS,
        onError(error, connection) {
          // A client that went away while something was on its way to it is no error of the server's.
          if (connection !== undefined && error instanceof SocketError && error.errno !== undefined) return;
          onLog(`An error, and the connection it hit is closed: ${String(error)}`);
        },
      },
      tcpClients(hub, limits, facts, onDrop),
    );
    if (webPort !== undefined) {
      web = await startWeb({
        address,
        port: webPort,
        files,
        routes: {},
        names,
        maxConnections: limits.maxClients + REFUSALS,
        handshakeTimeout: limits.handshakeTimeout,
        onUpgrade: (request, socket, head) => webSockets.upgrade(request, socket, head),
      });
    }
  } catch (error) {
    webSockets.close();
    await server?.close();
    presence?.close();
    await bus.close();
    history.close();
    throw error;
  }
  const tcp = server;

  return {
    address: tcp.address,
    webPort: web?.address.port,
    hasPage: files.size > 0,
    get size() {
      return hub.size;
    },
    async close(reason) {
      const tcpClosed = tcp.close({ grace: limits.closeTimeout });
      hub.close(reason);
      presence?.close();
      await Promise.all([tcpClosed, web?.close(), webSockets.close()]);
      await bus.close();
      history.close();
    },
  };
}

function joinCluster(hub: Hub, bus: NatsBus, server: string): NatsPresence {
  const presence = new NatsPresence(bus.connection, server, hub);
  hub.joinCluster({
    server,
    changed: () => presence.changed(),
    whisper: (to, whisper) => presence.whisper(to, whisper),
  });
  return presence;
}
