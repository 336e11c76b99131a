import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** One entry of a netrc file. */
interface NetrcEntry {
  readonly login: string;
  readonly account: string;
  readonly password: string;
}

/** The entries of a netrc file by host; the one named `default` is for every other host. */
export interface Netrc {
  readonly hosts: ReadonlyMap<string, NetrcEntry>;
  readonly default: NetrcEntry | null;
}

const MAX_NETRC_BYTES = 1 << 20;

/** Parses a netrc file with the tokens, quotes, comments and macros of Python's `netrc`. Throws SyntaxError. */
export function parseNetrc(text: string, file = ".netrc"): Netrc {
  const lexer = new Lexer(text);
  const hosts = new Map<string, NetrcEntry>();
  let fallback: NetrcEntry | null = null;
  for (;;) {
    const token = lexer.next();
    if (token === "") break;
    if (token.startsWith("#")) {
      lexer.skipLine();
      continue;
    }
    let name: string | null;
    if (token === "machine") name = lexer.next();
    else if (token === "default") name = null;
    else if (token === "macdef") {
      lexer.next();
      lexer.skipMacro();
      continue;
    } else throw new SyntaxError(`${file}:${lexer.line}: bad toplevel token ${JSON.stringify(token)}`);
    if (name === "") throw new SyntaxError(`${file}:${lexer.line}: missing ${JSON.stringify(token)} name`);
    const entry = readEntry(lexer, file);
    if (name === null) fallback = entry;
    else hosts.set(name, entry);
  }
  return { hosts, default: fallback };
}

function readEntry(lexer: Lexer, file: string): NetrcEntry {
  const entry = { login: "", account: "", password: "" };
  for (;;) {
    const mark = lexer.mark();
    const token = lexer.next();
    if (token.startsWith("#")) lexer.skipLine();
    else if (token === "" || token === "machine" || token === "default" || token === "macdef") {
      lexer.reset(mark);
      return entry;
    } else if (token === "login" || token === "user") entry.login = lexer.next();
    else if (token === "account") entry.account = lexer.next();
    else if (token === "password") entry.password = lexer.next();
    else throw new SyntaxError(`${file}:${lexer.line}: bad follower token ${JSON.stringify(token)}`);
  }
}

class Lexer {
  line = 1;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  mark(): { at: number; line: number } {
    return { at: this.#at, line: this.line };
  }

  reset(mark: { at: number; line: number }): void {
    this.#at = mark.at;
    this.line = mark.line;
  }

  #read(): string {
    const c = this.#text[this.#at] ?? "";
    if (c !== "") this.#at++;
    if (c === "\n") this.line++;
    return c;
  }

  skipLine(): void {
    for (let c = this.#read(); c !== "" && c !== "\n"; ) c = this.#read();
  }

  /** A macro ends at the first empty line. */
  skipMacro(): void {
    this.skipLine();
    while (this.#at < this.#text.length) {
      const end = this.#text.indexOf("\n", this.#at);
      const line = this.#text.slice(this.#at, end < 0 ? undefined : end);
      this.skipLine();
      if (line.trim() === "") return;
    }
  }

  /** The next token; the empty string at the end of the file. */
  next(): string {
    let c = this.#read();
    while (c !== "" && " \t\r\n".includes(c)) c = this.#read();
    let token = "";
    if (c === '"') {
      for (c = this.#read(); c !== "" && c !== '"'; c = this.#read()) token += c === "\\" ? this.#read() : c;
      return token;
    }
    for (; c !== "" && !" \t\r\n".includes(c); c = this.#read()) token += c === "\\" ? this.#read() : c;
    // A comment ends with its line; give the line's end back so that the caller can tell.
    if (c === "\n") {
      this.#at--;
      this.line--;
    }
    return token;
  }
}

/** What `findNetrcAuth` may use besides the exact host. */
export interface NetrcLookup {
  /** The file; default `$NETRC`, then `~/.netrc`, then `~/_netrc`. */
  readonly path?: string | undefined;
  /** Use the file's `default` entry for hosts it does not name. Default false. */
  readonly useDefault?: boolean | undefined;
}

/**
 * Login and password for a host from the netrc file, or null. The host must be `URL.hostname`, never a piece of a
 * URL's text (CVE-2024-47081). An unreadable or malformed file, or an empty entry, gives null. A file in the home
 * folder that others can read or that another user owns is not used; a warning says so.
 */
export function findNetrcAuth(
  hostname: string,
  env: Readonly<Record<string, string | undefined>>,
  lookup: NetrcLookup = {},
): { username: string; password: string } | null {
  const named = lookup.path ?? env.NETRC;
  const home = env.HOME ?? homedir();
  for (const path of named ? [named] : [join(home, ".netrc"), join(home, "_netrc")]) {
    let text: string;
    try {
      const stat = statSync(path);
      if (!stat.isFile() || stat.size > MAX_NETRC_BYTES) continue;
      if (!named && !isPrivate(stat)) {
        process.emitWarning(
          `${path} is readable by others or owned by another user; it is not used`,
          "SecurityWarning",
        );
        continue;
      }
      text = readFileSync(path, "utf8");
    } catch {
      continue;
    }
    try {
      const netrc = parseNetrc(text, path);
      const entry = netrc.hosts.get(hostname) ?? (lookup.useDefault ? netrc.default : null);
      if (!entry || (entry.login === "" && entry.password === "")) return null;
      return { username: entry.login === "" ? entry.account : entry.login, password: entry.password };
    } catch (error) {
      process.emitWarning(`netrc is not used: ${(error as Error).message}`);
      return null;
    }
  }
  return null;
}

function isPrivate(stat: { mode: number; uid: number }): boolean {
  if (process.platform === "win32" || !process.getuid) return true;
  return (stat.mode & 0o077) === 0 && stat.uid === process.getuid();
}
