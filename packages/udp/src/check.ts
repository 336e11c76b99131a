/** Checks of arguments: what fails names the argument, the value and what was expected. */
import { inspect } from "node:util";

function message(name: string, expected: string, value: unknown): string {
  const shown = inspect(value, { depth: 0, maxStringLength: 60, breakLength: Number.POSITIVE_INFINITY });
  return `${name} must be ${expected}, got ${shown}`;
}

export function typeError(name: string, expected: string, value: unknown): TypeError {
  return Object.assign(new TypeError(message(name, expected, value)), { code: "ERR_INVALID_ARG" });
}

export function rangeError(name: string, expected: string, value: unknown): RangeError {
  return Object.assign(new RangeError(message(name, expected, value)), { code: "ERR_INVALID_ARG" });
}

export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  const expected = `an integer from ${min} to ${max}`;
  if (typeof value !== "number") throw typeError(name, expected, value);
  if (!Number.isInteger(value) || value < min || value > max) throw rangeError(name, expected, value);
  return value;
}

/** An options object. */
export function checkOptions(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) throw typeError(name, "an object", value);
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw typeError(name, "a boolean", value);
  return value;
}

/** What is sent: text goes out as UTF-8. */
export function checkData(name: string, value: unknown): Uint8Array {
  if (typeof value === "string") return Buffer.from(value);
  if (!(value instanceof Uint8Array)) throw typeError(name, "text or a Uint8Array", value);
  return value;
}

export function checkAddress(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) throw typeError(name, "{ address, port } or { path }", value);
}

export function checkIterable(name: string, value: unknown): void {
  if (typeof (value as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== "function") {
    throw typeError(name, "an iterable of { data, to }", value);
  }
}
