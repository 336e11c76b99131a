import { type Channel, channel } from "node:diagnostics_channel";

// Free while nobody subscribes. What is published prints itself without credentials.

/** `sockeye:http:request`: `{ request }` before each sending, redirects included. */
export const requestChannel: Channel = channel("sockeye:http:request");
/** `sockeye:http:response`: `{ request, response }` after each answer. */
export const responseChannel: Channel = channel("sockeye:http:response");
/** `sockeye:http:error`: `{ request, error }` when a call fails. */
export const errorChannel: Channel = channel("sockeye:http:error");
