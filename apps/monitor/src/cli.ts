/** The command line. */
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import pc from "picocolors";
import { startMonitor } from "./server/server.ts";
import { MAX_SNAPLEN, MIN_SNAPLEN } from "./wire/protocol.ts";

const DEFAULT_PORT = 12380;
/** Ctrl-C comes twice when npm passes it on: within so many milliseconds it is the same key. */
const SAME_KEY = 250;

const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };

interface Options {
  readonly interface: string;
  readonly host: string;
  readonly port: number;
  readonly snaplen: number;
}

const program = new Command("monitor")
  .description("A network monitor as a web page: live from an interface, or from a capture file dropped on it.")
  .addOption(new Option("-i, --interface <name>", "the interface that the page proposes").default("any"))
  .addOption(new Option("--host <host>", "the address to listen on").default("127.0.0.1"))
  .addOption(
    new Option("--port <port>", "its TCP port; 0 takes a free one").default(DEFAULT_PORT).argParser(integer(0, 65535)),
  )
  .addOption(
    new Option("--snaplen <bytes>", "bytes that are captured of each packet")
      .default(MAX_SNAPLEN, "all")
      .argParser(integer(MIN_SNAPLEN, MAX_SNAPLEN)),
  )
  .addHelpText("after", "\nLive capture needs the capability CAP_NET_RAW; capture files need nothing.")
  .showHelpAfterError("(--help lists the options)")
  .allowExcessArguments(false)
  .action(run);

await program.parseAsync();

async function run({ interface: name, host, port, snaplen }: Options): Promise<void> {
  try {
    const assets = fileURLToPath(new URL("page", import.meta.url));
    const monitor = await startMonitor({ assets, host, port, interface: name, snaplen });
    console.log(`${pc.bold("Sockeye Monitor")}  ${pc.cyan(monitor.url)}`);
    console.log(
      pc.dim("Open it in a browser. Whoever knows the address can capture: keep it to yourself. Ctrl-C stops."),
    );
    if (!isLoopback(host)) console.error(pc.yellow(`Listening on ${host}: packets cross the network unencrypted.`));
    stopOnSignal(() => monitor.close());
  } catch (error) {
    console.error(advice(error, host, port) ?? error);
    process.exitCode = 1;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** Closes at the first signal; a second one ends at once. */
function stopOnSignal(close: () => Promise<void>): void {
  let since: number | undefined;
  const listener = (): void => {
    if (since === undefined) {
      since = performance.now();
      void close().then(() => process.exit(0));
    } else if (performance.now() - since > SAME_KEY) process.exit(1);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, listener);
}

function advice(error: unknown, host: string, port: number): string | undefined {
  const { code } = error as { code?: string };
  if (code === "EADDRINUSE")
    return `Port ${port} of ${host} is in use: another monitor may run. --port 0 takes a free one.`;
  if (code === "EACCES") return `Port ${port} of ${host} needs more rights: take one above 1023.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `${host} is no address of this machine.`;
  return undefined;
}
