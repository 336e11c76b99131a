/** Which pages may speak to the chat. */
import { isIP } from "node:net";
import { hostname } from "node:os";

/** The host of `host:port`, in small letters and without brackets; undefined when it is none. */
function hostOf(authority: string): string | undefined {
  try {
    const { hostname: host } = new URL(`http://${authority}`);
    return host.startsWith("[") ? host.slice(1, -1) : host;
  } catch {
    return undefined;
  }
}

/**
 * Whether the server goes by this name. An address cannot be made to mean another machine, and a name could: what a
 * stranger's name server says is no reason to let the stranger's page in (DNS rebinding).
 */
export function isOurHost(authority: string | undefined, names: readonly string[]): boolean {
  const host = authority === undefined ? undefined : hostOf(authority);
  if (host === undefined) return false;
  if (isIP(host) !== 0 || host === "localhost") return true;
  const own = hostname().toLowerCase();
  return host === own || host === `${own}.local` || names.some((name) => name.toLowerCase() === host);
}

/** Whether a page of this origin may open a connection. Programs that are no browsers have none. */
export function isOurOrigin(origin: string | undefined, authority: string | undefined): boolean {
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === new URL(`http://${authority}`).host;
  } catch {
    return false;
  }
}
