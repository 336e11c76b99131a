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
  if (typeof value !== "number") throw typeError(name, `an integer from ${min} to ${max}`, value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw rangeError(name, `an integer from ${min} to ${max}`, value);
  }
  return value;
}

/** An options object. */
export function checkOptions(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) throw typeError(name, "an object", value);
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw typeError(name, "a function", value);
}

/** What is written: text, bytes, or a list of them. */
export function checkData(name: string, value: unknown): void {
  for (const part of Array.isArray(value) ? value : [value]) {
    if (typeof part !== "string" && !(part instanceof Uint8Array)) {
      throw typeError(name, "text or a Uint8Array, or a list of them", value);
    }
  }
}

/** A reader, a writer and an end. */
export function checkStream(name: string, value: unknown): void {
  const { reader, writer, close, abort } = Object(value);
  if (!reader || !writer || typeof close !== "function" || typeof abort !== "function") {
    throw typeError(name, "a stream with reader, writer, close and abort", value);
  }
}
