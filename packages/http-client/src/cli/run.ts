import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { basename } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { AuthOption } from "../auth/auth.ts";
import { basic } from "../auth/basic.ts";
import { bearer } from "../auth/bearer.ts";
import { digest } from "../auth/digest.ts";
import { AbortError, RequestException, Timeout, TooManyRedirects } from "../errors.ts";
import type { RequestOptions } from "../options.ts";
import type { PreparedRequest } from "../prepared-request.ts";
import type { Response } from "../response.ts";
import { Session } from "../session.ts";
import { type Arguments, HELP, numberOption, parseArguments } from "./arguments.ts";
import { type Paint, painter, prettyHead, prettyJson, printable } from "./pretty.ts";
import { formatBytes, ProgressBar } from "./progress-bar.ts";
import { UsageError } from "./usage-error.ts";

/** What the program has to do with the world. */
export interface Terminal {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Null when nothing is piped in. */
  readonly stdin: Readable | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly version: string;
}

/** Runs one command line; resolves with the exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const complain = (message: string): void => void terminal.stderr.write(`sockeye-http: ${printable(message)}\n`);
  try {
    const parsed = parseArguments(argv, terminal.stdin !== null);
    if (parsed === "help") terminal.stdout.write(HELP);
    else if (parsed === "version") terminal.stdout.write(`${terminal.version}\n`);
    else return await exchange(parsed, terminal);
    return 0;
  } catch (error) {
    if (terminal.signal.aborted || error instanceof AbortError) return 130;
    complain((error as Error).message);
    if (error instanceof UsageError) terminal.stderr.write("Try: sockeye-http --help\n");
    else if (!(error instanceof RequestException) && !(error instanceof TypeError)) throw error;
    return error instanceof Timeout ? 2 : error instanceof TooManyRedirects ? 6 : 1;
  }
}

async function exchange(parsed: Arguments, terminal: Terminal): Promise<number> {
  const { options, method, url } = parsed;
  const timeout = numberOption(options, "timeout");
  const session = new Session({
    trust: { netrc: !options["ignore-netrc"] },
    allowRedirects: options.follow === true || options.download === true,
    http2: options.http2 === true,
    ...(timeout === undefined ? {} : { timeout: timeout * 1000 }),
    ...(options["max-redirects"] === undefined ? {} : { maxRedirects: numberOption(options, "max-redirects") }),
    ...(options.verify === undefined ? {} : { verify: verifyOption(String(options.verify)) }),
    ...(options.cert === undefined
      ? {}
      : {
          cert: options["cert-key"]
            ? ([String(options.cert), String(options["cert-key"])] as const)
            : String(options.cert),
        }),
    ...(options.proxy === undefined ? {} : { proxies: String(options.proxy) }),
    ...(options.auth === undefined ? {} : { auth: authOption(options) }),
  });
  try {
    const request = await requestOptions(parsed, terminal);
    return await (options.download
      ? save(session, method, url, request, parsed, terminal)
      : show(session, method, url, request, parsed, terminal));
  } finally {
    await session.close();
  }
}

function verifyOption(text: string): boolean | string {
  if (/^(yes|true)$/i.test(text)) return true;
  return /^(no|false)$/i.test(text) ? false : text;
}

function authOption(options: Arguments["options"]): AuthOption {
  const text = String(options.auth);
  const type = options["auth-type"] ?? "basic";
  if (type === "bearer") return bearer(text);
  const colon = text.indexOf(":");
  const pair = colon < 0 ? ([text, ""] as const) : ([text.slice(0, colon), text.slice(colon + 1)] as const);
  if (type === "basic") return basic(...pair);
  if (type === "digest") return digest(...pair);
  throw new UsageError(`--auth-type must be basic, digest or bearer; got ${JSON.stringify(type)}`);
}

async function requestOptions({ options, items }: Arguments, { stdin, signal }: Terminal): Promise<RequestOptions> {
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

function exitCode(status: number, options: Arguments["options"]): number {
  if (!options["check-status"] && !options.download) return 0;
  return status >= 300 ? Math.floor(status / 100) : 0;
}

async function show(
  session: Session,
  method: string,
  url: string,
  request: RequestOptions,
  { options }: Arguments,
  terminal: Terminal,
): Promise<number> {
  const { stdout, stderr, env } = terminal;
  const isTerminal = stdout.isTTY === true && options.output === undefined;
  const how = String(options.pretty ?? (isTerminal ? "all" : "none"));
  if (!/^(all|colors|format|none)$/.test(how))
    throw new UsageError(`--pretty must be all, colors, format or none; got ${JSON.stringify(how)}`);
  const paint = painter((how === "all" || how === "colors") && (env.NO_COLOR ?? "") === "");
  const onlyBody = options.body === true || (!isTerminal && !options.headers && !options.verbose);
  const out = options.quiet ? null : stdout;
  const showRequest = (sent: PreparedRequest): void => {
    const first = `${sent.method} ${sent.target.path} HTTP/1.1`;
    const headers = [["Host", sent.target.origin.replace(/^https?:\/\//, "")] as const, ...sent.headers];
    out?.write(prettyHead(first, headers, paint, "dim"));
    if (sent.body?.bytes?.length)
      out?.write(`${prettyJson(printable(sent.body.bytes.toString()), how !== "none" && how !== "colors", paint)}\n\n`);
  };
  const showHead = (response: Response): void => {
    const kind = response.status < 300 ? "ok" : response.status < 400 ? "warn" : "error";
    if (!onlyBody)
      out?.write(prettyHead(`HTTP ${response.status} ${response.reason}`.trimEnd(), response.headers, paint, kind));
  };
  const hooks = options.verbose ? { request: showRequest } : {};
  const response = await session.stream(method, url, { ...request, hooks });
  if (options.verbose) for (const earlier of response.history) showHead(earlier);
  showHead(response);
  if (options.output !== undefined) {
    const path = String(options.output);
    await pipe(response, createWriteStream(path));
    if (!options.quiet) stderr.write(`Saved ${path}\n`);
  } else if (out && !options.headers) {
    await showBody(response, out, { paint, how, isTerminal, stream: options.stream === true });
  }
  await response.close();
  return exitCode(response.status, options);
}

async function showBody(
  response: Response,
  out: Writable,
  look: { paint: Paint; how: string; isTerminal: boolean; stream: boolean },
): Promise<void> {
  const type = response.headers.get("content-type") ?? "";
  if (look.stream && !look.isTerminal) return pipe(response, out);
  if (look.stream) {
    for await (const line of response.iterLines()) out.write(`${prettyJson(printable(line), false, look.paint)}\n`);
    return;
  }
  if (!look.isTerminal && look.how === "none") return pipe(response, out);
  const bytes = await response.bytes();
  if (bytes.includes(0) && look.isTerminal) {
    out.write(`(${formatBytes(bytes.length)} of binary data are not shown; -d or -o saves them)\n`);
    return;
  }
  const text = await response.text();
  const format = look.how === "all" || look.how === "format";
  const shown =
    /json/i.test(type) || /^\s*[[{]/.test(text)
      ? prettyJson(text, format, look.paint)
      : look.isTerminal
        ? printable(text)
        : text;
  out.write(shown.endsWith("\n") || shown === "" ? shown : `${shown}\n`);
}

async function pipe(response: Response, out: Writable): Promise<void> {
  let failed: Error | null = null;
  out.on("error", (error) => {
    failed = error;
  });
  for await (const chunk of response.iterBytes()) {
    if (failed) break;
    if (!out.write(chunk)) await Promise.race([once(out, "drain"), once(out, "close")]);
  }
  // A reader such as head(1) that has seen enough is no error.
  if (failed && (failed as NodeJS.ErrnoException).code !== "EPIPE")
    throw new RequestException((failed as Error).message, { cause: failed, code: "ERR_HTTP_FILE" });
  if ("path" in out) await new Promise<void>((resolve) => out.end(resolve));
}

async function save(
  session: Session,
  method: string,
  url: string,
  request: RequestOptions,
  { options }: Arguments,
  terminal: Terminal,
): Promise<number> {
  if (method !== "GET") throw new UsageError("--download is for GET");
  const { stderr } = terminal;
  const path = String(options.output ?? freeName(url, options.continue === true));
  const bar =
    stderr.isTTY && !options.quiet ? new ProgressBar((text) => void stderr.write(text), stderr.columns ?? 80) : null;
  if (!options.quiet) stderr.write(`Downloading to ${path}\n`);
  try {
    const result = await session.download(url, path, {
      ...request,
      resume: options.continue === true,
      onProgress: bar ? (progress) => bar.update(progress) : undefined,
    });
    bar?.end();
    if (!options.quiet)
      stderr.write(
        `Done: ${formatBytes(result.size)}${result.resumedAt > 0 ? `, ${formatBytes(result.resumedAt)} of them from before` : ""}\n`,
      );
    return 0;
  } catch (error) {
    bar?.end();
    if (error instanceof RequestException && error.response && error.code === "ERR_HTTP_STATUS") {
      stderr.write(`sockeye-http: ${printable(error.message)}\n`);
      return exitCode(error.response.status, options);
    }
    throw error;
  }
}

/** The last part of the URL's path; a name that is taken gets a number, unless the download is to go on. */
function freeName(url: string, goesOn: boolean): string {
  const last = basename(new URL(url).pathname).replace(/[^\w.+-]/g, "_");
  const name = last === "" || /^\.+$/.test(last) ? "index.html" : last.replace(/^\.+/, "");
  if (goesOn || !existsSync(name)) return name;
  for (let i = 1; ; i++) if (!existsSync(`${name}-${i}`)) return `${name}-${i}`;
}
