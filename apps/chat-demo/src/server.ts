/** The chat server: a hub, and the transports through which clients reach it. */
import { startServer } from "@sockeye/async-streams";
import { type Address, SocketError } from "@sockeye/socket-core";
import { Hub } from "./hub/hub.ts";
import { defaultLimits, type Limits } from "./hub/limits.ts";
import { lineClients } from "./transports/lines.ts";

/** Beyond `maxClients`, so many connections at a time are told that the chat is full; more wait in the kernel. */
const REFUSALS = 64;

/** What `startChat` takes. */
export interface ChatOptions {
  /** An IPv4 or IPv6 literal, or `"localhost"`. */
  address: string;
  /** 0 lets the kernel choose. */
  port: number;
  limits?: Partial<Limits>;
  /** Hears, in one line each, what whoever runs the server should know. Default: nothing is said. */
  onLog?: (line: string) => void;
}

/** A running chat. */
export interface Chat {
  /** What it listens on. */
  readonly address: Address;
  /** How many people there are. */
  readonly size: number;
  /** Says goodbye to everybody, and resolves when every socket is closed. */
  close(reason: string): Promise<void>;
}

/** Starts a chat. Rejects with SocketError (EADDRINUSE, EACCES …), TypeError or RangeError. */
export async function startChat({ address, port, limits: given, onLog = () => {} }: ChatOptions): Promise<Chat> {
  const limits: Limits = { ...defaultLimits, ...given };
  const hub = new Hub();
  const server = await startServer(
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
    lineClients(hub, limits, (who, reason) => onLog(`Dropped ${who}: ${reason}`)),
  );
  return {
    address: server.address,
    get size() {
      return hub.size;
    },
    close(reason) {
      const closed = server.close({ grace: limits.closeTimeout });
      hub.close(reason);
      return closed;
    },
  };
}
