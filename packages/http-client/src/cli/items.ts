import { readFileSync } from "node:fs";
import { type FilePath, file } from "../multipart.ts";
import { UsageError } from "./usage-error.ts";

/** What the items of a command line add to a request. */
export interface Items {
  readonly params: [string, string][];
  readonly headers: [string, string | null][];
  /** Fields of a JSON object or of a form. */
  readonly data: [string, unknown][];
  readonly files: [string, FilePath][];
}

// At one place in an item the longest separator wins.
const SEPARATORS = [":=@", "=@", ":=", "==", "@", "=", ":", ";"] as const;
type Separator = (typeof SEPARATORS)[number];

/** Takes HTTPie's request items apart: `name==param name:header name=string name:=json name@file name=@file name:=@file`. */
export function parseItems(items: readonly string[]): Items {
  const parsed: Items = { params: [], headers: [], data: [], files: [] };
  for (const item of items) {
    const { name, separator, value } = split(item);
    switch (separator) {
      case "==":
        parsed.params.push([name, value]);
        break;
      case ":":
        parsed.headers.push([name, value === "" ? null : value.trim()]);
        break;
      case ";":
        if (value !== "") throw new UsageError(`item ${item}: an empty header is written ${name};`);
        parsed.headers.push([name, ""]);
        break;
      case "=":
        parsed.data.push([name, value]);
        break;
      case ":=":
        parsed.data.push([name, json(value, item)]);
        break;
      case "=@":
        parsed.data.push([name, read(value, item)]);
        break;
      case ":=@":
        parsed.data.push([name, json(read(value, item), item)]);
        break;
      case "@": {
        const [path = "", type] = value.split(";type=");
        const found = file(path, type === undefined ? {} : { type });
        try {
          void found.size;
        } catch (cause) {
          throw new UsageError(`item ${item}: ${(cause as Error).message}`);
        }
        parsed.files.push([name, found]);
      }
    }
  }
  return parsed;
}

function split(item: string): { name: string; separator: Separator; value: string } {
  let name = "";
  for (let i = 0; i < item.length; i++) {
    if (item[i] === "\\" && i + 1 < item.length && ":=@;\\".includes(item[i + 1]!)) {
      name += item[++i];
      continue;
    }
    const separator = SEPARATORS.find((candidate) => item.startsWith(candidate, i));
    if (separator && name !== "" && (separator !== ";" || i === item.length - 1)) {
      return { name, separator, value: item.slice(i + separator.length) };
    }
    name += item[i];
  }
  throw new UsageError(`item ${item}: expected name=value, name:=json, name==parameter, name:header or name@file`);
}

function json(text: string, item: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`item ${item}: ${(cause as Error).message}`);
  }
}

function read(path: string, item: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`item ${item}: ${(cause as Error).message}`);
  }
}
