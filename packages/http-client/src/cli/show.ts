import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { RequestException } from "../errors.ts";
import type { RequestOptions } from "../options.ts";
import type { PreparedRequest } from "../prepared-request.ts";
import type { Response } from "../response.ts";
import type { Session } from "../session.ts";
import type { Arguments } from "./arguments.ts";
import { exitCode } from "./exit-code.ts";
import { type Paint, painter, prettyHead, prettyJson, printable } from "./pretty.ts";
import { formatBytes } from "./progress-bar.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** Sends the request and prints what the options ask for; resolves with the exit code. */
export async function show(
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

/** Resolves when there is room again, or nobody to write to; leaves no listener behind. */
function drained(out: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      out.off("drain", done).off("close", done).off("error", done);
      resolve();
    };
    out.on("drain", done).on("close", done).on("error", done);
  });
}

async function pipe(response: Response, out: Writable): Promise<void> {
  let failed: Error | null = null;
  out.on("error", (error) => {
    failed = error;
  });
  for await (const chunk of response.iterBytes()) {
    if (failed) break;
    if (!out.write(chunk)) await drained(out);
  }
  // A reader such as head(1) that has seen enough is no error.
  if (failed && (failed as NodeJS.ErrnoException).code !== "EPIPE")
    throw new RequestException((failed as Error).message, { cause: failed, code: "ERR_HTTP_FILE" });
  if ("path" in out) await new Promise<void>((resolve) => out.end(resolve));
}
