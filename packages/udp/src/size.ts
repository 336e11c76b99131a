/** EMSGSIZE of send(2), made clear. */
import { AF_INET, AF_INET6, SocketError, type SocketErrorDetails } from "@sockeye/socket-core";
import { MAX_PAYLOAD_IPV4, MAX_PAYLOAD_IPV6 } from "./segmentation.ts";

const count = new Intl.NumberFormat("en");

function limit(family: number, length: number): string {
  const most = family === AF_INET ? MAX_PAYLOAD_IPV4 : MAX_PAYLOAD_IPV6;
  if (family !== AF_INET && family !== AF_INET6) return "the send buffer must hold it whole";
  // Between the two it depends on the path, or on an IPv4 peer of an IPv6 socket.
  return length > most
    ? `${family === AF_INET ? "IPv4" : "IPv6"} takes ${count.format(most)} at most`
    : `the path takes less and fragments are not allowed, or an IPv4 peer takes ${count.format(MAX_PAYLOAD_IPV4)} at most`;
}

/** The same error with the datagram's size and the limit in its message; other errors as they are. */
export function explainSize(error: unknown, family: number, length: number): unknown {
  if (!(error instanceof SocketError) || error.code !== "EMSGSIZE") return error;
  const details: SocketErrorDetails = { code: error.code, cause: error };
  for (const name of ["errno", "syscall", "address", "port"] as const) {
    if (error[name] !== undefined) Object.assign(details, { [name]: error[name] });
  }
  const message = `${error.syscall} EMSGSIZE: a datagram of ${count.format(length)} bytes is too long: ${limit(family, length)}`;
  return new SocketError(message, details);
}
