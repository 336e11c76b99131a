/** A socket as a `net.Socket`: the way into TLS, HTTP and whatever wants Node's own class. */
import { Socket as NodeSocket } from "node:net";
import { checkOptions } from "../check.ts";
import type { Socket } from "../socket.ts";

/** What `toNodeSocket` takes. */
export interface NodeSocketOptions {
  /** Whether our side stays open when the peer has ended. Default false, as in `node:net`. */
  allowHalfOpen?: boolean;
}

/**
 * Hands the descriptor of a connected TCP or Unix stream socket to a `net.Socket`. The Socket here is closed after it;
 * options that were set on it stay. Bytes that were not read yet are read there.
 */
export function toNodeSocket(socket: Socket, options: NodeSocketOptions = {}): NodeSocket {
  checkOptions("options", options);
  const fd = socket.detach();
  return new NodeSocket({ fd, readable: true, writable: true, allowHalfOpen: options.allowHalfOpen ?? false });
}
