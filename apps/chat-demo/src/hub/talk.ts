/** What is said: by people to rooms and to each other, and by the server. */
import type { Bus, Draft } from "../bus/bus.ts";
import type { ChatEvent, Message } from "../protocol/events.ts";
import { nameKey } from "../protocol/name.ts";
import type { Activity } from "./activity.ts";
import { alone, type Cluster, type Whisper } from "./cluster.ts";
import type { Delivery } from "./delivery.ts";
import type { Directory } from "./directory.ts";
import type { Member } from "./member.ts";

/** What the server says by itself. Both may be missing, and fail in words for people or not at all. */
export interface Helpers {
  weather?: ((place: string) => Promise<string>) | undefined;
  titles?: ((text: string) => Promise<readonly string[]>) | undefined;
}

/** What talk works on; all of it is the hub's. */
export interface TalkParts {
  readonly bus: Bus;
  readonly directory: Directory;
  readonly delivery: Delivery;
  readonly activity: Activity<Member>;
  readonly helpers: Helpers;
}

export class Talk {
  readonly #bus: Bus;
  readonly #directory: Directory;
  readonly #delivery: Delivery;
  readonly #activity: Activity<Member>;
  readonly #helpers: Helpers;
  cluster: Cluster = alone;
  /** What was said here since the start, and what of it could not be kept. */
  readonly counts = { said: 0, refused: 0 };

  constructor({ bus, directory, delivery, activity, helpers }: TalkParts) {
    this.#bus = bus;
    this.#directory = directory;
    this.#delivery = delivery;
    this.#activity = activity;
    this.#helpers = helpers;
    bus.listen((message, key, origin) => this.#said(message, key, origin as Member | undefined));
  }

  /** Says something in a room. A key is the client's name for it, in case that it says it again. */
  say(member: Member, draft: Omit<Draft, "key">, key: string | undefined): void {
    member.saying++;
    this.counts.said++;
    this.#bus.publish({ ...draft, key }, member).then(
      (id) => {
        member.saying--;
        if (key !== undefined && member.room !== undefined) this.#delivery.tell(member, { type: "ack", key, id });
      },
      () => {
        member.saying--;
        this.counts.refused++;
        const text = "What you said could not be kept; say it again";
        if (member.room !== undefined) {
          this.#delivery.tell(member, {
            type: "problem",
            code: "unavailable",
            text,
            ...(key !== undefined && { key }),
          });
        }
      },
    );
  }

  /** Lets what a member has said be heard, before it does something else. */
  settle(member: Member): void {
    if (member.saying > 0) this.#bus.flush();
  }

  /** Something was said, by a member of this server or of another one. */
  #said(message: Message, key: string | undefined, origin: Member | undefined): void {
    const members = this.#directory.in(message.room);
    // Who speaks lines sees already what it said; who speaks frames is told its place, and which one it is.
    const told = origin?.channel.frames ? key !== undefined : message.type === "said";
    const apart = told && origin !== undefined && members.has(origin) ? origin : undefined;
    this.#delivery.deliver(members, message, apart);
    if (apart?.channel.frames) this.#delivery.tell(apart, { ...message, key: key! });
    if (origin !== undefined && this.#helpers.titles !== undefined) void this.#title(message);
    this.#activity.happened(nameKey(message.room), message.room, message.id);
  }

  /** Says something to one person, wherever in the cluster. */
  whisper(member: Member, to: string, text: string): void {
    const receiver = this.#directory.named(to);
    const neighbour = this.#directory.neighbours.named(to);
    if (receiver !== undefined) {
      const event: ChatEvent = { type: "whispered", from: member.nick, to: receiver.nick, text };
      this.#delivery.deliver(receiver === member ? [member] : [receiver, member], event);
    } else if (neighbour !== undefined) {
      const whisper = { from: member.nick, to: neighbour.nick, text };
      this.cluster.whisper(neighbour.server, whisper);
      this.#delivery.tell(member, { type: "whispered", ...whisper });
    } else {
      const problem = `Nobody here is called ${to}; /who lists who is here`;
      this.#delivery.tell(member, { type: "problem", code: "nick", text: problem });
    }
  }

  /** Somebody on another server whispers to somebody here. */
  hear({ from, to, text }: Whisper): void {
    const receiver = this.#directory.named(to);
    if (receiver !== undefined) this.#delivery.tell(receiver, { type: "whispered", from, to: receiver.nick, text });
  }

  /** Tells a room something, on all servers. */
  notice(room: string, text: string): void {
    this.hearNotice(room, text);
    this.cluster.notice(room, text);
  }

  /** The same for the people of this server. */
  hearNotice(room: string, text: string): void {
    this.#delivery.publish(room, { type: "notice", text });
  }

  async #title({ room, text }: Message): Promise<void> {
    for (const title of (await this.#helpers.titles?.(text)) ?? []) this.notice(room, `Link: ${title}`);
  }

  /** Tells a room the weather, or the member why not. */
  async weather(member: Member, room: string, place: string): Promise<void> {
    const { weather } = this.#helpers;
    let problem = "This server does not know the weather";
    try {
      if (weather !== undefined) {
        this.notice(room, await weather(place));
        return;
      }
    } catch (error) {
      problem = (error as Error).message;
    }
    if (member.room !== undefined) this.#delivery.tell(member, { type: "problem", code: "command", text: problem });
  }
}
