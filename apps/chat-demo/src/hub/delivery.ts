/** Gives events to clients: the bytes of each kind of client are made once, however many receive them. */
import type { ChatEvent } from "../protocol/events.ts";
import type { Encode } from "./channel.ts";
import type { Directory } from "./directory.ts";
import type { Member } from "./member.ts";

/** In a room with more people than this nobody is told who comes and goes: it would be most of what one reads there. */
const MAX_ANNOUNCED = 100;

export class Delivery {
  /** Events and bytes since the start. */
  deliveries = 0;
  bytes = 0;
  readonly #directory: Directory;
  readonly #drop: (member: Member) => void;
  #slow: Member[] = [];
  #dropping = false;

  /** `drop` puts out a member that has no room for more; it may deliver what the others are told of that. */
  constructor(directory: Directory, drop: (member: Member) => void) {
    this.#directory = directory;
    this.#drop = drop;
  }

  deliver(receivers: Iterable<Member>, event: ChatEvent, except?: Member): void {
    const encoded = new Map<Encode, Uint8Array>();
    for (const member of receivers) {
      if (member === except) continue;
      const { channel } = member;
      let bytes = encoded.get(channel.encode);
      if (bytes === undefined) {
        bytes = channel.encode(event);
        encoded.set(channel.encode, bytes);
      }
      if (bytes.length === 0) continue;
      this.deliveries++;
      this.bytes += bytes.length;
      if (!channel.send(bytes)) this.#slow.push(member);
    }
    if (this.#slow.length > 0) this.#dropSlow();
  }

  /** To one person. */
  tell(member: Member, event: ChatEvent): void {
    this.deliver([member], event);
  }

  /** To everybody in a room who is on this server, but for one. */
  publish(room: string, event: ChatEvent, except?: Member): void {
    this.deliver(this.#directory.in(room), event, except);
  }

  /** The same for comings and goings, where they are worth telling. */
  announce(room: string, event: ChatEvent, except?: Member): void {
    if (this.#directory.sizeOf(room) <= MAX_ANNOUNCED) this.publish(room, event, except);
  }

  /** That one has left is told to the others, and may be too much for the next one: a loop, not a recursion. */
  #dropSlow(): void {
    if (this.#dropping) return;
    this.#dropping = true;
    for (let member = this.#slow.pop(); member !== undefined; member = this.#slow.pop()) this.#drop(member);
    this.#dropping = false;
  }
}
