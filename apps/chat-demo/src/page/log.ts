/** The messages of a room: it follows the newest, unless somebody reads further up. */
import type { Entry } from "../session/entry.ts";
import type { Session } from "../session/session.ts";
import { dayName, isSameDay, shortTime } from "./clock.ts";
import { h, icon } from "./dom.ts";
import { entryView, faceOf, nameOf, textOf } from "./entry-view.ts";

/** Pixels from the end that still count as reading the newest. */
const NEAR_END = 48;
/** Pixels from the beginning at which older messages are asked for. */
const NEAR_START = 240;

export interface Log {
  readonly element: HTMLElement;
  /** Another room, or everything of this one is new. */
  reset(): void;
  append(entries: readonly Entry[]): void;
  prepend(entries: readonly Entry[]): void;
  /** What waits for the server has changed. */
  updatePending(): void;
  toEnd(): void;
}

export function createLog(session: Session): Log {
  const older = h("p", { class: "older" });
  const list = h("div", { class: "entries" });
  const pending = h("div", { class: "pending-entries" });
  const inner = h("div", { class: "inner" }, older, list, pending);
  const log = h("div", { class: "log", role: "log", tabindex: "0", "aria-live": "polite" }, inner);
  const toEndButton = h("button", { type: "button", class: "button to-end", hidden: true });
  const element = h("div", { class: "log-wrap" }, log, toEndButton);

  let last: Entry | undefined;
  let first: Entry | undefined;
  let unseen = 0;
  let following = true;

  const atEnd = (): boolean => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
  const toEnd = (): void => {
    following = true;
    unseen = 0;
    toEndButton.hidden = true;
    log.scrollTop = log.scrollHeight;
  };

  /** The elements of an entry, with the day before it where one begins. */
  function views(entry: Entry, before: Entry | undefined): HTMLElement[] {
    const isNewDay = before === undefined || !isSameDay(before.time, entry.time);
    const view = entryView(entry, isNewDay ? undefined : before);
    return isNewDay ? [h("div", { class: "day" }, dayName(entry.time, Date.now())), view] : [view];
  }

  function block(entries: readonly Entry[], before: Entry | undefined): DocumentFragment {
    const fragment = document.createDocumentFragment();
    let previous = before;
    for (const entry of entries) {
      fragment.append(...views(entry, previous));
      previous = entry;
    }
    return fragment;
  }

  function showOlder(): void {
    const { room, loadingOlder } = session;
    older.textContent = loadingOlder
      ? "Loading older messages …"
      : room !== undefined && !room.more && room.entries.length > 0
        ? `This is where #${room.name} begins.`
        : "";
  }

  /** The session has forgotten the oldest entries, so that what stands here no longer begins where it asks for more. */
  const isStale = (): boolean => first !== session.room?.entries[0];

  log.addEventListener("scroll", () => {
    following = atEnd();
    if (following) {
      unseen = 0;
      toEndButton.hidden = true;
    }
    if (log.scrollTop < NEAR_START && isStale()) {
      self.reset();
      return;
    }
    if (log.scrollTop < NEAR_START && log.scrollHeight > log.clientHeight) {
      session.loadOlder();
      showOlder();
    }
  });
  toEndButton.addEventListener("click", () => {
    toEnd();
    log.focus();
  });
  new ResizeObserver(() => {
    if (following) toEnd();
  }).observe(log);

  const self: Log = {
    element,
    toEnd,
    reset() {
      const entries = session.room?.entries ?? [];
      log.setAttribute("aria-label", `Messages in #${session.room?.name ?? ""}`);
      // A screen reader is not told again what the room already had.
      log.setAttribute("aria-busy", "true");
      list.replaceChildren(block(entries, undefined));
      first = entries[0];
      last = entries.at(-1);
      self.updatePending();
      showOlder();
      toEnd();
      requestAnimationFrame(() => log.removeAttribute("aria-busy"));
    },
    append(entries) {
      if (entries.length === 0) return;
      const follow = following;
      list.append(block(entries, last));
      first ??= entries[0];
      last = entries.at(-1);
      self.updatePending();
      showOlder();
      if (follow) {
        if (isStale()) self.reset();
        toEnd();
        return;
      }
      unseen += entries.filter(({ kind }) => kind === "message" || kind === "whisper").length;
      if (unseen > 0) {
        toEndButton.hidden = false;
        toEndButton.replaceChildren(
          icon("M10 4v12M5 11l5 5 5-5"),
          `${unseen} new ${unseen === 1 ? "message" : "messages"}`,
        );
      }
    },
    prepend(entries) {
      log.setAttribute("aria-busy", "true");
      const height = log.scrollHeight;
      const top = log.scrollTop;
      // What was first may belong under the name and day of what comes before it now.
      if (first !== undefined && entries.length > 0) {
        if (list.firstElementChild?.classList.contains("day")) list.firstElementChild.remove();
        list.firstElementChild?.remove();
        list.prepend(block([...entries, first], undefined));
      } else {
        list.prepend(block(entries, undefined));
      }
      first = entries[0] ?? first;
      last ??= entries.at(-1);
      showOlder();
      log.scrollTop = top + (log.scrollHeight - height);
      requestAnimationFrame(() => log.removeAttribute("aria-busy"));
    },
    updatePending() {
      const follow = following;
      const nick = session.nick ?? "you";
      pending.replaceChildren(
        ...session.pending.map(({ text, time }) =>
          h(
            "div",
            { class: "entry first pending" },
            faceOf(nick),
            h("div", { class: "head" }, nameOf(nick), h("span", { class: "sending" }, `sending · ${shortTime(time)}`)),
            h("div", { class: "text" }, textOf(text.replace(/^\/\//, "/"))),
          ),
        ),
      );
      if (follow) toEnd();
    },
  };
  return self;
}
