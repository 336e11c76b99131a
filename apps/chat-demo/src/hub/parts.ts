/** A history in parts that a client can take. */
import type { Message } from "../protocol/events.ts";

/** What a message costs in a frame besides its text, in bytes. */
const FRAME_COST = 160;

/** The last messages that have no more than `size` bytes together. */
export function lastOf(messages: readonly Message[], size: number): readonly Message[] {
  let start = messages.length;
  for (let left = size; start > 0; start--) {
    left -= Buffer.byteLength(messages[start - 1]!.text) + FRAME_COST;
    if (left < 0) break;
  }
  return messages.slice(start);
}

/** The messages in order, in parts of about `size` bytes; one empty part for none. */
export function partsOf(messages: readonly Message[], size: number): Message[][] {
  const parts: Message[][] = [[]];
  let left = size;
  for (const message of messages) {
    const cost = Buffer.byteLength(message.text) + FRAME_COST;
    if (cost > left && parts.at(-1)!.length > 0) {
      parts.push([]);
      left = size;
    }
    left -= cost;
    parts.at(-1)!.push(message);
  }
  return parts;
}
