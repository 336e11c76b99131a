/** What stands before what is being typed: the room, what is new elsewhere, and whether there is a connection. */
import { printable } from "../protocol/text.ts";
import type { Session } from "../session/session.ts";
import { type Colors, paintNick } from "./paint.ts";

/** More rooms than these are told as a number. */
const MAX_NAMED = 2;

type Shown = Pick<Session, "link" | "nick" | "room" | "rooms" | "unacknowledged">;

/** `#tea +lobby ada> ` */
export function promptOf({ link, nick, room, rooms, unacknowledged }: Shown, colors: Colors): string {
  const news = rooms.filter(({ unread }) => unread).map(({ name }) => printable(name));
  const elsewhere = news.length > MAX_NAMED ? [`${news.length} rooms`] : news;
  const parts = [
    room !== undefined && colors.bold(`#${printable(room.name)}`),
    ...elsewhere.map((name) => colors.yellow(`+${name}`)),
    link.state !== "online" &&
      colors.red(unacknowledged.length > 0 ? `offline, ${unacknowledged.length} unsent` : "offline"),
    paintNick(nick ?? "", colors),
  ];
  return `${parts.filter(Boolean).join(" ")}> `;
}
