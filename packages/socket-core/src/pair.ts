/** Two sockets that are connected to each other. */
import { checkConstant, checkInteger } from "./check.ts";
import { AF_UNIX, SOCK_STREAM } from "./constants.ts";
import { systemError } from "./errors.ts";
import { native } from "./native.ts";
import { Socket } from "./socket.ts";

const pair = new Int32Array(2);

/**
 * socketpair(2). Defaults: `AF_UNIX`, `SOCK_STREAM`, protocol 0. Throws SocketError, for example ENOTSUP for a family
 * that has no pairs.
 */
export function socketpair(family: number = AF_UNIX, type: number = SOCK_STREAM, protocol = 0): [Socket, Socket] {
  checkConstant("family", family);
  checkConstant("type", type);
  checkInteger("protocol", protocol, 0, 65535);
  const status = native.socketpair(family, type, protocol, pair);
  if (status < 0) throw systemError("socketpair", status);
  return [Socket.adopt(pair[0]!, family, type, protocol, true), Socket.adopt(pair[1]!, family, type, protocol, true)];
}
