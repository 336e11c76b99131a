/** The input is not a capture file, or a part of it contradicts the format. `offset` is where, in bytes of the file. */
export class CaptureFormatError extends Error {
  override readonly name = "CaptureFormatError";
  readonly code: "ERR_CAPTURE_FORMAT" | "ERR_CAPTURE_TRUNCATED";
  /** Bytes from the start of the (uncompressed) file. */
  readonly offset: number;

  constructor(
    message: string,
    offset: number,
    code: "ERR_CAPTURE_FORMAT" | "ERR_CAPTURE_TRUNCATED" = "ERR_CAPTURE_FORMAT",
  ) {
    super(message);
    this.offset = offset;
    this.code = code;
  }
}

/** A value that a field, an option or an argument cannot take. Names what was given and what was expected. */
export class InvalidValueError extends TypeError {
  override readonly name = "InvalidValueError";
  readonly code = "ERR_INVALID_ARG_VALUE";

  constructor(what: string, value: unknown, expected: string) {
    super(`${what}: expected ${expected}, got ${describe(value)}`);
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "function") return `the function ${value.name || "(anonymous)"}`;
  return typeof value === "object" && value !== null
    ? `an object with ${Object.keys(value).join(", ")}`
    : String(value);
}

/** Throws unless `value` is an integer of [min, max]. */
export function checkInteger(what: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    throw new InvalidValueError(what, value, `an integer from ${min} to ${max}`);
  }
  return value;
}
