/** Keeps a session connected: connects, waits, connects again. The transport is the caller's. */
import { parseServerFrame } from "../protocol/frames.ts";
import { Session, type SessionOptions } from "./session.ts";

/** One connection. Both calls are harmless once it has ended. */
export interface Transport {
  send(text: string): void;
  /** Ends it; `closed` need not be called any more. */
  close(): void;
}

/** What a transport tells. After `closed` it says nothing more. */
export interface TransportEvents {
  opened(): void;
  /** A whole frame. */
  received(text: string): void;
  /** Why, when that is known. */
  closed(error?: unknown): void;
}

export interface ConnectorOptions extends Omit<SessionOptions, "send" | "now" | "random" | "makeKey"> {
  readonly connect: (events: TransportEvents) => Transport;
  /** A connection ended, or could not be made. */
  readonly failed?: (error: unknown) => void;
  /** What arrived is none of the chat's frames. */
  readonly stranger?: (problem: string) => void;
}

export interface Connector {
  readonly session: Session;
  /** Connects for the first time. */
  start(): void;
  /** Connects now instead of waiting, unless the server has told to wait; and again after its goodbye. */
  retry(): void;
  /** The network or the machine may have been away: connects now, or sees whether the connection still holds. */
  wake(): void;
  /** Ends the connection and all timers. */
  stop(): void;
}

const TICK = 1_000;

/** A session that is kept connected, from `start` until it is over. */
export function keepConnected({ connect, failed, stranger, changed, ...options }: ConnectorOptions): Connector {
  let transport: Transport | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ticker: ReturnType<typeof setInterval> | undefined;
  let stopped = false;

  const session = new Session({
    ...options,
    now: () => Date.now(),
    random: () => Math.random(),
    makeKey,
    send: (frame) => transport?.send(JSON.stringify(frame)),
    changed(change) {
      changed(change);
      if (change.type !== "link") return;
      if (session.link.state === "over") stop();
      else if (session.link.state === "waiting") {
        drop();
        clearTimeout(timer);
        timer = setTimeout(open, Math.max(0, session.link.until - Date.now()));
      }
    },
  });

  function open(): void {
    clearTimeout(timer);
    if (stopped) return;
    ticker ??= setInterval(tick, TICK);
    session.connecting();
    const mine = connect({
      opened: () => transport === mine && session.opened(),
      received(text) {
        if (transport !== mine) return;
        const result = parseServerFrame(text);
        if ("frame" in result) session.received(result.frame);
        else stranger?.(result.problem);
      },
      closed(error) {
        if (transport === mine) lost(error);
      },
    });
    transport = mine;
  }

  function lost(error: unknown): void {
    transport = undefined;
    failed?.(error);
    if (!stopped) session.closed();
  }

  function stop(): void {
    stopped = true;
    clearTimeout(timer);
    clearInterval(ticker);
    ticker = undefined;
    drop();
  }

  function drop(): void {
    transport?.close();
    transport = undefined;
  }

  function tick(): void {
    if (session.tick() === "alive") return;
    drop();
    lost(undefined);
  }

  function retry(): void {
    const { link } = session;
    const isOver = link.state === "over" && link.why === "goodbye";
    if (isOver) stopped = false;
    if (isOver || (link.state === "waiting" && link.reason === undefined)) open();
  }

  function wake(): void {
    if (session.link.state === "waiting") retry();
    else session.doubt();
  }

  return { session, start: open, retry, wake, stop };
}

/** `crypto.randomUUID` is missing on pages that came over plain HTTP from another machine; random bytes are not. */
function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
