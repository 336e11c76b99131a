/** Who may look: whoever has the token, from a page that this server served. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/** 192 bits, in letters that a path may hold. */
export function createToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Compares in a time that does not tell how much is right. */
export function sameToken(given: string, token: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(token);
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Whether a Host header names this server as people do: by address, as localhost, or as the server was told. Any other
 * name is a page's that had its own name resolve to this machine (DNS rebinding).
 */
export function isOwnHost(header: string | undefined, host: string): boolean {
  if (header === undefined) return false;
  const name = header
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  return name === "localhost" || name === host.toLowerCase() || isIP(name) !== 0;
}

/** Whether a WebSocket is opened by a page of this very server. Programs that are no browser send no Origin. */
export function isOwnOrigin(origin: string | undefined, hostHeader: string | undefined): boolean {
  return origin === undefined || (hostHeader !== undefined && origin === `http://${hostHeader}`);
}

/** Splits `/<token>/rest`; undefined when the path has another form. */
export function splitPath(url: string | undefined): { token: string; rest: string } | undefined {
  const [, token, rest] = /^\/([^/?]{1,100})\/([^?]{0,100})(?:\?.*)?$/.exec(url ?? "") ?? [];
  return token === undefined || rest === undefined ? undefined : { token, rest };
}
