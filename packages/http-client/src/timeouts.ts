import { invalidArgument } from "./errors.ts";
import { checkNames } from "./option-names.ts";

/** Limits in milliseconds; `0` or `Infinity` means no limit. */
export interface TimeoutOptions {
  /** Until the connection, with proxy and TLS, stands. Default 10 000. */
  readonly connect?: number | undefined;
  /** Between two signs of life while reading the head and the body. Default 60 000. */
  readonly read?: number | undefined;
  /** The whole call: redirects, retries and back-off. Default none. */
  readonly total?: number | undefined;
}

/** A number is `connect` and `read`; a pair is `[connect, read]`; `false` is no limit at all. */
export type TimeoutOption = number | readonly [connect: number, read: number] | TimeoutOptions | false;

/** Limits in milliseconds, complete; 0 is no limit. */
export interface Timeouts {
  readonly connect: number;
  readonly read: number;
  readonly total: number;
}

/** In force when nothing is said. Python's requests has none, its most regretted default. */
export const DEFAULT_TIMEOUTS: Timeouts = Object.freeze({ connect: 10_000, read: 60_000, total: 0 });

const NAMES: ReadonlySet<string> = new Set<keyof Timeouts>(["connect", "read", "total"]);
const MAX_TIMER = 2 ** 31 - 1;

/** Completes a `timeout` option from what was in force before. */
export function resolveTimeouts(option: TimeoutOption | undefined, base: Timeouts = DEFAULT_TIMEOUTS): Timeouts {
  if (option === undefined) return base;
  if (option === false) return { connect: 0, read: 0, total: 0 };
  if (typeof option === "number") {
    return { connect: check("timeout", option), read: check("timeout", option), total: base.total };
  }
  if (Array.isArray(option)) {
    if (option.length !== 2) throw invalidArgument("timeout", option, "a pair [connect, read]");
    return { connect: check("timeout[0]", option[0]), read: check("timeout[1]", option[1]), total: base.total };
  }
  if (typeof option !== "object" || option === null) {
    throw invalidArgument("timeout", option, "milliseconds, [connect, read], { connect, read, total } or false");
  }
  checkNames(option, NAMES, "timeout");
  const own = option as TimeoutOptions;
  const pick = (key: keyof Timeouts): number =>
    Object.hasOwn(own, key) && own[key] !== undefined ? check(`timeout.${key}`, own[key]) : base[key];
  return { connect: pick("connect"), read: pick("read"), total: pick("total") };
}

function check(name: string, value: unknown): number {
  if (value === Number.POSITIVE_INFINITY) return 0;
  if (typeof value !== "number" || !(value >= 0) || value > MAX_TIMER) {
    throw invalidArgument(name, value, `milliseconds from 0 to ${MAX_TIMER}, or Infinity`);
  }
  return value;
}
