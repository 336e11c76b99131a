/** Names that a peer may choose for a file on our disk. */
import { MAX_NAME } from "./limits.ts";

/** Devices on Windows, with any extension. */
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/**
 * What is wrong with a name, or undefined. A good one is a single component of a path on every system, not hidden, and
 * nothing that a shell, a terminal or a file system takes for something else.
 */
export function problemOfName(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (Buffer.byteLength(name) > MAX_NAME) return `it is longer than ${MAX_NAME} bytes`;
  if (/[/\\:*?"<>|]|\p{C}|\p{Zl}|\p{Zp}/u.test(name)) return "it has characters that no name should have";
  if (/^[.~-]/.test(name)) return "it begins with a character that names of received files do not begin with";
  if (/[. ]$/.test(name)) return "it ends with a dot or a space";
  if (RESERVED.test(name)) return "it is the name of a device";
  return undefined;
}
