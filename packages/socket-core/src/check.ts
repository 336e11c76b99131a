/** Checks of arguments, before anything happens: what fails names the argument, the value and what was expected. */
import { inspect } from "node:util";
import { UnsupportedError } from "./errors.ts";
import { assertSupported } from "./native.ts";

/** The longest wait, in milliseconds: what a timer of Node.js can hold. */
export const MAX_TIMEOUT = 2 ** 31 - 1;

/** Calls that may wait take these. */
export interface WaitOptions {
  /** Ends the wait with an `AbortError` whose `cause` is the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds before the call ends with a `TimeoutError`; `null` waits for ever. Default: the socket's `timeout`. */
  timeout?: number | null | undefined;
}

/** What `checkWait` looks at; not every call that may wait has flags. */
export interface CallOptions extends WaitOptions {
  flags?: number;
}

function show(value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 60, breakLength: Number.POSITIVE_INFINITY });
}

export function typeError(name: string, expected: string, value: unknown): TypeError {
  return Object.assign(new TypeError(`${name} must be ${expected}, got ${show(value)}`), { code: "ERR_INVALID_ARG" });
}

export function rangeError(name: string, expected: string, value: unknown): RangeError {
  return Object.assign(new RangeError(`${name} must be ${expected}, got ${show(value)}`), { code: "ERR_INVALID_ARG" });
}

export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number") throw typeError(name, `an integer from ${min} to ${max}`, value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw rangeError(name, `an integer from ${min} to ${max}`, value);
  }
  return value;
}

/** A constant of this package: -1 is one that the platform's headers do not have. */
export function checkConstant(name: string, value: unknown): number {
  assertSupported();
  if (value === -1) throw new UnsupportedError(`${name}: ${process.platform} has no such constant`);
  return checkInteger(name, value, 0, 2 ** 31 - 1);
}

export function checkString(name: string, value: unknown): string {
  if (typeof value !== "string") throw typeError(name, "a string", value);
  return value;
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw typeError(name, "a function", value);
}

export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw typeError(name, "a boolean", value);
}

/** `null` or undefined: no limit. */
export function checkTimeout(name: string, value: unknown): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "number") throw typeError(name, "milliseconds or null", value);
  if (!(value >= 0 && value <= MAX_TIMEOUT)) throw rangeError(name, `milliseconds from 0 to ${MAX_TIMEOUT}`, value);
  return value;
}

export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal)) throw typeError("signal", "an AbortSignal", value);
  return value;
}

/** MSG_… flags. */
export function checkFlags(value: unknown): number {
  return checkInteger("flags", value, 0, 2 ** 31 - 1);
}

/** The options of a call that may wait; returns its flags. They are absent on the paths that must be fast. */
export function checkWait(options: CallOptions | undefined): number {
  if (options === undefined) return 0;
  checkOptions("options", options);
  checkSignal(options.signal);
  checkTimeout("timeout", options.timeout);
  return options.flags === undefined ? 0 : checkFlags(options.flags);
}

/** An options object, or nothing. */
export function checkOptions(name: string, value: unknown): void {
  if (value !== undefined && (typeof value !== "object" || value === null)) throw typeError(name, "an object", value);
}

/** What is sent: text goes out as UTF-8. */
export function checkData(name: string, value: unknown): Uint8Array {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  return checkBuffer(name, value);
}

export function checkBuffer(name: string, value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw typeError(name, "a Uint8Array", value);
  return value;
}
