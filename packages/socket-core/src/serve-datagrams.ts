/** A handler for each datagram: what socketserver's UDPServer and UnixDatagramServer are to Python. */
import type { Address } from "./address.ts";
import { checkFunction, checkInteger, checkOptions, checkSignal, rangeError, typeError } from "./check.ts";
import { SOCK_DGRAM } from "./constants.ts";
import { AbortError, ClosedError } from "./errors.ts";
import { ending, Handlers, reporter, warn } from "./handlers.ts";
import type { SendOptions } from "./send.ts";
import { Socket } from "./socket.ts";

/** What a handler gets. */
export interface ServedDatagram {
  /** Its payload; empty for an empty datagram. */
  data: Buffer;
  /** The sender's address; of a Unix socket without a name, `{ path: "" }`. */
  address: Address;
  /** The server's socket. Leave it open. */
  socket: Socket;
  /** Fires when the server gives up on handlers: after the grace of `close`. */
  signal: AbortSignal;
  /** Sends a datagram to the sender, from the server's socket. Resolves and rejects as `Socket.sendto`. */
  reply(data: string | Uint8Array, options?: SendOptions): Promise<number>;
}

/** What `serveDatagrams` takes. */
export interface ServeDatagramsOptions {
  /** Longer datagrams are cut to so many bytes, 1 to 65,536. Default 65,536. */
  maxLength?: number;
  /** So many handlers run at a time; what comes then waits in the kernel, which drops what exceeds SO_RCVBUF. Default 1,000. */
  maxHandlers?: number;
  /** Decides on a datagram before its handler runs; false or an error drops it. Default: all are served. */
  verify?: (datagram: ServedDatagram) => boolean | Promise<boolean>;
  /** Hears what a handler or `verify` threw, and failures of receiving. Default: a warning of the process. */
  onError?: (error: unknown, datagram?: ServedDatagram) => void;
  /** Closes the server, without grace, when it fires. */
  signal?: AbortSignal;
}

/** A running server of datagrams. */
export interface DatagramServer extends AsyncDisposable {
  /** What it is bound to. */
  readonly address: Address;
  /** Handlers that run. */
  readonly handlers: number;
  /** Resolves when the socket is closed, and the handlers are done or were given up. */
  readonly closed: Promise<void>;
  /**
   * Stops receiving, lets handlers finish and reply for up to `grace` milliseconds (default 0), then fires their signal
   * and closes the socket. Resolves when all that notice are done; handlers that go on are not waited for. Calling it
   * again is harmless.
   */
  close(options?: { grace?: number }): Promise<void>;
}

const MAX_LENGTH = 65_536;
const MAX_HANDLERS = 1_000;
/** An ICMP error is of one datagram and passes; a failure that comes so often in a row does not. */
const MAX_FAILURES = 64;

/**
 * Runs the handler for each datagram that arrives on a bound socket, several at a time. A handler that throws loses its
 * own datagram and nothing else. The server owns the socket and closes it. Throws TypeError or RangeError for bad
 * arguments. For many datagrams a second there are `tryReceiveMany` and `trySendMany`.
 */
export function serveDatagrams(
  socket: Socket,
  handler: (datagram: ServedDatagram) => unknown,
  options: ServeDatagramsOptions = {},
): DatagramServer {
  if (!(socket instanceof Socket)) throw typeError("socket", "a bound Socket", socket);
  if (socket.type !== SOCK_DGRAM) throw rangeError("socket", "of SOCK_DGRAM; for connections there is serve", socket);
  checkFunction("handler", handler);
  checkOptions("options", options);
  const { maxLength = MAX_LENGTH, maxHandlers = MAX_HANDLERS, verify, onError = warn, signal } = options;
  checkInteger("maxLength", maxLength, 1, MAX_LENGTH);
  checkInteger("maxHandlers", maxHandlers, 1, 2 ** 31 - 1);
  if (verify !== undefined) checkFunction("verify", verify);
  checkFunction("onError", onError);
  checkSignal(signal);
  const address = socket.getsockname();
  if ("port" in address && address.port === 0) throw rangeError("socket", "bound to a port", socket);

  const report = reporter(onError);
  /** Ends the wait for datagrams; the socket stays open for replies. */
  const stop = new AbortController();
  const giveUp = new AbortController();
  const handlers = new Handlers(maxHandlers);

  async function handle(data: Buffer, from: Address): Promise<void> {
    const datagram: ServedDatagram = {
      data,
      address: from,
      socket,
      signal: giveUp.signal,
      reply: (answer, how) => socket.sendto(answer, from, how),
    };
    try {
      const welcome = verify === undefined || (await verify(datagram));
      if (welcome && !giveUp.signal.aborted) await handler(datagram);
    } catch (error) {
      // What fails because the server gave up is no news.
      if (!giveUp.signal.aborted) report(error, datagram);
    }
    handlers.done();
  }

  async function receiveLoop(): Promise<void> {
    for (let failures = 0; !stop.signal.aborted; ) {
      if (handlers.full) await handlers.room();
      try {
        const { data, address: from } = await socket.recvfrom(maxLength, { signal: stop.signal, timeout: null });
        failures = 0;
        handlers.started();
        void handle(data, from);
      } catch (error) {
        if (error instanceof ClosedError || stop.signal.aborted) return;
        report(error);
        if (++failures === MAX_FAILURES) return;
      }
    }
  }

  const { closed, close } = ending(receiveLoop(), handlers, {
    stop: () => stop.abort(),
    giveUp() {
      giveUp.abort(new AbortError("serveDatagrams", "the server was closed"));
      socket.close();
      // Handlers that notice have this turn for their `finally`; those that do not are not waited for.
      setImmediate(() => handlers.abandon());
    },
    finish: () => socket.close(),
    signal,
  });

  return {
    address,
    get handlers(): number {
      return handlers.size;
    },
    closed,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
