import { existsSync } from "node:fs";
import { basename } from "node:path";
import { RequestException } from "../errors.ts";
import type { RequestOptions } from "../options.ts";
import type { Session } from "../session.ts";
import type { Arguments } from "./arguments.ts";
import { exitCode } from "./exit-code.ts";
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
