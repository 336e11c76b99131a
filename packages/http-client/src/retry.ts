import { invalidArgument } from "./errors.ts";
import { checkNames } from "./option-names.ts";

/** Budgets, conditions and delays of retries; the names and rules are urllib3's. All times are in seconds. */
export interface RetryOptions {
  /** All retries together; the smaller of this and the budget of a kind counts. Default 10. */
  readonly total?: number | false | null;
  /** Retries after a connection that could not be made. Default: only `total` counts. */
  readonly connect?: number | null;
  /** Retries after a connection that broke or stalled once the request was sent. */
  readonly read?: number | null;
  /** Retries because of a status code. */
  readonly status?: number | null;
  /** Retries after any other error. */
  readonly other?: number | null;
  /** Methods that may be sent again after reaching the server; `null` means every method. */
  readonly allowedMethods?: Iterable<string> | null;
  /** Status codes that are retried. Default none. */
  readonly statusForcelist?: Iterable<number>;
  /** The delay before retry n is `backoffFactor * 2 ** (n - 1)`; the first has none. Default 0. */
  readonly backoffFactor?: number;
  /** The longest delay of the back-off. Default 120. */
  readonly backoffMax?: number;
  /** A random addition of up to this to each delay. Default 0. */
  readonly backoffJitter?: number;
  /** Obey Retry-After of 413, 429 and 503. Default true. */
  readonly respectRetryAfterHeader?: boolean;
  /** The longest Retry-After that is obeyed; longer ones are cut. Default 120. */
  readonly retryAfterMax?: number;
  /** Throw RetryError when the budget ends on a status code; false returns that response. Default true. */
  readonly raiseOnStatus?: boolean;
}

/** What happened in one failed attempt. */
export interface RetryHistoryEntry {
  readonly method: string;
  readonly url: string;
  readonly error: Error | null;
  readonly status: number | null;
}

/** The kind of a failure, which decides the budget it is charged to. */
export type FailureKind = "connect" | "read" | "status" | "other";

const IDEMPOTENT = ["DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"];
const NAMES: ReadonlySet<string> = new Set<keyof RetryOptions>([
  "total",
  "connect",
  "read",
  "status",
  "other",
  "allowedMethods",
  "statusForcelist",
  "backoffFactor",
  "backoffMax",
  "backoffJitter",
  "respectRetryAfterHeader",
  "retryAfterMax",
  "raiseOnStatus",
]);
const RETRY_AFTER_STATUS = new Set([413, 429, 503]);

/** An immutable plan of retries; `increment` returns the plan for what remains. */
export class Retry {
  readonly total: number | null;
  readonly connect: number | null;
  readonly read: number | null;
  readonly status: number | null;
  readonly other: number | null;
  readonly allowedMethods: ReadonlySet<string> | null;
  readonly statusForcelist: ReadonlySet<number>;
  readonly backoffFactor: number;
  readonly backoffMax: number;
  readonly backoffJitter: number;
  readonly respectRetryAfterHeader: boolean;
  readonly retryAfterMax: number;
  readonly raiseOnStatus: boolean;
  readonly history: readonly RetryHistoryEntry[];

