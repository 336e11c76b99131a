const SECRET_HEADERS = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "cookie2",
  "set-cookie",
  "x-api-key",
  "api-key",
  "x-auth-token",
  "x-access-token",
  "x-csrf-token",
  "x-xsrf-token",
  "x-amz-security-token",
  "x-goog-api-key",
  "x-vault-token",
  "private-token",
]);

/**
 * Headers that carry credentials, in lower case. They are dropped when a redirect leaves the origin and are never
 * printed.
 */
export const sensitiveHeaderNames: ReadonlySet<string> = SECRET_HEADERS;

/** What stands in place of a secret in anything printed. */
const REDACTED = "[redacted]";

/** A header's value as it may be printed. */
export function redactHeader(name: string, value: string): string {
  // Location, Referer and Link may hold a URL with credentials.
  return SECRET_HEADERS.has(name.toLowerCase()) ? REDACTED : value.replace(/\/\/[^/?#\s@]*@/g, "//");
}

/** A URL as it may be printed: without user name and password. */
export function redactUrl(url: string): string {
  return url.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)?[^/?#]*@/i, "$1");
}
