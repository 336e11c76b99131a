/** One accept loop for everything above it: what socketserver is to Python. */
import type { Address } from "./address.ts";
import { checkFunction, checkInteger, checkOptions, checkSignal, rangeError, typeError } from "./check.ts";
import { SOCK_DGRAM } from "./constants.ts";
import { AbortError, ClosedError } from "./errors.ts";
import { ending, Handlers, reporter, warn } from "./handlers.ts";
import { type Accepted, Socket } from "./socket.ts";

/** What a handler has made of its socket, and the connection ends with: a stream over it. */
export interface ServedStream {
  /** Ends in order, when the handler is done. What it rejects with, `onError` hears. */
  close(): Promise<void>;
  /** Ends at once, when the handler has failed or the server gives up. */
  abort(): void;
}

/** What a handler gets. */
export interface ServedConnection {
  socket: Socket;
  /** The peer's address. */
  address: Address;
  /** Fires when the server gives up on handlers: after the grace of `close`, or at once with `abortConnections`. */
  signal: AbortSignal;
  /** Where the handler sets it, the connection ends as this does, and not as the socket. */
  stream?: ServedStream | undefined;
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
   * Resolves when everything is closed; handlers that go on without their connection are not waited for. Calling it
   * again is harmless.
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
  stream: ServedStream | undefined = undefined;
  /** The handler is done. */
  isEnding = false;
  #controller: AbortController | undefined;
  #aborted: { reason: unknown } | undefined;

  constructor(socket: Socket, address: Address) {
    this.socket = socket;
    this.address = address;
  }

  get aborted(): boolean {
    return this.#aborted !== undefined;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** In order. */
  async end(): Promise<void> {
    await this.stream?.close();
    await this.socket.finish();
  }

  /** At once. */
  cut(): void {
    try {
      this.stream?.abort();
    } finally {
      this.socket.close();
    }
  }

  abort(reason: unknown): void {
    this.#aborted = { reason };
    try {
      this.stream?.abort();
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

  function done(connection: Connection): void {
    if (running.delete(connection)) handlers.done();
  }

  function fail(connection: Connection, error: unknown): void {
    // What fails because the connection was aborted is no news.
    if (!connection.aborted) {
      report(error, connection);
      try {
        connection.cut();
      } catch (failure) {
        report(failure, connection);
      }
    }
    done(connection);
  }

  async function end(connection: Connection): Promise<void> {
    connection.isEnding = true;
    try {
      await connection.end();
      done(connection);
    } catch (error) {
      fail(connection, error);
    }
  }

  async function verifyAndHandle(connection: Connection): Promise<void> {
    const welcome = await verify?.(connection);
    if (welcome && !connection.aborted) await handler(connection);
  }

  /** Not an async function: that would take twice the memory while the handler waits, which is what most of them do. */
  function start(connection: Connection): void {
    running.add(connection);
    handlers.started();
    try {
      const handled = verify === undefined ? handler(connection) : verifyAndHandle(connection);
      Promise.resolve(handled).then(
        () => void end(connection),
        (error) => fail(connection, error),
      );
    } catch (error) {
      fail(connection, error);
    }
  }

  /** Whether there is room for more. */
  function take({ socket, address: peer }: Accepted): boolean {
    // Closed in the same turn as this one was accepted.
    if (closing) socket.close();
    else start(new Connection(socket, peer));
    return !closing && !handlers.full;
  }

  async function acceptLoop(): Promise<void> {
    while (!closing) {
      if (handlers.full) await handlers.room();
      try {
        await listener.acceptOwned(take);
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
      // A handler that notices has this turn for its `finally`; one that does not is not waited for.
      setImmediate(() => {
        if (!connection.isEnding) done(connection);
      });
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
