/** `chat join`: the terminal client. */
import { type OpenOptions, StreamError, TlsError } from "@sockeye/async-streams";
import { SocketError, TimeoutError } from "@sockeye/socket-core";
import pc from "picocolors";
import { fail } from "../cli/fail.ts";
import { onInterrupt } from "../cli/interrupt.ts";
import { nameKey } from "../protocol/name.ts";
import { printable } from "../protocol/text.ts";
import type { Change } from "../session/change.ts";
import { complete } from "../session/complete.ts";
import { type Connector, keepConnected } from "../session/connector.ts";
import type { Entry } from "../session/entry.ts";
import { paintEntry } from "./paint.ts";
import { askPassword } from "./password.ts";
import { promptOf } from "./prompt.ts";
import { openScreen, type Screen } from "./screen.ts";
import { CONNECT_TIMEOUT, connectTcp } from "./tcp.ts";

/** So many lines that are no frames come from something else than a chat. */
const MAX_STRANGE = 100;
const NO_CHAT = "What answers there is no chat server that this client understands.";
/** How long the server may take to answer `/quit`, in milliseconds. */
const QUIT_TIMEOUT = 1_000;

export interface JoinOptions {
  host: string;
  port: number;
  nick?: string | undefined;
  room?: string | undefined;
  password?: string | undefined;
  tls?: OpenOptions["tls"] | undefined;
}

/** Joins a chat and stays until the person or the server ends it; asks for the password when there is one. */
export async function join(options: JoinOptions): Promise<void> {
  let { password } = options;
  for (;;) {
    const end = await chat({ ...options, password });
    if (end.type === "failed") fail(end.advice, end.error);
    if (end.type !== "password") return;
    if (password !== undefined) console.error(printable(end.text));
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
      fail("The server asks for a password. Give it in SOCKEYE_CHAT_PASSWORD.", undefined);
      return;
    }
    password = await askPassword("Password: ", process.stdin, process.stderr);
    if (password === undefined) return;
  }
}

type End =
  | { type: "left" }
  | { type: "password"; text: string }
  | { type: "failed"; advice: string | undefined; error: unknown };

/** One session, from the first connection to its end. */
function chat(options: JoinOptions): Promise<End> {
  return new Promise((resolve) => {
    const colors = pc.createColors(
      pc.isColorSupported && (process.stdout.isTTY || process.env.FORCE_COLOR !== undefined),
    );
    let screen: Screen | undefined;
    let told = false;
    let strange = 0;
    let inputEnded = false;
    let welcomed = false;

    const connector: Connector = keepConnected({
      nick: options.nick,
      room: options.room,
      password: options.password,
      connect: (events) => connectTcp(options, events),
      failed(error) {
        // Without a chat to come back to, trying again is no help.
        if (screen === undefined) {
          finish({ type: "failed", advice: strange > 0 ? NO_CHAT : whyNot(error, options), error });
        } else if (!told && session.link.state !== "over") notice(`${whyLost(error)} Trying again.`);
        told = true;
      },
      // A server that waits for our first byte greets us in plain lines when it comes late.
      stranger() {
        if (session.link.state === "online" || ++strange < MAX_STRANGE) return;
        finish({ type: "failed", advice: NO_CHAT, error: undefined });
      },
      changed,
    });
    const { session } = connector;
    const forget = onInterrupt(leave, () => process.exit(130));
    connector.start();

    function changed(change: Change): void {
      switch (change.type) {
        case "link":
          linkChanged();
          break;
        case "room":
          if (!welcomed)
            notice(`Welcome, ${session.nick}. You are in #${session.room?.name}. /help lists the commands.`);
          welcomed = true;
          break;
        case "prepended":
          if (change.entries.length > 0) notice(`Before that, in #${change.room}:`);
          show(change);
          break;
        case "replaced":
          notice("Messages are missing here; /history shows older ones.");
          show({ room: change.room, entries: session.room?.entries ?? [] });
          break;
        case "appended":
          show(change);
          break;
        case "outbox":
          if (inputEnded && session.unacknowledged.length === 0) leave();
          break;
      }
      screen?.prompt(promptOf(session, colors));
    }

    function linkChanged(): void {
      const { link } = session;
      if (link.state === "online") {
        if (told) notice("Connected again.");
        told = false;
        screen ??= open();
      } else if (link.state === "waiting") {
        if (link.reason === undefined) return;
        notice(`${link.reason}. Trying again in ${Math.ceil((link.until - Date.now()) / 1_000)} s.`);
      } else if (link.state === "over") {
        if (link.why === "password") finish({ type: "password", text: link.text });
        else {
          notice(link.text);
          for (const { text } of session.unacknowledged) problem(`Not sent: ${text}`);
          finish({ type: "left" });
        }
      }
    }

    function open(): Screen {
      return openScreen({
        input: process.stdin,
        output: process.stdout,
        complete(line) {
          const { from, options: found } = complete(line, line.length, {
            people: session.people,
            rooms: session.rooms.map(({ name }) => name),
          });
          return [found.map(({ text }) => text), line.slice(from)];
        },
        onLine(line) {
          session.input(line);
          if (session.link.state !== "online" && session.unacknowledged.length > 0) {
            notice(`Kept until there is a connection: ${line}`);
          }
        },
        onEnd(interrupted) {
          inputEnded = true;
          // The end of a pipe: what was sent is still kept and answered.
          if (interrupted || session.unacknowledged.length === 0) leave();
        },
      });
    }

    function show({ room, entries }: { room: string; entries: readonly Entry[] }): void {
      if (session.room !== undefined && nameKey(room) !== nameKey(session.room.name)) return;
      const now = screen?.terminal ? Date.now() : undefined;
      for (const entry of entries) for (const line of paintEntry(entry, { colors, now })) print(line);
    }

    function notice(text: string): void {
      tell({ kind: "notice", time: Date.now(), text });
    }

    function problem(text: string): void {
      tell({ kind: "problem", time: Date.now(), text });
    }

    function tell(entry: Entry): void {
      for (const line of paintEntry(entry, { colors, now: undefined })) print(line);
    }

    function print(line: string): void {
      if (screen === undefined) console.log(line);
      else screen.show(line);
    }

    function leave(): void {
      screen?.close();
      session.input("/quit");
      setTimeout(() => session.leave("See you"), QUIT_TIMEOUT).unref();
    }

    function finish(end: End): void {
      connector.stop();
      screen?.close();
      forget();
      resolve(end);
    }
  });
}

function whyNot(error: unknown, { host, port, tls }: JoinOptions): string | undefined {
  const { code } = Object(error) as { code?: unknown };
  const elsewhere = "or say with --host and --port where it is";
  if (code === "ECONNREFUSED") {
    return `Nothing listens on ${host}:${port}. Start the chat with "npm start" first, ${elsewhere}.`;
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `There is no host "${printable(host)}". Check --host.`;
  if (error instanceof TimeoutError) return `${host}:${port} did not answer within ${CONNECT_TIMEOUT / 1_000} s.`;
  if (error instanceof TlsError) return `${host}:${port} cannot be trusted: ${error.message}. See --tls and --tls-ca.`;
  if (error instanceof StreamError) return NO_CHAT;
  if (error === undefined || error instanceof SocketError) {
    const why = error === undefined ? "it ended the connection" : error.message;
    return `Cannot chat on ${host}:${port}: ${why}${tls === undefined ? ". If it speaks TLS, say --tls" : ""}`;
  }
  return undefined;
}

function whyLost(error: unknown): string {
  if (error === undefined) return "The connection to the server ended.";
  return `The connection to the server broke: ${error instanceof Error ? error.message : String(error)}.`;
}
