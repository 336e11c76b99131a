export { Batch } from "./batch.ts";
export { bind, type ConnectOptions, connect } from "./bind.ts";
export type { Datagram, DatagramError, Outgoing } from "./datagram.ts";
export { Endpoint } from "./endpoint.ts";
export type { EndpointOptions } from "./endpoint-options.ts";
export { Multicast } from "./multicast-options.ts";
export type { Statistics } from "./statistics.ts";
