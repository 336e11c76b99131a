import { invalidArgument } from "./errors.ts";
import { checkNames } from "./option-names.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import type { Response } from "./response.ts";
import type { Retry } from "./retry.ts";

/** Functions that are called at fixed points of a call; each may be one or several. */
export interface Hooks {
  /** Before each sending, credentials and cookies in place; may change the request. */
  readonly request?: Hook<(request: PreparedRequest) => void | Promise<void>>;
  /** After each answer, redirects included; a Response that is returned takes its place. */
  readonly response?: Hook<(response: Response) => HookResult<Response>>;
  /** Before a redirect is followed; may change the next request. */
  readonly redirect?: Hook<(next: PreparedRequest, response: Response) => void | Promise<void>>;
  /** Before a retry; `delay` is in seconds. */
  readonly retry?: Hook<(retry: Retry, delay: number) => void | Promise<void>>;
  /** When the call fails; an Error that is returned is thrown instead. */
  readonly error?: Hook<(error: Error) => HookResult<Error>>;
}

/** What a function may return to replace something; nothing leaves it as it is. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is meant too.
export type HookResult<T> = T | void | Promise<T | void>;

/** One function, or several that are called in order. */
export type Hook<F> = F | readonly F[];

/** Hooks as lists, the session's before the call's. */
export interface HookLists {
  readonly request: readonly ((request: PreparedRequest) => void | Promise<void>)[];
  readonly response: readonly ((response: Response) => HookResult<Response>)[];
  readonly redirect: readonly ((next: PreparedRequest, response: Response) => void | Promise<void>)[];
  readonly retry: readonly ((retry: Retry, delay: number) => void | Promise<void>)[];
  readonly error: readonly ((error: Error) => HookResult<Error>)[];
}

const NAMES = ["request", "response", "redirect", "retry", "error"] as const;
const NAME_SET: ReadonlySet<string> = new Set(NAMES);

/** No hooks. */
export const NO_HOOKS: HookLists = Object.freeze({ request: [], response: [], redirect: [], retry: [], error: [] });

/** The session's hooks, then the call's. */
export function mergeHooks(base: HookLists, hooks: Hooks | undefined): HookLists {
  if (hooks === undefined) return base;
  const own = hooks as Record<string, unknown>;
  checkNames(own, NAME_SET, "hook");
  const list = (name: (typeof NAMES)[number]): never[] => {
    const value = Object.hasOwn(own, name) ? own[name] : undefined;
    const functions = value === undefined ? [] : Array.isArray(value) ? value : [value];
    for (const item of functions)
      if (typeof item !== "function") throw invalidArgument(`hooks.${name}`, item, "a function");
    return [...base[name], ...functions] as never[];
  };
  return {
    request: list("request"),
    response: list("response"),
    redirect: list("redirect"),
    retry: list("retry"),
    error: list("error"),
  };
}
