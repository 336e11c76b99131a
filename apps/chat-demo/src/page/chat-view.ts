/** The page once somebody has joined: it shows what the session knows, and passes on what the person does. */
import { nameKey } from "../protocol/name.ts";
import { printable } from "../protocol/text.ts";
import type { Change } from "../session/change.ts";
import type { Session } from "../session/session.ts";
import { createComposer } from "./composer.ts";
import { createConnectionBar } from "./connection-bar.ts";
import { h, icon } from "./dom.ts";
import { createLog } from "./log.ts";
import { createSide } from "./side.ts";
import { createTabs } from "./tabs.ts";
import { createWireTab } from "./wire-tab.ts";

export interface ChatViewOptions {
  readonly session: Session;
  readonly onRetry: () => void;
  readonly onRejoin: () => void;
}

export interface ChatView {
  readonly element: HTMLElement;
  changed(change: Change): void;
  /** Shows a room, and joins it if need be. */
  goTo(room: string): void;
  /** Bytes of the Wire view. */
  packets(bytes: Uint8Array): void;
  focus(): void;
}

const stateWords = { connecting: "Connecting", online: "Connected", waiting: "No connection", over: "Left" } as const;

export function createChatView({ session, onRetry, onRejoin }: ChatViewOptions): ChatView {
  let missed = 0;
  const log = createLog(session);
  const composer = createComposer({
    known: () => ({ people: session.people, rooms: session.rooms.map(({ name }) => name) }),
    onLine(line) {
      log.toEnd();
      session.input(line);
    },
    onProblem: (text) => session.refuse(text),
  });
  const side = createSide({
    session,
    onRoom: (name) => goTo(name),
    onPerson(nick) {
      closeDrawer();
      tabs.select("chat");
      if (nameKey(nick) !== nameKey(session.nick ?? "")) composer.begin(`/msg ${nick} `);
      else composer.begin("/nick ");
    },
  });
  const bar = createConnectionBar(session, onRetry, onRejoin);
  const wire = createWireTab(session);

  const title = h("h1");
  const about = h("span", { class: "about" });
  const stateWord = h("span", { class: "word" });
  const status = h("span", { class: "status", role: "status" }, stateWord);
  const pip = h("span", { class: "pip", hidden: true });
  const menu = h(
    "button",
    { type: "button", class: "button quiet menu-button", "aria-controls": "side", "aria-expanded": "false" },
    icon("M3.5 5.5h13M3.5 10h13M3.5 14.5h13"),
    h("span", { class: "only-heard" }, "Rooms and people"),
    pip,
  );
  const scrim = h("div", { class: "scrim", hidden: true });
  const chatPanel = h("section", { class: "panel" }, log.element, composer.element);
  const tabs = createTabs(
    [
      { id: "chat", label: "Chat", panel: chatPanel },
      { id: "wire", label: "Wire", panel: wire.element },
    ],
    (id) => wire.show(id === "wire"),
  );
  const element = h(
    "div",
    {},
    h("a", { class: "skip", href: "#composer" }, "Skip to writing"),
    h(
      "div",
      { class: "frame" },
      side.element,
      scrim,
      h("header", { class: "bar" }, menu, title, about, h("span", { class: "gap" }), status, tabs.element),
      h("main", {}, h("div", { class: "stage" }, bar.element, chatPanel, wire.element)),
    ),
  );

  function goTo(name: string): void {
    closeDrawer();
    tabs.select("chat");
    if (nameKey(name.replace(/^#/, "")) !== nameKey(session.room?.name ?? "")) session.input(`/join ${name}`);
    composer.focus();
  }

  function openDrawer(): void {
    side.element.classList.add("open");
    scrim.hidden = false;
    menu.setAttribute("aria-expanded", "true");
    side.element.querySelector<HTMLElement>("button")?.focus();
  }

  function closeDrawer(): boolean {
    if (!side.element.classList.contains("open")) return false;
    side.element.classList.remove("open");
    scrim.hidden = true;
    menu.setAttribute("aria-expanded", "false");
    menu.focus();
    return true;
  }

  /** The room that a step has asked for, and the one that it was asked in. */
  let asked: { to: string; from: string | undefined } | undefined;

  function step(by: number): void {
    const rooms = session.rooms;
    const here = session.room?.name;
    // The server has not answered yet: a second step goes on from where the first one leads.
    const from = asked !== undefined && asked.from === here ? asked.to : here;
    const at = rooms.findIndex((room) => room.name === from);
    const to = rooms[(at + by + rooms.length) % rooms.length];
    if (to === undefined) return;
    asked = { to: to.name, from: here };
    goTo(to.name);
  }

  function updateTitle(): void {
    const name = session.room?.name;
    if (asked?.from !== name) asked = undefined;
    title.replaceChildren("#", h("bdi", {}, printable(name ?? " …")));
    const count = session.people.length + session.morePeople;
    about.textContent = count === 0 ? "" : count === 1 ? "only you" : `${count} people`;
    document.title = `${missed > 0 ? `(${missed}) ` : ""}${name === undefined ? "" : `#${name} · `}Sockeye chat`;
    pip.hidden = !session.rooms.some(({ unread }) => unread);
  }

  menu.addEventListener("click", openDrawer);
  scrim.addEventListener("click", closeDrawer);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    missed = 0;
    updateTitle();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !element.isConnected) return;
    const { key, altKey, ctrlKey, metaKey, target } = event;
    const writing = target instanceof HTMLElement && target.closest("input, textarea") !== null;
    if (key === "Escape") {
      if (!closeDrawer() && !wire.escape()) composer.focus();
    } else if (altKey && (key === "ArrowUp" || key === "ArrowDown")) step(key === "ArrowUp" ? -1 : 1);
    else if ((ctrlKey || metaKey) && key.toLowerCase() === "k") side.focusRoomField();
    else if (key === "/" && !writing && !ctrlKey && !metaKey && !altKey) {
      tabs.select("chat");
      composer.begin("/");
    } else return;
    event.preventDefault();
  });

  function changed(change: Change): void {
    switch (change.type) {
      case "link":
        status.dataset.state = session.link.state;
        stateWord.textContent = stateWords[session.link.state];
        bar.update();
        break;
      case "self":
        side.updateSelf();
        side.updatePeople();
        break;
      case "people":
        side.updatePeople();
        updateTitle();
        break;
      case "rooms":
        side.updateRooms();
        updateTitle();
        break;
      case "room":
        missed = 0;
        log.reset();
        composer.setRoom(session.room?.name ?? "");
        side.updateRooms();
        side.updatePeople();
        updateTitle();
        break;
      case "outbox":
        log.updatePending();
        bar.update();
        break;
      case "replaced":
        if (change.room === session.room?.name) log.reset();
        break;
      case "appended":
        if (session.room !== undefined && change.room !== session.room.name) break;
        log.append(change.entries);
        if (document.hidden) {
          missed += change.entries.filter(({ kind }) => kind === "message" || kind === "whisper").length;
          updateTitle();
        }
        break;
      case "prepended":
        if (change.room === session.room?.name) log.prepend(change.entries);
        break;
      case "wire":
        wire.changed();
        break;
    }
  }
  for (const type of ["link", "self"] as const) changed({ type });
  updateTitle();
  composer.setRoom(session.room?.name ?? "");
  return { element, changed, goTo, packets: wire.packets, focus: composer.focus };
}
