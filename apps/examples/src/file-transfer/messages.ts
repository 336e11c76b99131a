/**
 * What the two sides say to each other: JSON values, one a line, and the content of the file between two of them.
 *
 *     sender                                receiver
 *     offer { name, size }             →
 *                                      ←    have { length }      so much is there of an earlier try
 *     prefix { sha256 }                →                         of the first `length` bytes
 *                                      ←    go { from }          `length` where the hashes agree, else 0
 *     size - from bytes                →
 *     end { sha256 }                   →                         of the whole file
 *                                      ←    received
 *
 * In place of each of its messages, and while content arrives, the receiver may say `refused { reason }` and end.
 */
import {
  type ByteStream,
  type Framed,
  framed,
  IncompleteReadError,
  jsonLines,
  ProtocolError,
  type StandardSchema,
} from "@sockeye/async-streams";
import type { WaitOptions } from "@sockeye/socket-core";

/** Everything that is said. */
export type Message =
  | { type: "offer"; name: string; size: number }
  | { type: "have"; length: number }
  | { type: "prefix"; sha256: string }
  | { type: "go"; from: number }
  | { type: "end"; sha256: string }
  | { type: "received" }
  | { type: "refused"; reason: string };

/** The longest message, in bytes. */
const MAX_MESSAGE = 4_096;

type Check = [expected: string, holds: (value: unknown) => boolean];

const count: Check = ["a whole number of bytes", (value) => Number.isSafeInteger(value) && (value as number) >= 0];
const sha256: Check = ["64 hexadecimal digits", (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value)];
/** Names and reasons are shown on terminals, which control characters could steer. */
const text: Check = ["text without control characters", (value) => typeof value === "string" && !/\p{C}/u.test(value)];

const fields: Record<Message["type"], Record<string, Check>> = {
  offer: { name: text, size: count },
  have: { length: count },
  prefix: { sha256 },
  go: { from: count },
  end: { sha256 },
  received: {},
  refused: { reason: text },
};

const schema: StandardSchema<Message> = {
  "~standard": {
    version: 1,
    vendor: "sockeye-examples",
    validate(value) {
      const { type } = Object(value);
      if (typeof type !== "string" || !Object.hasOwn(fields, type))
        return { issues: [{ message: "is no message of a transfer", path: ["type"] }] };
      const message: Record<string, unknown> = { type };
      for (const [name, [expected, holds]] of Object.entries(fields[type as Message["type"]])) {
        message[name] = Object(value)[name];
        if (!holds(message[name])) return { issues: [{ message: `must be ${expected}`, path: [name] }] };
      }
      return { value: message as Message };
    },
  },
};

/** The receiver does not want the file; `message` is its reason. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

export type Messages = Framed<Message>;

/** The messages of a connection; between two of them its reader and writer carry content. */
export function messagesOf(stream: ByteStream): Messages {
  return framed(stream, jsonLines(schema, { maxLength: MAX_MESSAGE }));
}

/** The next message, which has to be of a type. Rejects with RefusedError, IncompleteReadError or as reads do. */
export async function expectMessage<T extends Message["type"]>(
  messages: Messages,
  type: T,
  options: WaitOptions,
): Promise<Extract<Message, { type: T }>> {
  const message = await messages.receive(options);
  if (message === null) throw new IncompleteReadError(Buffer.alloc(0), null);
  if (message.type === "refused") throw new RefusedError(message.reason);
  if (message.type !== type) throw new ProtocolError(`The peer said "${message.type}" where "${type}" was expected`);
  return message as Extract<Message, { type: T }>;
}
