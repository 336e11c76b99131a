/** One entry of the log as elements. */
import { printable } from "../protocol/text.ts";
import type { Entry } from "../session/entry.ts";
import { nickHue } from "../session/nick-hue.ts";
import { fullTime, isSameDay, shortTime } from "./clock.ts";
import { type Child, h } from "./dom.ts";
import { splitLinks } from "./link.ts";

/** Messages of one person within so many milliseconds stand under one name. */
const GROUP = 5 * 60_000;

/** What somebody wrote: text, with links to the web. It keeps its direction to itself. */
export function textOf(text: string): HTMLElement {
  const parts = splitLinks(printable(text)).map(
    ({ text: piece, href }): Child =>
      href === undefined ? piece : h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, piece),
  );
  return h("bdi", {}, ...parts);
}

/** A name in its colour. */
export const nameOf = (nick: string): HTMLElement =>
  h("bdi", { class: "from", "data-hue": nickHue(nick) }, printable(nick));

function timeOf(time: number): HTMLTimeElement {
  return h("time", { datetime: new Date(time).toISOString(), title: fullTime(time) }, shortTime(time));
}

export function faceOf(nick: string): HTMLElement {
  const [letter = "?"] = printable(nick);
  return h("span", { class: "face", "data-hue": nickHue(nick), "aria-hidden": "true" }, letter.toLocaleUpperCase());
}

const authorOf = (entry: Entry | undefined): string | undefined =>
  entry?.kind === "message" && entry.message.type === "said" ? entry.message.from : undefined;

/** Whether an entry goes on where the one before stopped: the same person, soon after. */
function continues(before: Entry | undefined, entry: Entry): boolean {
  const from = authorOf(entry);
  return (
    before !== undefined &&
    from !== undefined &&
    from === authorOf(before) &&
    entry.time - before.time < GROUP &&
    isSameDay(entry.time, before.time)
  );
}

/** An entry; under the name of the one before when it continues that. */
export function entryView(entry: Entry, before: Entry | undefined): HTMLElement {
  switch (entry.kind) {
    case "message": {
      const { from, text, type } = entry.message;
      if (type === "acted") {
        const what = h("span", { class: "what" }, nameOf(from), " ", textOf(text));
        return h(
          "div",
          { class: "entry first act" },
          faceOf(from),
          h("div", { class: "text" }, what, " ", timeOf(entry.time)),
        );
      }
      if (!continues(before, entry)) return person("", from, entry.time, [nameOf(from)], textOf(text));
      return h(
        "div",
        { class: "entry" },
        h("span", { class: "side-time" }, timeOf(entry.time)),
        h("div", { class: "text" }, h("span", { class: "only-heard" }, `${printable(from)}: `), textOf(text)),
      );
    }
    case "whisper": {
      const tag = h("span", { class: "tag" }, "whisper to ", h("bdi", {}, printable(entry.to)));
      return person("whisper", entry.from, entry.time, [nameOf(entry.from), tag], textOf(entry.text));
    }
    case "notice":
      return h("div", { class: "line" }, h("span", {}, textOf(entry.text)), timeOf(entry.time));
    case "problem":
      return h("div", { class: "line problem" }, textOf(entry.text));
    case "help":
      return h("div", { class: "line help" }, entry.lines.map(printable).join("\n"));
  }
}

function person(kind: string, from: string, time: number, head: Child[], text: HTMLElement): HTMLElement {
  return h(
    "div",
    { class: `entry first ${kind}` },
    faceOf(from),
    h("div", { class: "head" }, ...head, timeOf(time)),
    h("div", { class: "text" }, text),
  );
}
