/** The column of rooms and people; a drawer on a phone. */
import { nameKey } from "../protocol/name.ts";
import { printable } from "../protocol/text.ts";
import { nickHue } from "../session/nick-hue.ts";
import type { Session } from "../session/session.ts";
import { h } from "./dom.ts";
import { themeButton } from "./theme.ts";

export interface SideOptions {
  readonly session: Session;
  readonly onRoom: (name: string) => void;
  readonly onPerson: (nick: string) => void;
}

export interface Side {
  readonly element: HTMLElement;
  updateRooms(): void;
  updatePeople(): void;
  updateSelf(): void;
  focusRoomField(): void;
}

export function createSide({ session, onRoom, onPerson }: SideOptions): Side {
  const rooms = h("ul", { id: "rooms" });
  const people = h("ul", { id: "people" });
  const peopleTitle = h("h2", { id: "people-title" }, "People");
  const roomField = h("input", {
    class: "field",
    "aria-label": "Join another room",
    placeholder: "Join another room",
    autocapitalize: "none",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "64",
  });
  const addRoom = h("form", { class: "add-room" }, roomField);
  addRoom.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = roomField.value.trim();
    if (name === "") return;
    roomField.value = "";
    onRoom(name);
  });
  const own = h("bdi", { class: "name" });
  const ownDot = h("span", { class: "dot" });

  const element = h(
    "aside",
    { class: "side", id: "side", "aria-label": "Rooms and people" },
    h("div", { class: "brand" }, h("img", { class: "mark", src: "icon.svg", alt: "" }), "Sockeye chat"),
    h("nav", { "aria-label": "Rooms" }, h("h2", {}, "Rooms"), rooms, addRoom),
    h("section", { class: "people", "aria-labelledby": "people-title" }, peopleTitle, people),
    h("footer", {}, h("span", { class: "only-heard" }, "You are "), ownDot, own, themeButton()),
  );

  return {
    element,
    focusRoomField: () => roomField.focus(),
    updateRooms() {
      const focused = document.activeElement?.closest("#rooms [data-room]")?.getAttribute("data-room");
      rooms.replaceChildren(
        ...session.rooms.map((room) => {
          const current = room === session.room;
          const row = h(
            "button",
            {
              type: "button",
              class: room.unread ? "row unread" : "row",
              "aria-current": current ? "true" : undefined,
              "data-room": nameKey(room.name),
            },
            h("span", { class: "hash", "aria-hidden": "true" }, "#"),
            h("bdi", { class: "name" }, printable(room.name)),
            room.unread
              ? h("span", { class: "badge" }, "new", h("span", { class: "only-heard" }, " messages"))
              : room.size !== undefined &&
                  h("span", { class: "count" }, String(room.size), h("span", { class: "only-heard" }, " people")),
          );
          row.addEventListener("click", () => onRoom(room.name));
          return h("li", {}, row);
        }),
      );
      if (focused !== undefined)
        rooms.querySelector<HTMLElement>(`[data-room="${CSS.escape(focused ?? "")}"]`)?.focus();
    },
    updatePeople() {
      const nicks = session.people;
      peopleTitle.textContent = `People · ${nicks.length + session.morePeople}`;
      const ownKey = nameKey(session.nick ?? "");
      people.replaceChildren(
        ...nicks.map((nick) => {
          const isOwn = nameKey(nick) === ownKey;
          const row = h(
            "button",
            { type: "button", class: "row", title: isOwn ? undefined : `Whisper to ${printable(nick)}` },
            h("span", { class: "dot", "data-hue": nickHue(nick), "aria-hidden": "true" }),
            h("bdi", { class: "name" }, printable(nick)),
            isOwn && h("span", { class: "you" }, "you"),
          );
          row.addEventListener("click", () => onPerson(nick));
          return h("li", {}, row);
        }),
        ...(session.morePeople > 0 ? [h("li", { class: "row" }, `and ${session.morePeople} more`)] : []),
      );
    },
    updateSelf() {
      const nick = session.nick ?? "";
      own.textContent = printable(nick);
      own.dataset.hue = ownDot.dataset.hue = String(nickHue(nick));
    },
  };
}
