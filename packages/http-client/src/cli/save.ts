import { existsSync } from "node:fs";
import { RequestException } from "../errors.ts";
import type { RequestOptions } from "../options.ts";
import type { Response } from "../response.ts";
import type { Session } from "../session.ts";
import type { Arguments } from "./arguments.ts";
import { exitCode } from "./exit-code.ts";
import { dispositionFileName, safeFileName } from "./file-name.ts";
import { printable } from "./pretty.ts";
import { formatBytes, ProgressBar } from "./progress-bar.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** Downloads into a file; resolves with the exit code. */
export async function save(
  session: Session,
  method: string,
  url: string,
  request: RequestOptions,
  { options }: Arguments,
  terminal: Terminal,
): Promise<number> {
  if (method !== "GET") throw new UsageError("--download is for GET");
  const { stderr } = terminal;
  const announce = (path: string): string => {
    if (!options.quiet) stderr.write(`Downloading to ${path}\n`);
    return path;
  };
  const bar =
    stderr.isTTY && !options.quiet ? new ProgressBar((text) => void stderr.write(text), stderr.columns ?? 80) : null;
  try {
    // What is to be gone on with was named before there was a response.
    const path =
      options.output !== undefined
        ? announce(String(options.output))
        : options.continue
          ? announce(nameOf(url, null))
          : (response: Response) => announce(freeName(nameOf(url, response)));

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

/** The name that the server suggests, else the last part of the URL's path. */
function nameOf(url: string, response: Response | null): string {
  const header = response?.headers.get("content-disposition") ?? "";
  const last = new URL(url).pathname.split("/").at(-1)!;
  return safeFileName(dispositionFileName(header) ?? "") ?? safeFileName(decoded(last)) ?? "index.html";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Nothing is overwritten unless --output names it: a name that is taken gets a number. */
function freeName(name: string): string {
  const isFree = (candidate: string): boolean => !existsSync(candidate) && !existsSync(`${candidate}.part`);
  if (isFree(name)) return name;
  for (let i = 1; ; i++) if (isFree(`${name}-${i}`)) return `${name}-${i}`;
}
