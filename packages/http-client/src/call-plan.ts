import type { SendOptions } from "./adapter.ts";
import { type Auth, resolveAuth } from "./auth/auth.ts";
import { type HookLists, mergeHooks, NO_HOOKS } from "./hooks.ts";
import type { CommonOptions, RequestOptions } from "./options.ts";
import { Retry } from "./retry.ts";
import { resolveTimeouts } from "./timeouts.ts";

/** Everything that a call goes by besides its request; one object is shared by all calls without options. */
export interface CallPlan {
  readonly send: SendOptions;
  /** Undefined: nothing was said; null: no credentials, not even the URL's. */
  readonly auth: Auth | null | undefined;
  readonly hooks: HookLists;
  /** Undefined: depends on the method. */
  readonly allowRedirects: boolean | undefined;
  readonly maxRedirects: number;
  readonly allowDowngrade: boolean;
  readonly throwHttpErrors: boolean;
  readonly sensitiveHeaders: ReadonlySet<string>;
}

const DEFAULT_MAX_REDIRECTS = 30;
const DEFAULT_MAX_RESPONSE_BYTES = 104_857_600;

/** Merges a call's options over a plan; `base` null makes a session's plan. */
export function makePlan(
  base: CallPlan | null,
  own: CommonOptions & Pick<RequestOptions, "signal" | "dispatcher">,
  stream: boolean,
  cached: boolean,
): CallPlan {
  const before = base?.send;
  const hooks = mergeHooks(base?.hooks ?? NO_HOOKS, own.hooks);
  const maxResponseBytes = own.maxResponseBytes ?? before?.maxResponseBytes;
  return {
    send: {
      stream,
      timeouts: resolveTimeouts(own.timeout, before?.timeouts),
      retry:
        own.retry === undefined
          ? (before?.retry ?? null)
          : own.retry instanceof Retry
            ? own.retry
            : new Retry(own.retry),
      proxies: own.proxies ?? before?.proxies,
      verify: own.verify ?? before?.verify,
      cert: own.cert ?? before?.cert,
      http2: own.http2 ?? before?.http2 ?? false,
      maxResponseBytes: maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
      limitStream:
        maxResponseBytes !== undefined && (own.maxResponseBytes !== undefined || before?.limitStream === true),
      followRedirects: own.allowRedirects ?? base?.allowRedirects ?? true,
      cached,
      dispatcher: base === null ? undefined : own.dispatcher,
      signal: own.signal ?? null,
      onUploadProgress: own.onUploadProgress ?? before?.onUploadProgress ?? null,
      onDownloadProgress: own.onDownloadProgress ?? before?.onDownloadProgress ?? null,
      onRetry:
        hooks.retry.length === 0
          ? null
          : async (retry, delay) => {
              for (const hook of hooks.retry) await hook(retry, delay);
            },
    },
    auth: own.auth === undefined ? base?.auth : resolveAuth(own.auth),
    hooks,
    allowRedirects: own.allowRedirects ?? base?.allowRedirects,
    maxRedirects: own.maxRedirects ?? base?.maxRedirects ?? DEFAULT_MAX_REDIRECTS,
    allowDowngrade: own.allowDowngrade ?? base?.allowDowngrade ?? true,
    throwHttpErrors: own.throwHttpErrors ?? base?.throwHttpErrors ?? false,
    sensitiveHeaders: new Set([
      ...(base?.sensitiveHeaders ?? []),
      ...(own.sensitiveHeaders ?? []).map((name) => name.toLowerCase()),
    ]),
  };
}
