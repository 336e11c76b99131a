import { findNetrcAuth, type NetrcLookup } from "../netrc.ts";
import type { Auth } from "./auth.ts";
import { basicCredentials } from "./basic.ts";

/**
 * Basic credentials from the netrc file for each request's host. Sessions do this by themselves (`trust.netrc`); this
 * form names another file, or uses the file's `default` entry.
 */
export function netrc(lookup: NetrcLookup = {}): Auth {
  return {
    onRequest(request) {
      const found = findNetrcAuth(request.target.hostname, process.env, lookup);
      if (found) request.headers.set("Authorization", basicCredentials(found.username, found.password));
    },
  };
}
