/** One accept loop for everything above it: what socketserver is to Python. */
import type { Address } from "./address.ts";
import { checkFunction, checkInteger, checkOptions, checkSignal, rangeError, typeError } from "./check.ts";
import { SOCK_DGRAM } from "./constants.ts";
import { AbortError, ClosedError } from "./errors.ts";
import { ending, Handlers, reporter, warn } from "./handlers.ts";
import { Socket } from "./socket.ts";

/** What a handler gets. */
export interface ServedConnection {
  socket: Socket;
  /** The peer's address. */
  address: Address;
  /** Fires when the server gives up on handlers: after the grace of `close`, or at once with `abortConnections`. */
  signal: AbortSignal;
  /** Called just before, while the socket is open: a signal costs an idle connection a kilobyte, this nothing. */
  onAbort?: ((reason: unknown) => void) | undefined;
}

/** What `serve` takes. */
export interface ServeOptions {
  /** So many connections are handled at a time; the others wait in the kernel's queue, unaccepted. Default 10,000. */
  maxConnections?: number;
  /** Decides on a connection before its handler runs; false or an error closes it. Default: all are served. */
  verify?: (connection: ServedConnection) => boolean | Promise<boolean>;
  /** Hears what a handler or `verify` threw, and failures of `accept`. Default: a warning of the process. */
  onError?: (error: unknown, connection?: ServedConnection) => void;
  /** Closes the server, without grace, when it fires. */
  signal?: AbortSignal;
}

/** A running server. */
export interface Server extends AsyncDisposable {
  /** What it listens on. */
  readonly address: Address;
  /** Connections whose handler runs. */
  readonly connections: number;
  /** Resolves when the listener and every connection are closed. */
  readonly closed: Promise<void>;
  /**
   * Stops accepting, lets handlers finish for up to `grace` milliseconds (default 0), then aborts what is left.
   * Resolves when everything is closed; calling it again is harmless.
   */
  close(options?: { grace?: number }): Promise<void>;
  /** Aborts every running handler and closes its connection; the server goes on. */
  abortConnections(reason?: unknown): void;
}

const MAX_CONNECTIONS = 10_000;

/** Its signal is made when somebody asks for it: an idle connection should cost little. */
class Connection implements ServedConnection {
  readonly socket: Socket;
  readonly address: Address;
  onAbort: ((reason: unknown) => void) | undefined = undefined;
  #controller: AbortController | undefined;
  #aborted = false;
  #reason: unknown;

  constructor(socket: Socket, address: Address) {
    this.socket = socket;
    this.address = address;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#aborted = true;
    this.#reason = reason;
    try {
      this.onAbort?.(reason);
    } finally {
      this.#controller?.abort(reason);
      this.socket.close();
    }
  }
}

/**
 * Accepts connections of a listening socket and runs the handler for each. When the handler is done the connection
 * ends in order (`Socket.finish`). A handler that throws loses its own connection and nothing else. The server owns
 * the listener and closes it. Throws TypeError or RangeError for bad arguments.
 */
export function serve(
  listener: Socket,
  handler: (connection: ServedConnection) => unknown,
  options: ServeOptions = {},
): Server {
  if (!(listener instanceof Socket)) throw typeError("listener", "a listening Socket", listener);
  if (listener.type === SOCK_DGRAM) {
    throw rangeError("listener", "a Socket that listens; for datagrams there is serveDatagrams", listener);
  }
  checkFunction("handler", handler);
  checkOptions("options", options);
  const { maxConnections = MAX_CONNECTIONS, verify, onError = warn, signal } = options;
  checkInteger("maxConnections", maxConnections, 1, 2 ** 31 - 1);
  if (verify !== undefined) checkFunction("verify", verify);
  checkFunction("onError", onError);
  checkSignal(signal);

  const address = listener.getsockname();
  const running = new Set<Connection>();
  const handlers = new Handlers(maxConnections);
  let closing = false;
  const report = reporter(onError);

  async function handle(connection: Connection): Promise<void> {
    try {
      const welcome = verify === undefined || (await verify(connection));
      if (welcome && !connection.aborted) await handler(connection);
      await connection.socket.finish();
    } catch (error) {
      // What fails because the connection was aborted is no news.
      if (!connection.aborted) report(error, connection);
      connection.socket.close();
    }
    running.delete(connection);
  }

  async function acceptLoop(): Promise<void> {
    while (!closing) {
      await handlers.room();
      try {
        const { socket, address: peer } = await listener.accept();
        // Closed in the same turn as this one was accepted.
        if (closing) {
          socket.close();
          return;
        }
        const connection = new Connection(socket, peer);
        running.add(connection);
        handlers.start(() => handle(connection));
      } catch (error) {
        if (error instanceof ClosedError) return;
        report(error);
        listener.close();
        return;
      }
    }
  }

  function abortConnections(reason: unknown = new AbortError("serve", "the server was closed")): void {
    for (const connection of running) {
      try {
        connection.abort(reason);
      } catch (error) {
        report(error, connection);
      }
    }
  }

  function stop(): void {
    closing = true;
    listener.close();
  }
  const { closed, close } = ending(acceptLoop(), handlers, { stop, giveUp: () => abortConnections(), signal });

  return {
    address,
    get connections(): number {
      return running.size;
    },
    closed,
    close,
    abortConnections,
    [Symbol.asyncDispose]: () => close(),
  };
}
