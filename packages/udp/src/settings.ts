/** How an endpoint is made; `bind` and `connect` decide it. */
import { SocketError } from "@sockeye/socket-core";

export interface EndpointSettings {
  batchSize: number;
  maxDatagramSize: number;
  maxQueuedSends: number;
  segmentation: boolean;
  coalescing: boolean;
  /** Datagrams bring ancillary data to describe. */
  metadata: boolean;
  errorQueue: boolean;
  connected: boolean;
}

/**
 * With the error queue on, an ICMP error about one peer fails the next system call, whichever peer that is for. An
 * endpoint without a peer of its own leaves it to `errors()` and tries again.
 */
export function hearsOfOthers({ errorQueue, connected }: EndpointSettings): boolean {
  return errorQueue && !connected;
}

/** Whether the error may be such a one. */
export function isAnothers(error: unknown, settings: EndpointSettings): boolean {
  return hearsOfOthers(settings) && error instanceof SocketError && error.errno !== undefined;
}
