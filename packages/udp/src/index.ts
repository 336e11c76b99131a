export { Batch } from "./batch.ts";
export { bind, connect, type EndpointOptions } from "./bind.ts";
export { type Datagram, type DatagramError, Endpoint, type Outgoing } from "./endpoint.ts";
export { Multicast } from "./multicast-options.ts";
export type { Statistics } from "./statistics.ts";
