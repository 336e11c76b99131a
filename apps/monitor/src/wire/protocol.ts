/**
 * What the server and the page say to each other over a WebSocket: JSON texts both ways, and captured packets from the
 * server as binary messages, each a whole pcapng file of its own.
 */

/** Longest text that the server takes from a page. */
export const MAX_REQUEST = 16_384;
/** Longest filter expression. */
export const MAX_FILTER = 4000;
/** Longest name of an interface that is asked for (IFNAMSIZ is 16). */
const MAX_INTERFACE = 64;
/** Bytes that can be captured of a packet: what libpcap takes for "all". */
export const MAX_SNAPLEN = 262_144;
/** Least bytes: the headers up to TCP. */
export const MIN_SNAPLEN = 64;

/** From the page. */
export type ClientMessage =
  | {
      readonly type: "start";
      readonly interface: string;
      readonly filter: string;
      readonly snaplen: number;
      readonly promiscuous: boolean;
    }
  | { readonly type: "filter"; readonly filter: string }
  | { readonly type: "stop" }
  /** So many bytes of packets have arrived and are kept: room for others. */
  | { readonly type: "taken"; readonly bytes: number };

/** An interface that can be chosen. */
export interface InterfaceInfo {
  readonly name: string;
  readonly up: boolean;
  readonly addresses: readonly string[];
}

/** From the server. */
export type ServerMessage =
  | {
      readonly type: "hello";
      readonly interfaces: readonly InterfaceInfo[];
      /** What the server was started with. */
      readonly interface: string;
      readonly snaplen: number;
      /** Why there can be no capture, and what to do; empty when there can. */
      readonly problem: string;
    }
  | { readonly type: "started"; readonly interface: string; readonly snaplen: number; readonly filter: string }
  | { readonly type: "filtered"; readonly filter: string }
  | {
      readonly type: "counts";
      /** Packets that the filter let through, dropped by the kernel, and dropped because the page is slow. */
      readonly received: number;
      readonly kernelDropped: number;
      readonly queueDropped: number;
      /** Bytes that wait for the page. */
      readonly waiting: number;
    }
  | {
      readonly type: "problem";
      readonly about: "capture" | "filter" | "message";
      readonly message: string;
      readonly column?: number;
    }
  | { readonly type: "stopped" };

/** A message that is not of the protocol. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Reads what a page says. Throws a `ProtocolError` that names what is wrong. */
export function parseClientMessage(text: string): ClientMessage {
  if (text.length > MAX_REQUEST)
    throw new ProtocolError(`A message of ${text.length} characters; at most ${MAX_REQUEST}`);
  const message = parseObject(text);
  switch (message.type) {
    case "start":
      return {
        type: "start",
        interface: textOf(message, "interface", MAX_INTERFACE),
        filter: textOf(message, "filter", MAX_FILTER),
        snaplen: integerOf(message, "snaplen", MIN_SNAPLEN, MAX_SNAPLEN),
        promiscuous: message.promiscuous === true,
      };
    case "filter":
      return { type: "filter", filter: textOf(message, "filter", MAX_FILTER) };
    case "stop":
      return { type: "stop" };
    case "taken":
      return { type: "taken", bytes: integerOf(message, "bytes", 0, Number.MAX_SAFE_INTEGER) };
    default:
      throw new ProtocolError(`A message of type ${show(message.type)}`);
  }
}

/** Reads what the server says. The page trusts where it came from, and checks only that it is one of ours. */
export function parseServerMessage(text: string): ServerMessage {
  const message = parseObject(text);
  const known = ["hello", "started", "filtered", "counts", "problem", "stopped"];
  if (!known.includes(message.type as string)) throw new ProtocolError(`A message of type ${show(message.type)}`);
  return message as unknown as ServerMessage;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError("A message that is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ProtocolError("A message that is no object");
  return value as Readonly<Record<string, unknown>>;
}

function textOf(message: Readonly<Record<string, unknown>>, name: string, most: number): string {
  const value = message[name];
  if (typeof value === "string" && value.length <= most) return value;
  throw new ProtocolError(`${name}: expected a text of at most ${most} characters, got ${show(value)}`);
}

function integerOf(message: Readonly<Record<string, unknown>>, name: string, least: number, most: number): number {
  const value = message[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ProtocolError(`${name}: expected a whole number from ${least} to ${most}, got ${show(value)}`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
