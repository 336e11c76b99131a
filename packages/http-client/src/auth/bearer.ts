import { InvalidHeader, invalidArgument } from "../errors.ts";
import type { Auth } from "./auth.ts";

/** A bearer token (RFC 6750), or a function that is asked for one before each request. */
export function bearer(token: string | (() => string | Promise<string>)): Auth {
  if (typeof token !== "string" && typeof token !== "function")
    throw invalidArgument("token", token, "a string or a function");
  if (typeof token === "string") {
    const value = header(token);
    return { onRequest: (request) => request.headers.set("Authorization", value) };
  }
  return {
    async onRequest(request) {
      request.headers.set("Authorization", header(await token()));
    },
  };
}

function header(token: string): string {
  if (/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) return `Bearer ${token}`;
  throw new InvalidHeader("a bearer token must be RFC 6750 b64token characters");
}
