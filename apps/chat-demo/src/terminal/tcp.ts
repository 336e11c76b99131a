/** The terminal client's connection: frames as JSON lines over TCP, or over TLS. */
import { type Connection, type OpenOptions, openConnection } from "@sockeye/async-streams";
import type { Transport, TransportEvents } from "../session/connector.ts";

export const CONNECT_TIMEOUT = 10_000;
/** How long the goodbye may take, in milliseconds. */
const CLOSE_TIMEOUT = 1_000;
/** The longest frame that is read, in bytes; the server's are far shorter. */
const MAX_FRAME = 256 * 1024;

export interface TcpPlace {
  readonly host: string;
  readonly port: number;
  readonly tls?: OpenOptions["tls"] | undefined;
}

/** Connects. What goes wrong is told to `closed`. */
export function connectTcp({ host, port, tls }: TcpPlace, events: TransportEvents): Transport {
  const canceller = new AbortController();
  let connection: Connection | undefined;

  async function run(): Promise<void> {
    connection = await openConnection(
      { host, port },
      {
        timeout: CONNECT_TIMEOUT,
        limit: MAX_FRAME,
        signal: canceller.signal,
        ...(tls !== undefined && { tls }),
      },
    );
    events.opened();
    for await (const line of connection.reader) {
      if (canceller.signal.aborted) return;
      events.received(line);
    }
  }

  async function serve(): Promise<void> {
    let error: unknown;
    try {
      await run();
    } catch (reason) {
      error = reason;
    }
    if (!canceller.signal.aborted) events.closed(error);
    await connection?.close({ timeout: CLOSE_TIMEOUT }).catch(() => {});
  }

  void serve();
  return {
    // That a write fails is heard where the lines are read.
    send: (text) => void connection?.writer.write(`${text}\n`),
    close() {
      canceller.abort();
      connection?.close({ timeout: CLOSE_TIMEOUT }).catch(() => {});
    },
  };
}
