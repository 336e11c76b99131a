import fc from "fast-check";
import { expect, it, test } from "vitest";
import { parseCommand } from "./commands.ts";
import type { ChatEvent } from "./events.ts";
import { formatEvent } from "./plain-lines.ts";

const message = { id: 1, time: 0, room: "tea", from: "ada" };

const events: [ChatEvent, string[]][] = [
  [
    { type: "welcome", nick: "guest-1", room: "lobby", others: 0 },
    ["-- Welcome, guest-1. You are in #lobby, nobody else is here. /help lists the commands."],
  ],
  [{ type: "said", ...message, text: "hi: there" }, ["ada: hi: there"]],
  [{ type: "acted", ...message, text: "waves" }, ["* ada waves"]],
  [{ type: "whispered", from: "ada", to: "bob", text: "psst" }, ["[ada -> bob] psst"]],
  [{ type: "joined", nick: "ada", room: "tea" }, ["-- ada joined #tea"]],
  [{ type: "left", nick: "ada", room: "tea", reason: undefined }, ["-- ada left #tea"]],
  [{ type: "left", nick: "ada", room: "tea", reason: "bye" }, ["-- ada left #tea (bye)"]],
  [{ type: "renamed", from: "ada", to: "eve" }, ["-- ada is now eve"]],
  [{ type: "named", nick: "eve" }, ["-- You are now eve"]],
  [{ type: "entered", room: "tea", others: 1 }, ["-- You are in #tea, one other is here"]],
  [{ type: "people", room: "tea", nicks: ["ada", "bob"], more: 3 }, ["-- In #tea: ada, bob and 3 more"]],
  [{ type: "people", room: "tea", nicks: [], more: 0 }, ["-- In #tea: nobody"]],
  [{ type: "rooms", rooms: [{ room: "tea", size: 2, last: 7 }], more: 0 }, ["-- Rooms: #tea (2)"]],
  [{ type: "problem", code: "command", text: "No" }, ["!! No"]],
  [{ type: "notice", text: "Rain" }, ["-- Rain"]],
  [{ type: "goodbye", reason: "see you" }, ["-- Goodbye: see you"]],
];

test.each(events)("formats %j", (event, lines) => {
  expect(formatEvent(event)).toEqual(lines);
});

it("never lets what somebody says look like a word of the server's", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (line) => {
      const command = parseCommand(line);
      if (command.type !== "say" && command.type !== "act") return;
      const type = command.type === "say" ? "said" : "acted";
      const lines = formatEvent({ type, ...message, text: command.text });
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toMatch(/\p{Cc}/u);
      expect(lines[0]).toMatch(/^(\* ada |ada: )/);
    }),
  );
});
