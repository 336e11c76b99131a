/** `chat find`: asks the local network which servers there are. */
import { randomUUID } from "node:crypto";
import { networkInterfaces } from "node:os";
import { SocketError, TimeoutError } from "@sockeye/socket-core";
import { bind, type Endpoint } from "@sockeye/udp";
import { fail } from "../cli/fail.ts";
import { DEFAULT_PORT } from "../cli/place.ts";
import {
  BEACON_GROUP,
  BEACON_PORT,
  type Beacon,
  formatQuery,
  MAX_BEACON_SIZE,
  parseBeacon,
} from "../protocol/beacon.ts";

/** Answers are waited for so many milliseconds. */
const WAIT = 1_000;
/** A datagram may be lost: the question is asked so many times within that. */
const QUESTIONS = 3;
/** More servers than these are not listed. */
const MAX_FOUND = 256;

export interface FindOptions {
  /** Milliseconds to wait for answers. Default 1,000. */
  wait?: number | undefined;
}

/** A server and the address it answered from. */
interface Found extends Beacon {
  readonly host: string;
}

/** Lists the servers on the network, with what joins them. */
export async function find({ wait = WAIT }: FindOptions = {}): Promise<void> {
  let found: Found[];
  try {
    found = await search(wait);
  } catch (error) {
    fail(error instanceof SocketError ? `The network cannot be searched: ${error.message}` : undefined, error);
    return;
  }
  if (found.length === 0) {
    console.log("No chat answers on this network. Start one that others can reach with: npm start -- --host 0.0.0.0");
    process.exitCode = 1;
    return;
  }
  for (const server of found) console.log(describe(server));
}

async function search(wait: number): Promise<Found[]> {
  const endpoint = await bind({ address: "0.0.0.0", port: 0 }, { maxDatagramSize: MAX_BEACON_SIZE });
  const nonce = randomUUID();
  const servers = new Map<string, Found>();
  let asked = 0;
  const ask = (): void => {
    if (asked++ < QUESTIONS) void askEverywhere(endpoint, formatQuery(nonce));
  };
  ask();
  const repeat = setInterval(ask, wait / QUESTIONS);
  const until = performance.now() + wait;
  try {
    for (let left = wait; left > 0 && servers.size < MAX_FOUND; left = until - performance.now()) {
      const { data, from, truncated } = await endpoint.receive({ timeout: left });
      const beacon = truncated ? undefined : parseBeacon(data.toString(), nonce);
      if (beacon === undefined || !("address" in from)) continue;
      servers.set(`${from.address}:${beacon.port}`, { ...beacon, host: from.address });
    }
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  } finally {
    clearInterval(repeat);
    await endpoint.close();
  }
  return [...servers.values()].sort((a, b) => a.name.localeCompare(b.name) || a.host.localeCompare(b.host));
}

/** A multicast leaves on one interface only, so there is one for each. */
async function askEverywhere(endpoint: Endpoint, query: string): Promise<void> {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (!addresses?.some(({ family }) => family === "IPv4")) continue;
    try {
      endpoint.multicast.setInterface(name);
      await endpoint.send(query, { address: BEACON_GROUP, port: BEACON_PORT });
    } catch (error) {
      // An interface that is going down, or without multicast, has no servers to be found.
      if (!(error instanceof SocketError)) throw error;
    }
  }
}

/** `kitchen   2 people, password   npm run chat -- --host 192.0.2.1` */
function describe({ name, host, port, webPort, tls, password, people }: Found): string {
  const facts = [people === 1 ? "1 person" : `${people} people`, tls && "TLS", password && "password"].filter(Boolean);
  const flags = [`--host ${host}`, port !== DEFAULT_PORT && `--port ${port}`, tls && "--tls"].filter(Boolean);
  const page = webPort === undefined ? "" : `\n  http${tls ? "s" : ""}://${host}:${webPort}/`;
  return `${name} (${facts.join(", ")})\n  npm run chat -- ${flags.join(" ")}${page}`;
}
