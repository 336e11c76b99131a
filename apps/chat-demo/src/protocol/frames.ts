/**
 * The chat as JSON frames, for programs: text frames over WebSocket, or JSON lines over TCP. Both directions, with
 * checks, and nothing that a browser lacks.
 */
import type { ChatEvent, ProblemCode } from "./events.ts";

/** What `hello` says and `welcome` answers. */
export const FRAME_VERSION = 1;
/** Rooms that `hello` may ask to be brought up to date. */
export const MAX_AFTER_ROOMS = 32;
/** Messages that one `history` frame asks for. */
export const MAX_HISTORY_LIMIT = 200;

/** A key is chosen at random by the client, so that nobody else can use it up: `crypto.randomUUID()` is one. */
const keyPattern = /^[\w-]{16,64}$/;
const MAX_PASSWORD_LENGTH = 1_024;
const MAX_FILTER_LENGTH = 1_024;

/** From a client. The first one is `hello`, and there is no other. */
export type ClientFrame =
  | HelloFrame
  /** A line as `nc` sends it: a command, or what is said. With a key, `ack` says when it is kept. */
  | { type: "line"; text: string; key?: string }
  /** Asks for messages before an id, or for the last ones. */
  | { type: "history"; room: string; before?: number; limit: number }
  /** Turns the Wire view of this connection on or off. `filter` is a pcap-filter within the chat's own ports. */
  | { type: "wire"; on: boolean; filter?: string }
  | { type: "ping" };

export interface HelloFrame {
  type: "hello";
  version: number;
  nick?: string;
  room?: string;
  password?: string;
  /**
   * A random key of the client's own, the same on each of its connections: the one before is ended if the server still
   * has it, and its place is taken.
   */
  client?: string;
  /** The id of the last message seen, by room: on entering it, what came since then is sent, each message once. */
  after?: Readonly<Record<string, number>>;
}

/** What the server can do for this client. */
export interface Features {
  readonly wire: boolean;
  readonly weather: boolean;
  readonly titles: boolean;
}

/**
 * To a client: the events of the chat, and what belongs to the connection. Some are worth a word:
 *
 * - Who said something gets its own message too, in its place in the room, with the key that it was sent with.
 * - `ack`: the message is kept, in the history and in that of the cluster. A repeated key gets the same answer.
 * - `history` comes unasked for on entering a room: what came after the id that `hello` gave, else the last messages.
 *   It may take several frames; the last one has everything up to now.
 * - `activity` comes at most once a second for a room.
 */
export type ServerFrame =
  | {
      type: "welcome";
      version: number;
      nick: string;
      room: string;
      others: number;
      /** The name of the server, to tell those of a cluster apart. */
      server: string;
      /** The longest line, in bytes. */
      maxLine: number;
      features: Features;
    }
  | Exclude<ChatEvent, { type: "welcome" } | { type: "help" } | { type: "left" }>
  | { type: "left"; nick: string; room: string; reason?: string }
  | { type: "help"; lines: readonly string[] }
  /** `dropped`: so many packets were left out because this client reads too slowly. */
  | { type: "wire"; state: "on" | "off" | "refused"; reason?: string; dropped?: number }
  | { type: "pong" };

/** A frame, or what is wrong with it. */
export type FrameResult<T> = { frame: T } | { problem: string };

type Fields = Readonly<Record<string, unknown>>;

function objectOf(text: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown, max = Number.POSITIVE_INFINITY): value is string =>
  typeof value === "string" && value.length <= max;
const isKey = (value: unknown): value is string => typeof value === "string" && keyPattern.test(value);
const keyWords = "16 to 64 letters, digits, _ and -, chosen at random";
const wrong = (field: string, expected: string): { problem: string } => ({
  problem: `The frame's "${field}" is wrong: expected ${expected}`,
});

