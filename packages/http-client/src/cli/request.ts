import type { AuthOption } from "../auth/auth.ts";
import { basic } from "../auth/basic.ts";
import { bearer } from "../auth/bearer.ts";
import { digest } from "../auth/digest.ts";
import type { RequestOptions } from "../options.ts";
import type { Arguments } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** What --verify says. */
export function verifyOption(text: string): boolean | string {
  if (/^(yes|true)$/i.test(text)) return true;
  return /^(no|false)$/i.test(text) ? false : text;
}

/** What --auth and --auth-type say. Throws UsageError. */
export function authOption(options: Arguments["options"]): AuthOption {
  const text = String(options.auth);
  const type = options["auth-type"] ?? "basic";
  if (type === "bearer") return bearer(text);
  const colon = text.indexOf(":");
  const pair = colon < 0 ? ([text, ""] as const) : ([text.slice(0, colon), text.slice(colon + 1)] as const);
  if (type === "basic") return basic(...pair);
  if (type === "digest") return digest(...pair);
  throw new UsageError(`--auth-type must be basic, digest or bearer; got ${JSON.stringify(type)}`);
}

/** The request that the items, --raw or stdin make. Throws UsageError. */
export async function requestOptions(
  { options, items }: Arguments,
  { stdin, signal }: Terminal,
): Promise<RequestOptions> {
  const { params, headers, data, files } = items;
  const sendsStdin = stdin !== null && !options["ignore-stdin"];
  const bodies = [
    options.raw !== undefined && "--raw",
    sendsStdin && "stdin",
    (data.length > 0 || files.length > 0) && "items",
  ].filter(Boolean);
  if (bodies.length > 1)
    throw new UsageError(`only one body can be sent, but ${bodies.join(" and ")} are given (-I ignores stdin)`);
  const request = { params, headers, signal } satisfies RequestOptions;
  if (options.raw !== undefined)
    return { ...request, data: String(options.raw), headers: [...jsonHeaders(), ...headers] };
  if (sendsStdin) return { ...request, data: stdin, headers: [...jsonHeaders(), ...headers] };
  if (files.length > 0) return { ...request, files, form: data as [string, string][] };
  if (data.length === 0) return request;
  if (options.form) return { ...request, form: data as [string, string][] };
  return {
    ...request,
    json: Object.fromEntries(data),
    headers: [["Accept", "application/json, */*;q=0.5"], ...headers],
  };
}

function jsonHeaders(): [string, string][] {
  return [["Content-Type", "application/json"]];
}
