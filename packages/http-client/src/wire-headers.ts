import { InvalidHeader } from "./errors.ts";
import type { Route } from "./pools.ts";
import type { PreparedRequest } from "./prepared-request.ts";

/** The headers of a request that are not simply the session's: checked for what undici decides itself. */
export function wireHeaders(request: PreparedRequest, forward: Route["forward"]): string[] {
  const list: string[] = [];
  let hasHost = false;
  for (const [name, value] of request.peekHeaders()) {
    const lower = name.toLowerCase();
    if (lower === "transfer-encoding" || lower === "upgrade" || lower === "expect" || lower === "keep-alive") {
      throw new InvalidHeader(`header ${name} is set by the connection and cannot be given`, { request });
    }
    if (lower === "connection" && !/\bclose\b/i.test(value)) continue;
    if (lower === "proxy-authorization" && !forward) continue;
    if (lower === "host") hasHost = true;
    list.push(name, value);
  }
  if (forward) {
    if (!hasHost) list.push("Host", request.target.origin.slice(request.target.protocol.length + 2));
    if (forward.authorization && !request.peekHeaders().has("proxy-authorization"))
      list.push("Proxy-Authorization", forward.authorization);
  }
  const length = request.body?.length;
  if (length != null && request.body?.bytes == null && !request.peekHeaders().has("content-length"))
    list.push("Content-Length", String(length));
  return list;
}