/** What a client sent, checked. Never throws. Names and texts are checked by those who use them. */
export function parseClientFrame(text: string): FrameResult<ClientFrame> {
  const fields = objectOf(text);
  if (fields === undefined) return { problem: "That is no frame: expected a JSON object" };
  const { type, nick, room, password, client, after, key, limit, before, on, filter, version } = fields;
  switch (type) {
    case "hello":
      if (version !== FRAME_VERSION) return wrong("version", `${FRAME_VERSION}`);
      if (nick !== undefined && !isText(nick)) return wrong("nick", "a string");
      if (room !== undefined && !isText(room)) return wrong("room", "a string");
      if (password !== undefined && !isText(password, MAX_PASSWORD_LENGTH)) {
        return wrong("password", `a string of up to ${MAX_PASSWORD_LENGTH} characters`);
      }
      if (client !== undefined && !isKey(client)) return wrong("client", keyWords);
      if (after !== undefined && !isAfter(after)) {
        return wrong("after", `an object of up to ${MAX_AFTER_ROOMS} ids, each under the name of its room`);
      }
      return {
        frame: {
          type,
          version,
          ...(nick !== undefined && { nick }),
          ...(room !== undefined && { room }),
          ...(password !== undefined && { password }),
          ...(client !== undefined && { client }),
          ...(after !== undefined && { after }),
        },
      };
    case "line": {
      const { text: line } = fields;
      if (!isText(line)) return wrong("text", "a string");
      if (key !== undefined && !isKey(key)) return wrong("key", keyWords);
      return { frame: { type, text: line, ...(key !== undefined && { key }) } };
    }
    case "history":
      if (!isText(room)) return wrong("room", "a string");
      if (!isId(limit) || limit < 1 || limit > MAX_HISTORY_LIMIT) return wrong("limit", `1 to ${MAX_HISTORY_LIMIT}`);
      if (before !== undefined && !isId(before)) return wrong("before", "the id of a message");
      return { frame: { type, room, limit, ...(before !== undefined && { before }) } };
    case "wire":
      if (typeof on !== "boolean") return wrong("on", "true or false");
      if (filter !== undefined && !isText(filter, MAX_FILTER_LENGTH)) {
        return wrong("filter", `a string of up to ${MAX_FILTER_LENGTH} characters`);
      }
      return { frame: { type, on, ...(filter !== undefined && { filter }) } };
    case "ping":
      return { frame: { type } };
    default:
      return wrong("type", "hello, line, history, wire or ping");
  }
}

function isAfter(value: unknown): value is Record<string, number> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const ids = Object.values(value);
  return ids.length <= MAX_AFTER_ROOMS && ids.every(isId);
}

const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every((item) => isText(item));
const isMessage = (value: unknown): boolean => {
  const { type, ...fields } = Object(value) as Fields;
  return (type === "said" || type === "acted") && has(fields, messageFields);
};
const isListedRoom = (value: unknown): boolean =>
  has(Object(value) as Fields, { room: isText, size: isId, last: isId });
const isOptionalText = (value: unknown): boolean => value === undefined || isText(value);
const isOptionalId = (value: unknown): boolean => value === undefined || isId(value);
const isBoolean = (value: unknown): boolean => typeof value === "boolean";

type Checks = Readonly<Record<string, (value: unknown) => boolean>>;
const messageFields: Checks = { id: isId, time: isId, room: isText, from: isText, text: isText };
const problemCodes: readonly ProblemCode[] = ["frame", "command", "nick", "password", "unavailable"];

/** The fields of each frame to a client. One that this version does not know is no error: it is passed over. */
const serverFrames: Readonly<Record<ServerFrame["type"], Checks>> = {
  welcome: {
    version: isId,
    nick: isText,
    room: isText,
    others: isId,
    server: isText,
    maxLine: isId,
    features: (value) => has(Object(value) as Fields, { wire: isBoolean, weather: isBoolean, titles: isBoolean }),
  },
  said: { ...messageFields, key: isOptionalText },
  acted: { ...messageFields, key: isOptionalText },
  whispered: { from: isText, to: isText, text: isText },
  joined: { nick: isText, room: isText },
  left: { nick: isText, room: isText, reason: isOptionalText },
  renamed: { from: isText, to: isText },
  named: { nick: isText },
  entered: { room: isText, others: isId },
  people: { room: isText, nicks: isStrings, more: isId },
  rooms: { rooms: (value) => Array.isArray(value) && value.every(isListedRoom), more: isId },
  notice: { text: isText },
  help: { lines: isStrings },
  problem: {
    code: (value) => problemCodes.includes(value as ProblemCode),
    text: isText,
    key: isOptionalText,
    wait: isOptionalId,
  },
  goodbye: { reason: isText, restart: (value) => value === undefined || value === true },
  ack: { key: isText, id: isId },
  history: {
    room: isText,
    messages: (value) => Array.isArray(value) && value.every(isMessage),
    more: isBoolean,
    gap: (value) => value === undefined || isBoolean(value),
  },
  activity: { room: isText, id: isId },
  wire: {
    state: (value) => value === "on" || value === "off" || value === "refused",
    reason: isOptionalText,
    dropped: isOptionalId,
  },
  pong: {},
};

function has(fields: Fields, checks: Checks): boolean {
  return Object.entries(checks).every(([name, check]) => check(fields[name]));
}

/** What a server sent, checked. Never throws. A type that is unknown here is a problem that a client may pass over. */
export function parseServerFrame(text: string): FrameResult<ServerFrame> {
  const fields = objectOf(text);
  if (fields === undefined) return { problem: "That is no frame: expected a JSON object" };
  const { type } = fields;
  if (typeof type !== "string" || !Object.hasOwn(serverFrames, type)) return { problem: "The frame's type is unknown" };
  if (!has(fields, serverFrames[type as ServerFrame["type"]])) return { problem: `The fields of "${type}" are wrong` };
  return { frame: fields as unknown as ServerFrame };
}
