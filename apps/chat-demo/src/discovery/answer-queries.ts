/** Tells whoever looks for chats on the local network that there is one here. */
import { networkInterfaces } from "node:os";
import { ClosedError, SocketError } from "@sockeye/socket-core";
import { bind, type Endpoint } from "@sockeye/udp";
import {
  BEACON_GROUP,
  BEACON_PORT,
  type Beacon,
  formatBeacon,
  MAX_BEACON_SIZE,
  parseQuery,
} from "../protocol/beacon.ts";
import { Pace } from "../transports/pace.ts";

/** Answers a second, whoever asks; what is asked beyond that is asked again. */
const MAX_RATE = 20;

/**
 * Answers queries with what `beacon` says at the time. Resolves with a function that stops it, or with undefined where
 * there is no multicast.
 */
export async function answerQueries(beacon: () => Beacon): Promise<(() => Promise<void>) | undefined> {
  let endpoint: Endpoint;
  try {
    // Several servers of one machine share the port, and each gets every query.
    endpoint = await bind(
      { address: BEACON_GROUP, port: BEACON_PORT },
      { reuseAddress: true, maxDatagramSize: MAX_BEACON_SIZE },
    );
  } catch (error) {
    if (error instanceof SocketError) return undefined;
    throw error;
  }
  if (joinEverywhere(endpoint) === 0) {
    await endpoint.close();
    return undefined;
  }
  const answering = answer(endpoint, beacon);
  return async () => {
    await endpoint.close();
    await answering;
  };
}

/** A group is joined on each interface by itself. Returns on how many. */
function joinEverywhere(endpoint: Endpoint): number {
  let joined = 0;
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (!addresses?.some(({ family }) => family === "IPv4")) continue;
    try {
      endpoint.multicast.join(BEACON_GROUP, name);
      joined++;
    } catch (error) {
      // One without multicast.
      if (!(error instanceof SocketError)) throw error;
    }
  }
  return joined;
}

async function answer(endpoint: Endpoint, beacon: () => Beacon): Promise<void> {
  const pace = new Pace(MAX_RATE, MAX_RATE);
  try {
    for await (const { data, from, truncated } of endpoint) {
      const nonce = truncated ? undefined : parseQuery(data.toString());
      if (nonce === undefined || pace.peek(performance.now()) > 0) continue;
      pace.take(1, performance.now());
      // Who asked and went away meanwhile needs no answer.
      endpoint.send(formatBeacon(nonce, beacon()), from).catch(() => {});
    }
  } catch (error) {
    if (!(error instanceof ClosedError)) throw error;
  }
}
