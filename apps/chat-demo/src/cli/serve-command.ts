/** The command line of the server. */
import { hostname } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { defaultLimits, type Limits } from "../hub/limits.ts";
import { DEFAULT_WEATHER_URL } from "../lookups/weather.ts";
import { LOG_LEVELS } from "../operation/log.ts";
import { checkName } from "../protocol/name.ts";
import { hostOption, integer, portOption } from "./options.ts";
import { DEFAULT_WEB_PORT } from "./place.ts";
import { serve } from "./serve.ts";

const MAX = 2 ** 31 - 1;

/** A limit that is changed so rarely that the README is the place to read about it. */
const limitOption = (flag: string, value: number, min = 1): Option =>
  new Option(flag).default(value).argParser(integer(min, MAX)).hideHelp();

/** `--web-port` is `SOCKEYE_CHAT_WEB_PORT` in the environment. */
const variable = (option: Option): string => `SOCKEYE_CHAT_${option.name().replaceAll("-", "_").toUpperCase()}`;

/** Makes a command the one that runs the server. */
export function serveCommand(command: Command): void {
  const options = [
    hostOption("the address to listen on; 0.0.0.0 is every one"),
    portOption(0),
    new Option("--web-port <port>", "the page's port").default(DEFAULT_WEB_PORT).argParser(integer(0, 65535)),
    new Option("--no-web", "no page, and no WebSocket"),
    new Option("--origin <name...>", "names that browsers may reach it by"),
    new Option("--history <file>", 'where messages are kept, or "memory"'),
    new Option("--bus <url>", "nats://host:4222, of several servers").conflicts("history"),
    new Option("--password <text>", "what people must know to get in"),
    new Option("--tls <files...>", "a certificate and its key, in PEM"),
    new Option("--weather <url>", 'who answers /weather, or "off"')
      .default(DEFAULT_WEATHER_URL, "wttr.in")
      .argParser(weatherUrl),
    new Option("--titles", "tell the titles of linked pages").default(false),
    new Option("--wire", "show everybody's packets (if only local and open)"),
    new Option("--no-wire", "show none"),
    new Option("--no-beacon", 'not to be found by "chat find"'),
    new Option("--name <name>").default(machineName()).argParser(beaconName).hideHelp(),
    new Option("--log <level>", "how much is told").choices(LOG_LEVELS).default("info"),
    limitOption("--max-clients <n>", defaultLimits.maxClients),
    limitOption("--max-line <bytes>", defaultLimits.maxLineLength, 64),
    limitOption("--max-queue <bytes>", defaultLimits.maxQueueBytes, 65_536),
    limitOption("--rate <lines>", defaultLimits.linesPerSecond),
    new Option("--limit <name=value...>").argParser(limitNamed).default({}).hideHelp(),
  ];
  command.description("run the server until Ctrl-C");
  for (const option of options) {
    // It must have its variable before the command has it.
    if (option.required && !option.variadic) option.env(variable(option));
    command.addOption(option);
  }
  command
    .configureHelp({
      optionDescription: ({ description, defaultValue, defaultValueDescription }) =>
        typeof (defaultValue ?? false) === "boolean"
          ? description
          : `${description} (${defaultValueDescription ?? defaultValue})`,
    })
    .addHelpText(
      "after",
      "Limits: --max-clients, --max-line, --max-queue, --rate, --limit; see the README.\nOptions with a value are variables too: --web-port is SOCKEYE_CHAT_WEB_PORT.",
    )
    .action(({ web, webPort, origin, tls, log, maxClients, maxLine, maxQueue, rate, limit, ...options }) =>
      serve({
        ...options,
        webPort: web ? webPort : undefined,
        names: origin ?? [],
        tls: tlsFiles(tls, command),
        logLevel: log,
        limits: { maxClients, maxLineLength: maxLine, maxQueueBytes: maxQueue, linesPerSecond: rate, ...limit },
      }),
    );
}

function weatherUrl(text: string): string {
  if (text !== "off" && !(/^https?:\/\//.test(text) && text.includes("{place}"))) {
    throw new InvalidArgumentError('Expected an http or https URL with {place}, or "off".');
  }
  return text;
}

/** The first part of the machine's name, as far as it is one that the chat has. */
function machineName(): string {
  const checked = checkName(hostname().split(".")[0] ?? "");
  return "name" in checked ? checked.name : "chat";
}

function beaconName(text: string): string {
  const checked = checkName(text);
  if ("problem" in checked) throw new InvalidArgumentError(`${checked.problem}.`);
  return checked.name;
}

/** Any limit by its name in `limits.ts`. */
function limitNamed(text: string, before: Partial<Limits>): Partial<Limits> {
  const [name = "", value = ""] = text.split("=");
  if (!Object.hasOwn(defaultLimits, name)) {
    throw new InvalidArgumentError(`Expected NAME=VALUE with one of ${Object.keys(defaultLimits).join(", ")}.`);
  }
  return { ...before, [name]: integer(1, MAX)(value) };
}

function tlsFiles(files: string[] | undefined, command: Command): { cert: string; key: string } | undefined {
  if (files === undefined) return undefined;
  const [cert, key, ...more] = files;
  if (cert === undefined || key === undefined || more.length > 0) {
    command.error(`error: option '--tls <files...>' takes a certificate and its key; got ${files.length} files`);
  }
  return { cert, key };
}
