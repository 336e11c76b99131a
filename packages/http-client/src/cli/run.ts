import { AbortError, RequestException, Timeout, TooManyRedirects } from "../errors.ts";
import { Session } from "../session.ts";
import { type Arguments, HELP, numberOption, parseArguments } from "./arguments.ts";
import { printable } from "./pretty.ts";
import { authOption, requestOptions, verifyOption } from "./request.ts";
import { save } from "./save.ts";
import { show } from "./show.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

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
