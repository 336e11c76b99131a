import { parseArgs } from "node:util";
import { type Items, parseItems } from "./items.ts";
import { UsageError } from "./usage-error.ts";

export const HELP = `sockeye-http [options] [METHOD] URL [ITEM ...]    HTTP requests, HTTPie's way
METHOD is GET, or POST with data. URL: http:// is added; ":8080/x" is localhost.
ITEM  name==value query    Name:value header   name=text JSON or form field
      name:=json JSON      name@path upload    name=@path text, name:=@path JSON
 -f, --form               send fields as a form (files make it multipart)
     --raw TEXT           send TEXT; a piped stdin is sent too, unless -I
 -a, --auth USER:PASS     or a token; -A, --auth-type basic|digest|bearer
     --ignore-netrc       do not use ~/.netrc
 -F, --follow             follow redirects, at most --max-redirects N (30)
 -v, --verbose            print the request too; -h: head only; -b: body only
     --pretty HOW         all|colors|format|none (all on a terminal, none else)
 -S, --stream             print the body as it comes
 -d, --download           save the body, with progress; -c goes on with a part
 -o, --output FILE        save the body as FILE
 -q, --quiet              print errors only
     --timeout SECONDS    to connect, and between two pieces of the answer
     --check-status       exit 3, 4 or 5 for 3xx, 4xx, 5xx
     --verify HOW         yes, no, or a file of authorities
     --cert FILE          client certificate; --cert-key FILE
     --proxy URL          http, https, socks4, socks4a, socks5 or socks5h
     --http2              offer HTTP/2
     --version, --help
Exit: 0 done, 1 error, 2 timeout, 6 too many redirects, 130 interrupted
`;

/** A command line, understood. */
export interface Arguments {
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly method: string;
  readonly url: string;
  readonly items: Items;
}

const flag = (short?: string): { type: "boolean"; short?: string } => ({
  type: "boolean",
  ...(short ? { short } : {}),
});
const value = (short?: string): { type: "string"; short?: string } => ({ type: "string", ...(short ? { short } : {}) });

const OPTIONS = {
  form: flag("f"),
  json: flag("j"),
  raw: value(),
  "ignore-stdin": flag("I"),
  auth: value("a"),
  "auth-type": value("A"),
  "ignore-netrc": flag(),
  follow: flag("F"),
  "max-redirects": value(),
  verbose: flag("v"),
  headers: flag("h"),
  body: flag("b"),
  pretty: value(),
  stream: flag("S"),
  download: flag("d"),
  continue: flag("c"),
  output: value("o"),
  quiet: flag("q"),
  timeout: value(),
  "check-status": flag(),
  verify: value(),
  cert: value(),
  "cert-key": value(),
  proxy: value(),
  http2: flag(),
  version: flag(),
  help: flag(),
} as const;

/** Understands a command line; null when it only asks for help or the version. Throws UsageError. */
export function parseArguments(argv: readonly string[], hasStdin: boolean): Arguments | "help" | "version" {
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }) as typeof parsed;
  } catch (cause) {
    // Node goes on about options that are meant as arguments; an item begins with no dash.
    throw new UsageError((cause as Error).message.replace(/\. To specify .*/s, ""));
  }
  const { values: options, positionals } = parsed;
  if (options.help) return "help";
  if (options.version) return "version";
  if (positionals.length === 0) throw new UsageError("a URL is needed");
  const named = positionals.length > 1 && /^[A-Za-z]+$/.test(positionals[0]!) && !/^localhost$/i.test(positionals[0]!);
  const [url = "", ...rest] = named ? positionals.slice(1) : positionals;
  const items = parseItems(rest);
  const hasData =
    items.data.length > 0 ||
    items.files.length > 0 ||
    options.raw !== undefined ||
    (hasStdin && !options["ignore-stdin"]);
  return {
    options,
    method: named ? positionals[0]!.toUpperCase() : hasData ? "POST" : "GET",
    url: completeUrl(url),
    items,
  };
}

/** HTTPie's short forms: `:8080/x`, `:/x`, `example.com/x`. */
export function completeUrl(url: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return url;
  if (/^:\d+/.test(url)) return `http://localhost${url}`;
  if (url.startsWith(":")) return `http://localhost${url.slice(1)}`;
  return `http://${url}`;
}

/** A positive number of an option. Throws UsageError. */
export function numberOption(options: Arguments["options"], name: string): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text === "" || !(number >= 0))
    throw new UsageError(`--${name} needs a number of 0 or more; got ${JSON.stringify(text)}`);
  return number;
}
