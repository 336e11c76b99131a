import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { checkInteger, InvalidValueError } from "../errors.ts";

/** What `ping` and `traceroute` have in common. */
export interface HostOptions {
  /** 4 or 6: which address of a name is meant. Default: the first that the resolver gives. */
  readonly family?: 4 | 6;
  /** Where to look for answers. Default: the interface of the route. */
  readonly interface?: string | number;
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The address of a host: a literal, or what the resolver says. Throws InvalidValueError, or what the resolver says. */
export async function resolveHost(host: string, family: 4 | 6 | undefined): Promise<string> {
  const known = isIP(host);
  if (known !== 0) {
    if (family !== undefined && family !== known) throw new InvalidValueError("host", host, `an IPv${family} address`);
    return host;
  }
  const { address } = await lookup(host, { family: family ?? 0 });
  return address;
}

/** Throws an InvalidValueError for what cannot be a host. */
export function checkHost(host: unknown, family: unknown): string {
  if (typeof host !== "string" || host === "") throw new InvalidValueError("host", host, "a name or an address");
  if (family !== undefined && family !== 4 && family !== 6) throw new InvalidValueError("family", family, "4 or 6");
  return host;
}

/** Milliseconds of [min, …]. */
export function checkTime(name: string, value: number | undefined, fallback: number, min: number): number {
  return checkInteger(name, value ?? fallback, min, 2 ** 31 - 1);
}
