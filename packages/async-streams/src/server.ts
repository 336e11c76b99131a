/** Servers: a handler for each connection, with limits. */
import {
  type Address,
  type BindAddress,
  createServer,
  type ServerOptions as ListenOptions,
  type ServedConnection,
  type Server as SocketServer,
  serve,
} from "@sockeye/socket-core";
import { checkStreamOptions, type StreamOptions } from "./byte-stream.ts";
import { checkFunction, checkOptions, typeError } from "./check.ts";
import { prepare } from "./connect.ts";
import { Connection, type ConnectionRole } from "./connection.ts";
import { prepareServer } from "./tls.ts";
import { checkTlsOptions, type ServerTlsOptions } from "./tls-options.ts";
import { pathRemover } from "./unix-path.ts";

/** What `startServer` takes. */
export interface StartOptions extends StreamOptions, ListenOptions {
  /** So many connections are served at a time; the others wait in the kernel's queue. Default 10,000. */
  maxConnections?: number;
  /** Hears what a handler threw, and failures of accepting. Default: a warning of the process. */
  onError?: (error: unknown, connection?: Connection) => void;
  /** Closes the server, without grace, when it fires. */
  signal?: AbortSignal;
  /** Speaks TLS from the start: handlers run after the handshake, and `onError` hears of those that fail. */
  tls?: ServerTlsOptions;
}

/** What a handler gets besides the connection. */
export interface HandlerContext {
  /** Fires when the server gives up on its handlers; the connection is closed then. */
  signal: AbortSignal;
}

/** Makes the signal when it is asked for: a connection that waits should cost little. */
class Context implements HandlerContext {
  readonly #served: ServedConnection;

  constructor(served: ServedConnection) {
    this.#served = served;
  }

  get signal(): AbortSignal {
    return this.#served.signal;
  }
}

const asServer: ConnectionRole = { isServer: true };

/**
 * Serves one connection. When it is done, what was written is sent and the connection ends in order. When it throws,
 * the connection is aborted.
 */
export type Handler = (connection: Connection, context: HandlerContext) => unknown;

/** A running server. */
export interface Server extends AsyncDisposable {
  /** What it listens on; with port 0 asked for, the port it got. */
  readonly address: Address;
  /** Connections whose handler runs. */
  readonly connections: number;
  /** Resolves when the listener and every connection are closed. */
  readonly closed: Promise<void>;
  /**
   * Stops accepting, lets handlers finish for up to `grace` milliseconds (default 0), then aborts the connections that
   * are left. Resolves when everything is closed; handlers that go on without their connection are not waited for.
   */
  close(options?: { grace?: number }): Promise<void>;
  /** Aborts every connection; the server goes on. */
  abortConnections(reason?: unknown): void;
}

/**
 * Listens on `{ port }`, `{ address, port }` or `{ path }` and runs the handler for each connection. A handler that
 * throws loses its own connection and nothing else. The file of a Unix path goes with the server.
 * Rejects with SocketError (EADDRINUSE, EACCES …), or TlsError for a key or certificate that is none.
 */
export async function startServer(address: BindAddress, handler: Handler): Promise<Server>;
export async function startServer(address: BindAddress, options: StartOptions, handler: Handler): Promise<Server>;
export async function startServer(
  address: BindAddress,
  ...rest: [handler: Handler] | [options: StartOptions, handler: Handler]
): Promise<Server> {
  const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest;
  checkFunction("handler", handler);
  checkOptions("options", options);
  // It would be overlooked, and the server would listen on every interface.
  if ("host" in Object(address)) throw typeError("address", "{ address, port }, as names are not looked up", address);
  const { onError, maxConnections, signal, backlog, reusePort, dualstack, tls } = options;
  const streamOptions = checkStreamOptions(options);
  if (tls !== undefined) {
    checkTlsOptions("tls", tls, true);
    // A bad key or certificate is an error now, and not at the first connection.
    prepareServer(tls);
  }
  if (onError !== undefined) checkFunction("onError", onError);
  async function serveTls(connection: Connection, context: HandlerContext, tls: ServerTlsOptions): Promise<void> {
    await connection.startTls(tls);
    await handler(connection, context);
  }

  function handle(served: ServedConnection): unknown {
    const { socket, address: remote } = served;
    prepare(socket, remote);
    const connection = new Connection(socket, remote, streamOptions, asServer);
    served.stream = connection;
    const context = new Context(served);
    return tls === undefined ? handler(connection, context) : serveTls(connection, context, tls);
  }

  const listener = createServer(address, { backlog, reusePort, dualstack });
  try {
    const removePath = "path" in address ? pathRemover(address.path) : undefined;
    const server: SocketServer = serve(listener, handle, {
      maxConnections,
      signal,
      ...(onError && {
        onError: (error: unknown, served?: ServedConnection) =>
          onError(error, served?.stream as Connection | undefined),
      }),
    });
    if (removePath !== undefined) void server.closed.then(removePath);
    return server;
  } catch (error) {
    listener.close();
    throw error;
  }
}
