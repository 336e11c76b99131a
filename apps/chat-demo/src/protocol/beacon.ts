/**
 * How servers on the local network are found, without I/O: whoever looks sends a query to a multicast group, and each
 * server answers to the address that it came from. Both are one datagram of JSON.
 */
import { checkName } from "./name.ts";

/** In the block for organizations' own use (RFC 2365); routers do not pass it on with a TTL of 1. */
export const BEACON_GROUP = "239.192.83.75";
export const BEACON_PORT = 12347;
/** The longest datagram, in bytes; longer ones are nobody's of ours. */
export const MAX_BEACON_SIZE = 512;

const VERSION = 1;
/** Chosen by who asks, so that an answer is one to this query. */
const noncePattern = /^[\w-]{8,64}$/;

/** What a server tells of itself. Its address is the one that the answer comes from. */
export interface Beacon {
  /** Of the machine, or what `--name` says. */
  readonly name: string;
  readonly port: number;
  /** Undefined without a page. */
  readonly webPort: number | undefined;
  readonly tls: boolean;
  readonly password: boolean;
  readonly people: number;
}

export function formatQuery(nonce: string): string {
  return JSON.stringify({ sockeyeChat: VERSION, query: nonce });
}

/** The nonce of a query; undefined when it is none. Never throws. */
export function parseQuery(text: string): string | undefined {
  const { sockeyeChat, query } = fieldsOf(text);
  return sockeyeChat === VERSION && typeof query === "string" && noncePattern.test(query) ? query : undefined;
}

export function formatBeacon(nonce: string, { name, port, webPort, tls, password, people }: Beacon): string {
  return JSON.stringify({ sockeyeChat: VERSION, answer: nonce, name, port, webPort, tls, password, people });
}

/** An answer to the query with this nonce; undefined when it is none. Never throws. */
export function parseBeacon(text: string, nonce: string): Beacon | undefined {
  const { sockeyeChat, answer, name, port, webPort, tls, password, people } = fieldsOf(text);
  if (sockeyeChat !== VERSION || answer !== nonce) return undefined;
  if (typeof name !== "string" || !isPort(port) || !(webPort === undefined || isPort(webPort))) return undefined;
  if (typeof tls !== "boolean" || typeof password !== "boolean") return undefined;
  if (!Number.isSafeInteger(people) || (people as number) < 0) return undefined;
  const checked = checkName(name);
  if ("problem" in checked) return undefined;
  return { name: checked.name, port, webPort, tls, password, people: people as number };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_BEACON_SIZE) return {};
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function isPort(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}
