import { InvalidHeader, invalidArgument } from "../errors.ts";
import type { Auth } from "./auth.ts";

/** The value of an Authorization header for the Basic scheme (RFC 7617), in UTF-8. */
export function basicCredentials(username: string, password: string): string {
  if (typeof username !== "string") throw invalidArgument("username", username, "a string");
  if (typeof password !== "string") throw invalidArgument("password", password, "a string");
  if (username.includes(":")) throw new InvalidHeader("a user name of Basic authentication must not contain a colon");
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

/** Basic authentication (RFC 7617) on every request. */
export function basic(username: string, password: string): Auth {
  const value = basicCredentials(username, password);
  return { onRequest: (request) => request.headers.set("Authorization", value) };
}
