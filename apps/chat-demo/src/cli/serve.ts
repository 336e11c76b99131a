/** `chat serve`: runs the server in a terminal. */
import { readFileSync } from "node:fs";
import { homedir, networkInterfaces } from "node:os";
import { isAbsolute, join } from "node:path";
import { type InetAddress, SocketError } from "@sockeye/socket-core";
import type { History } from "../history/history.ts";
import { MemoryHistory } from "../history/memory.ts";
import { TakenError } from "../history/owner.ts";
import { SqliteHistory } from "../history/sqlite.ts";
import { defaultLimits, type Limits } from "../hub/limits.ts";
import { type LogLevel, openLog } from "../operation/log.ts";
import { type Chat, isLoopback, startChat } from "../server.ts";
import { fail } from "./fail.ts";
import { onInterrupt } from "./interrupt.ts";
import { DEFAULT_HOST, DEFAULT_PORT } from "./place.ts";

/** What `--weather` takes for none. */
const OFF = "off";
/** What `--history` takes for no file. */
const MEMORY = "memory";

export interface ServeOptions {
  host: string;
  port: number;
  /** Undefined without a page. */
  webPort: number | undefined;
  /** Names by which browsers may reach it. */
  names: readonly string[];
  /** A file, or `memory`. */
  history: string | undefined;
  /** The cluster's NATS. */
  bus: string | undefined;
  password: string | undefined;
  /** A URL with a place for the place, or `off`. */
  weather: string;
  titles: boolean;
  /** Whether others find it by searching the network, and under which name. */
  beacon: boolean;
  name: string;
  /** Default: where everybody could see the packets anyway. */
  wire: boolean | undefined;
  /** Files in PEM. */
  tls: { cert: string; key: string } | undefined;
  logLevel: LogLevel;
  limits: Partial<Limits>;
}

/** Runs the chat until it is interrupted. */
export async function serve(options: ServeOptions): Promise<void> {
  const { host, port, webPort, names, bus, password, logLevel, titles } = options;
  let chat: Chat;
  try {
    const { limits, history } = openHistory(options);
    const log = openLog({ level: logLevel, fd: 2, isTerminal: process.stderr.isTTY });
    const weather = options.weather === OFF ? undefined : options.weather;
    const beacon = options.beacon && !isLoopback(host) ? options.name : undefined;
    // Packets hold the password, and what others say: without being told, only people of this machine may see them.
    const wire = options.wire ?? (isLoopback(host) && password === undefined);
    const tls = options.tls && { cert: readFileSync(options.tls.cert), key: readFileSync(options.tls.key) };
    chat = await startChat({
      address: host,
      port,
      webPort,
      names,
      limits,
      history,
      bus,
      password,
      tls,
      weather,
      titles,
      wire,
      beacon,
      log,
    });
  } catch (error) {
    return fail(whyNot(error, options), error);
  }
  console.log(banner(chat, options.tls !== undefined));
  onInterrupt(
    (signal) => {
      console.log("Saying goodbye. Ctrl-C again to end at once.");
      // Ctrl-C is a person's, who means it; the others are how a service is started again.
      void chat.close("the server is closing", { restart: signal !== "SIGINT" });
    },
    () => process.exit(130),
  );
}

/** Where messages are kept: unless somebody says otherwise, beside what other programs keep, for each port of its own. */
function openHistory(options: ServeOptions): { history: History | undefined; limits: Limits } {
  const { history, bus, port } = options;
  const limits = { ...defaultLimits, ...options.limits };
  if (bus !== undefined) return { limits, history: undefined };
  const place = history ?? (port === 0 ? MEMORY : join(stateFolder(), `history-${port}.sqlite`));
  return { limits, history: place === MEMORY ? new MemoryHistory(limits) : new SqliteHistory(place, limits) };
}

/** As the XDG Base Directory Specification has it. */
function stateFolder(): string {
  const { XDG_STATE_HOME: state } = process.env;
  return join(state !== undefined && isAbsolute(state) ? state : join(homedir(), ".local", "state"), "sockeye-chat");
}

function whyNot(error: unknown, options: ServeOptions): string | undefined {
  const { host, port, webPort, history, bus } = options;
  const { code } = error as { code?: unknown };
  if (bus !== undefined && !(error instanceof SocketError) && code === undefined) {
    return `--bus ${bus}: ${(error as Error).message}. Is NATS there, with JetStream on (nats-server --jetstream)?`;
  }
  if (
    options.tls !== undefined &&
    (isOpenSslError(error) || [options.tls.cert, options.tls.key].includes(String((error as { path?: unknown }).path)))
  ) {
    return `--tls ${options.tls.cert} ${options.tls.key}: ${(error as Error).message}. It takes a certificate and its key, in PEM.`;
  }
  if (error instanceof TakenError) return `${error.message}. Choose another file with --history.`;
  if ((error as Error).name === "SQLite3Error" || (error as { path?: unknown }).path !== undefined) {
    return `The history${history === undefined ? "" : ` ${history}`} cannot be kept: ${(error as Error).message}. See --history.`;
  }
  if ((error as { port?: unknown }).port === webPort && code === "EADDRINUSE") {
    return `Port ${webPort} of ${host} is taken. Choose another with --web-port, or go without with --no-web.`;
  }
  if (code === "EADDRINUSE") {
    return `Port ${port} of ${host} is taken. Choose another with --port, or stop the program that has it.`;
  }
  if (code === "EACCES") return `Port ${port} needs more rights. Choose one from 1024 on with --port.`;
  if (code === "EADDRNOTAVAIL") return `${host} is no address of this machine. Choose one with --host.`;
  if (error instanceof RangeError || error instanceof TypeError) return `--host ${host}: ${error.message}`;
  return error instanceof SocketError ? error.message : undefined;
}

/** How to join, for people on this machine and, where they can, on others. */
function banner({ address: listening, webPort, hasPage }: Chat, tls: boolean): string {
  const { address, port } = listening as InetAddress;
  const everywhere = address === "0.0.0.0" || address === "::";
  const here = everywhere ? (address === "::" ? "::1" : DEFAULT_HOST) : address;
  const hosts = [here];
  if (everywhere) {
    for (const list of Object.values(networkInterfaces())) {
      for (const { address: other, family, internal } of list ?? []) {
        if (!internal && family === "IPv4" && address === "0.0.0.0") hosts.push(other);
      }
    }
  }
  const flags = [
    ...(here === DEFAULT_HOST ? [] : [`--host ${here}`]),
    ...(port === DEFAULT_PORT ? [] : [`--port ${port}`]),
    ...(tls ? ["--tls"] : []),
  ];
  return [
    `The chat is on ${bracketed(address)}:${port}. Join it from another terminal:`,
    "",
    `  npm run chat -- ${["--nick ada", ...flags].join(" ")}`,
    ...hosts.map((host) =>
      tls ? `  openssl s_client -quiet -connect ${bracketed(host)}:${port}` : `  nc ${host} ${port}`,
    ),
    ...(webPort === undefined
      ? []
      : [
          "",
          hasPage ? "Or in a browser:" : "WebSockets are served at:",
          "",
          ...hosts.map((host) => `  ${tls ? "https" : "http"}://${bracketed(host)}:${webPort}/`),
        ]),
    "",
    "Ctrl-C ends it.",
  ].join("\n");
}

const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);

function isOpenSslError(error: unknown): boolean {
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  return name === "TlsError" || (typeof code === "string" && code.startsWith("ERR_OSSL_"));
}
