/** What servers tell each other of a message, as bytes. */
import type { Message } from "../protocol/events.ts";
import type { Draft } from "./bus.ts";

type Said = Omit<Draft, "key">;

export function encodeSaid({ type, room, from, text }: Said, key: string | undefined): Uint8Array {
  return Buffer.from(JSON.stringify({ type, room, from, text, key }));
}

/** Undefined for what is no message of ours. Never throws. */
export function decodeSaid(
  bytes: Uint8Array,
): { message: Omit<Message, "id" | "time">; key: string | undefined } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch {
    return undefined;
  }
  const { type, room, from, text, key } = Object(value) as Record<string, unknown>;
  if (type !== "said" && type !== "acted") return undefined;
  if (typeof room !== "string" || typeof from !== "string" || typeof text !== "string") return undefined;
  if (key !== undefined && typeof key !== "string") return undefined;
  return { message: { type, room, from, text }, key };
}
