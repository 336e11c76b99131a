import { invalidArgument } from "./errors.ts";

/** One value of a query or form field. `null` and `undefined` leave the field out. */
export type FieldValue = string | number | bigint | boolean | Date | null | undefined;

/** Fields of a query or a form; an array repeats the field. */
export type Fields =
  | Readonly<Record<string, FieldValue | readonly FieldValue[]>>
  | ReadonlyArray<readonly [string, FieldValue | readonly FieldValue[]]>
  | ReadonlyMap<string, FieldValue | readonly FieldValue[]>
  | URLSearchParams;

/** Encodes as Python's `quote_plus`: everything but letters, digits and `_.-~`, and a space as `+`. */
function quotePlus(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** The pairs of `fields`, in order, as strings. `name` is the option's name, for the error. */
export function fieldPairs(fields: Fields, name: string): [string, string][] {
  if (typeof fields !== "object" || fields === null) throw invalidArgument(name, fields, "an object or pairs");
  const iterable = Symbol.iterator in fields ? (fields as Iterable<readonly [string, unknown]>) : ownEntries(fields);
  const pairs: [string, string][] = [];
  for (const pair of iterable) {
    if (!Array.isArray(pair) || pair.length !== 2) throw invalidArgument(name, pair, "pairs of name and value");
    const [key, value] = pair as [string, unknown];
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item == null) continue;
      if (typeof item === "object" && !(item instanceof Date)) {
        throw invalidArgument(`${name}.${key}`, item, "a string, number, boolean, Date, or an array of them");
      }
      pairs.push([String(key), item instanceof Date ? item.toISOString() : String(item)]);
    }
  }
  return pairs;
}

function* ownEntries(record: object): Iterable<[string, unknown]> {
  for (const key of Object.keys(record)) yield [key, (record as Record<string, unknown>)[key]];
}

/** `application/x-www-form-urlencoded`, byte for byte as Python's `urlencode(doseq=True)`. */
export function encodeFields(fields: Fields, name: string): string {
  let text = "";
  for (const [key, value] of fieldPairs(fields, name)) {
    text += `${text === "" ? "" : "&"}${quotePlus(key)}=${quotePlus(value)}`;
  }
  return text;
}
