import { invalidArgument } from "../errors.ts";
import type { HookResult } from "../hooks.ts";
import type { PreparedRequest } from "../prepared-request.ts";
import type { Response } from "../response.ts";
import { basic } from "./basic.ts";

/** Puts credentials on requests, and may answer a challenge. */
export interface Auth {
  /** Called for every request of the call, before it is sent; may set headers. */
  onRequest?(request: PreparedRequest): void | Promise<void>;
  /**
   * Called with an answer whose body is read; a request that it returns is sent instead, after
   * `onRequest`, once per call and origin.
   */
  onResponse?(response: Response, request: PreparedRequest): HookResult<PreparedRequest>;
}

/** What is accepted as `auth`: an Auth, a function that changes the request, `[user, password]`, or null for none. */
export type AuthOption =
  | Auth
  | ((request: PreparedRequest) => void | Promise<void>)
  | readonly [username: string, password: string]
  | null;

/** Makes an Auth of what was given. */
export function resolveAuth(option: AuthOption | undefined): Auth | null {
  if (option == null) return null;
  if (typeof option === "function") return { onRequest: option };
  if (Array.isArray(option)) {
    if (option.length !== 2) throw invalidArgument("auth", option, "[username, password]");
    return basic(option[0], option[1]);
  }
  if (typeof option === "object" && ("onRequest" in option || "onResponse" in option)) return option as Auth;
  throw invalidArgument("auth", option, "basic(), digest(), bearer(), [user, password], a function, or an Auth");
}
