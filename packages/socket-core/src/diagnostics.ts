/**
 * Channels of `node:diagnostics_channel`, for tracing. Nobody listening costs one comparison.
 *
 * | channel | message |
 * | --- | --- |
 * | `sockeye.socket.connect` | `{ socket, address }` when a connection stands |
 * | `sockeye.socket.accept` | `{ socket, listener, address }` |
 * | `sockeye.socket.close` | `{ socket }` |
 * | `sockeye.socket.error` | `{ error }`, each error that the kernel reported to a waiting call |
 */
import { type Channel, channel } from "node:diagnostics_channel";

export const onConnect: Channel = channel("sockeye.socket.connect");
export const onAccept: Channel = channel("sockeye.socket.accept");
export const onClose: Channel = channel("sockeye.socket.close");
export const onError: Channel = channel("sockeye.socket.error");
