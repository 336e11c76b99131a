/** JSON texts, one a line: JSON Lines, NDJSON. */
import { checkFunction, typeError } from "../check.ts";
import { ProtocolError } from "../errors.ts";
import { type Codec, type CodecOptions, checkCodecOptions } from "./codec.ts";
import { lines } from "./lines.ts";
import type { StandardIssue, StandardSchema } from "./standard-schema.ts";

/** So many issues of a schema are told in an error's message; all are its `cause`. */
const MAX_ISSUES = 3;

/**
 * A codec of JSON values, one a line (RFC 8259 texts in UTF-8); blank lines are passed over. With a schema, every value
 * that arrives goes through it and is what it makes of it; what is sent does not. A line that is not JSON or that the
 * schema refuses is a ProtocolError, and the next line can be read after it; so is `null`, which is the end of a stream
 * here. The schema must not be asynchronous.
 */
export function jsonLines(schema?: undefined, options?: CodecOptions): Codec<unknown>;
export function jsonLines<Input, Output>(
  schema: StandardSchema<Input, Output>,
  options?: CodecOptions,
): Codec<Output, Input>;
export function jsonLines(schema?: StandardSchema, options: CodecOptions = {}): Codec<unknown> {
  if (schema !== undefined) checkFunction('schema["~standard"].validate', schema?.["~standard"]?.validate);
  const texts = lines(checkCodecOptions(options));
  return {
    encode(item) {
      const text = JSON.stringify(item);
      if (text === undefined || text === "null")
        throw typeError("item", "a value that JSON can express, not null", item);
      return `${text}\n`;
    },
    decode(queue, ended) {
      for (;;) {
        const text = texts.decode(queue, ended);
        if (text === undefined) return undefined;
        if (text.trim() === "") continue;
        const parsed = parse(text);
        const value = schema === undefined ? parsed : validate(schema, parsed);
        if (value === null || value === undefined) throw new ProtocolError(`A line must have a value, got ${value}`);
        return value;
      }
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProtocolError(`A line is not JSON: ${(error as Error).message}`, error);
  }
}

function validate(schema: StandardSchema, value: unknown): unknown {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    result.catch(() => {});
    throw typeError("schema", "one that validates at once, not a Promise", schema);
  }
  if (result.issues === undefined) return result.value;
  const shown = result.issues.slice(0, MAX_ISSUES).map(describe).join("; ");
  const more = result.issues.length > MAX_ISSUES ? `; and ${result.issues.length - MAX_ISSUES} more` : "";
  throw new ProtocolError(`A line is not what the schema expects: ${shown}${more}`, result.issues);
}

function describe({ message, path = [] }: StandardIssue): string {
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
}
