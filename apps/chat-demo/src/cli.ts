/** The command line of both sides. */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_HOST, DEFAULT_PORT, DEFAULT_WEB_PORT } from "./cli/place.ts";
import { serve } from "./cli/serve.ts";
import { defaultLimits } from "./hub/limits.ts";
import { checkName } from "./protocol/name.ts";
import { join } from "./terminal/client.ts";
import { find } from "./terminal/find.ts";

const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };

function name(text: string): string {
  const result = checkName(text.startsWith("#") ? text.slice(1) : text);
  if ("problem" in result) throw new InvalidArgumentError(`${result.problem}.`);
  return result.name;
}

function readFile(path: string, flag: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    return program.error(`error: ${flag} ${path} cannot be read: ${(error as Error).message}`);
  }
}

const MAX = 2 ** 31 - 1;
const hostOption = (meaning: string): Option =>
  new Option("--host <host>", meaning).default(DEFAULT_HOST).env("SOCKEYE_CHAT_HOST");
const portOption = (min: number): Option =>
  new Option("--port <port>", "its TCP port")
    .default(DEFAULT_PORT)
    .env("SOCKEYE_CHAT_PORT")
    .argParser(integer(min, 65535));
const limitOption = (flag: string, meaning: string, value: number, min = 1): Option =>
  new Option(flag, meaning).default(value).argParser(integer(min, MAX));

const program = new Command("chat")
  .description("A line chat: one server, and clients that are terminals, nc or programs.")
  .showHelpAfterError("(--help lists the options)")
  .helpCommand(false);

program
  .command("serve")
  .description("run the server until Ctrl-C")
  .addOption(hostOption("the address to listen on; 0.0.0.0 is every one"))
  .addOption(portOption(0))
  .addOption(
    new Option("--web-port <port>", "the page's port")
      .default(DEFAULT_WEB_PORT)
      .env("SOCKEYE_CHAT_WEB_PORT")
      .argParser(integer(0, 65535)),
  )
  .option("--no-web", "no page, and no WebSocket")
  .option("--origin <name...>", "names that browsers may reach it by")
  .addOption(new Option("--history <file>", 'where messages are kept, or "memory"').env("SOCKEYE_CHAT_HISTORY"))
  .addOption(
    new Option("--bus <url>", "nats://host:4222, of several servers").env("SOCKEYE_CHAT_BUS").conflicts("history"),
  )
  .addOption(limitOption("--max-clients <n>", "people at a time", defaultLimits.maxClients))
  .addOption(limitOption("--max-line <bytes>", "longest line from a client", defaultLimits.maxLineLength, 64))
  .addOption(limitOption("--max-queue <bytes>", "what may wait for a slow client", defaultLimits.maxQueueBytes, 65536))
  .addOption(limitOption("--rate <lines>", "lines a second from one client", defaultLimits.linesPerSecond))
  .action(({ host, port, web, webPort, origin, history, bus, maxClients, maxLine, maxQueue, rate }) =>
    serve({
      host,
      port,
      webPort: web ? webPort : undefined,
      names: origin ?? [],
      history,
      bus,
      limits: { maxClients, maxLineLength: maxLine, maxQueueBytes: maxQueue, linesPerSecond: rate },
    }),
  );

program
  .command("join")
  .description("chat in this terminal")
  .option("--nick <name>", "your name; without it you are a guest", name)
  .option("--room <room>", "the room to go to, instead of the lobby", name)
  .addOption(hostOption("where the server is"))
  .addOption(portOption(1))
  .option("--tls", "encrypted, to a server with a certificate that is trusted")
  .option("--tls-ca <file>", "trust the certificates in this file (PEM); implies --tls")
  .addHelpText("after", "\nA password is asked for, or taken from SOCKEYE_CHAT_PASSWORD.")
  .action(({ tlsCa, tls, ...options }) =>
    join({
      ...options,
      password: process.env.SOCKEYE_CHAT_PASSWORD,
      tls: tlsCa === undefined ? tls : { ca: readFile(tlsCa, "--tls-ca") },
    }),
  );

program
  .command("find")
  .description("list the chats on this network")
  .addOption(new Option("--wait <ms>", "how long to wait for answers").default(1_000).argParser(integer(1, 60_000)))
  .action(find);

await program.parseAsync();