  constructor(options: RetryOptions | number | false = {}, history: readonly RetryHistoryEntry[] = []) {
    if (typeof options === "object" && options !== null) checkNames(options, NAMES, "retry option");
    else if (typeof options !== "number" && options !== false)
      throw invalidArgument("retry", options, "a Retry, its options or a number");
    const given: RetryOptions = typeof options === "object" ? options : { total: options };
    const own = <K extends keyof RetryOptions>(key: K): RetryOptions[K] =>
      Object.hasOwn(given, key) ? given[key] : undefined;
    const total = own("total");
    this.total = total === false ? 0 : budget("total", total === undefined ? 10 : total);
    this.connect = budget("connect", own("connect"));
    this.read = budget("read", own("read"));
    this.status = budget("status", own("status"));
    this.other = budget("other", own("other"));
    const methods = own("allowedMethods");
    this.allowedMethods = methods === null ? null : new Set([...(methods ?? IDEMPOTENT)].map((m) => m.toUpperCase()));
    this.statusForcelist = new Set(own("statusForcelist") ?? []);
    this.backoffFactor = seconds("backoffFactor", own("backoffFactor") ?? 0);
    this.backoffMax = seconds("backoffMax", own("backoffMax") ?? 120);
    this.backoffJitter = seconds("backoffJitter", own("backoffJitter") ?? 0);
    this.respectRetryAfterHeader = own("respectRetryAfterHeader") ?? true;
    this.retryAfterMax = seconds("retryAfterMax", own("retryAfterMax") ?? 120);
    this.raiseOnStatus = own("raiseOnStatus") ?? true;
    this.history = history;
  }

  /** True when the budget for a failure of this kind is used up. */
  isExhausted(): boolean {
    return [this.total, this.connect, this.read, this.status, this.other].some((left) => left !== null && left < 0);
  }

  /** Whether a request of this method may be sent again once it may have reached the server. */
  isMethodRetryable(method: string): boolean {
    return this.allowedMethods === null || this.allowedMethods.has(method.toUpperCase());
  }

  /** Whether an answer with this status is to be retried. */
  isRetry(method: string, status: number, hasRetryAfter = false): boolean {
    if (!this.isMethodRetryable(method)) return false;
    if (this.statusForcelist.has(status)) return true;
    return (this.total ?? 0) > 0 && this.respectRetryAfterHeader && hasRetryAfter && RETRY_AFTER_STATUS.has(status);
  }

  /** The plan after one more failure. Ask `isExhausted()` before following it. */
  increment(kind: FailureKind, entry: RetryHistoryEntry): Retry {
    const less = (left: number | null): number | null => (left === null ? null : left - 1);
    const { history, ...plan } = this;
    return new Retry(
      {
        ...plan,
        total: less(this.total),
        connect: kind === "connect" ? less(this.connect) : this.connect,
        read: kind === "read" ? less(this.read) : this.read,
        status: kind === "status" ? less(this.status) : this.status,
        other: kind === "other" ? less(this.other) : this.other,
      },
      [...history, entry],
    );
  }

  /** Seconds of back-off before the next attempt; `random` returns a number in [0, 1). */
  backoffTime(random: () => number = Math.random): number {
    const failures = this.history.length;
    if (failures <= 1) return 0;
    const delay = this.backoffFactor * 2 ** (failures - 1) + random() * this.backoffJitter;
    return Math.max(0, Math.min(this.backoffMax, delay));
  }

  /** Seconds before the next attempt: Retry-After if the answer has a valid one that is obeyed, else the back-off. */
  delay(retryAfter: string | null, now: number = Date.now(), random: () => number = Math.random): number {
    if (this.respectRetryAfterHeader && retryAfter !== null) {
      const wanted = parseRetryAfter(retryAfter, now);
      if (wanted !== null) return Math.min(wanted, this.retryAfterMax);
    }
    return this.backoffTime(random);
  }
}

/** Seconds of a Retry-After value (RFC 9110, section 10.2.3): digits, or an HTTP date; null when it is neither. */
export function parseRetryAfter(value: string, now: number): number | null {
  const text = value.trim();
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^[A-Z][a-z]{2,8},? [\dA-Z]/.test(text)) return null;
  const time = Date.parse(/GMT|UTC|[+-]\d{4}$/.test(text) ? text : `${text} GMT`);
  return Number.isNaN(time) ? null : Math.max(0, (time - now) / 1000);
}

function budget(name: string, value: unknown): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" && Number.isInteger(value) && value >= -1) return value;
  throw invalidArgument(`retry.${name}`, value, "an integer of 0 or more, or null");
}

function seconds(name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw invalidArgument(`retry.${name}`, value, "seconds of 0 or more");
}
