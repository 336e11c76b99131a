import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type ChatEvent, type Command, formatEvent, parseCommand, parseLine } from "./protocol.ts";

const commands: [string, Command][] = [
  ["hello", { type: "say", text: "hello" }],
  ["  hello  there ", { type: "say", text: "hello  there" }],
  ["", { type: "nothing" }],
  ["   ", { type: "nothing" }],
  ["//etc/hosts", { type: "say", text: "/etc/hosts" }],
  ["/join tea", { type: "join", room: "tea" }],
  ["/join #tea", { type: "join", room: "tea" }],
  ["/JOIN tea", { type: "join", room: "tea" }],
  ["/join", { type: "invalid", problem: "Usage: /join ROOM" }],
  ["/join two words", { type: "invalid", problem: '"two words" is no name: use letters, digits, _ and -' }],
  ["/leave", { type: "leave" }],
  ["/nick ada", { type: "nick", nick: "ada" }],
  ["/nick", { type: "invalid", problem: "Usage: /nick NAME" }],
  [`/nick ${"a".repeat(30)}`, { type: "invalid", problem: "The name has 30 characters; 24 are the most" }],
  ["/who", { type: "who", room: undefined }],
  ["/who tea", { type: "who", room: "tea" }],
  ["/msg bob how are you", { type: "whisper", to: "bob", text: "how are you" }],
  ["/msg bob", { type: "invalid", problem: "Usage: /msg NAME TEXT" }],
  ["/msg", { type: "invalid", problem: "Usage: /msg NAME TEXT" }],
  ["/me waves", { type: "act", text: "waves" }],
  ["/me", { type: "invalid", problem: "Usage: /me TEXT" }],
  ["/help", { type: "help" }],
  ["/quit", { type: "quit", reason: undefined }],
  ["/quit tea time", { type: "quit", reason: "tea time" }],
  ["/constructor", { type: "invalid", problem: "There is no command /constructor; /help lists them" }],
  ["/", { type: "invalid", problem: "There is no command /; /help lists them" }],
  ["\x1b[2J", { type: "say", text: "\\x1b[2J" }],
  ["/me \x07rings", { type: "act", text: "\\x07rings" }],
];

test.each(commands)("parses %j", (line, command) => {
  expect(parseCommand(line)).toEqual(command);
});

const events: [ChatEvent, string[]][] = [
  [
    { type: "welcome", nick: "guest-1", room: "lobby", others: 0 },
    ["-- Welcome, guest-1. You are in #lobby, nobody else is here. /help lists the commands."],
  ],
  [{ type: "said", from: "ada", text: "hi: there" }, ["ada: hi: there"]],
  [{ type: "acted", from: "ada", text: "waves" }, ["* ada waves"]],
  [{ type: "whispered", from: "ada", to: "bob", text: "psst" }, ["[ada -> bob] psst"]],
  [{ type: "joined", nick: "ada", room: "tea" }, ["-- ada joined #tea"]],
  [{ type: "left", nick: "ada", room: "tea", reason: undefined }, ["-- ada left #tea"]],
  [{ type: "left", nick: "ada", room: "tea", reason: "bye" }, ["-- ada left #tea (bye)"]],
  [{ type: "renamed", from: "ada", to: "eve" }, ["-- ada is now eve"]],
  [{ type: "named", nick: "eve" }, ["-- You are now eve"]],
  [{ type: "entered", room: "tea", others: 1 }, ["-- You are in #tea, one other is here"]],
  [{ type: "people", room: "tea", nicks: ["ada", "bob"], more: 3 }, ["-- In #tea: ada, bob and 3 more"]],
  [{ type: "people", room: "tea", nicks: [], more: 0 }, ["-- In #tea: nobody"]],
  [{ type: "rooms", rooms: [{ room: "tea", size: 2 }], more: 0 }, ["-- Rooms: #tea (2)"]],
  [{ type: "problem", text: "No" }, ["!! No"]],
  [{ type: "goodbye", reason: "see you" }, ["-- Goodbye: see you"]],
];

test.each(events)("formats %j", (event, lines) => {
  expect(formatEvent(event)).toEqual(lines);
});

test("the help has a line for each command and fits a terminal", () => {
  const lines = formatEvent({ type: "help" });
  for (const name of ["join", "leave", "nick", "who", "msg", "me", "help", "quit"]) {
    expect(lines.filter((line) => line.startsWith(`-- /${name}`))).toHaveLength(1);
  }
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

describe("parseLine", () => {
  test.each([
    ["ada: hi", { type: "speech", before: "", from: "ada", after: ": hi" }],
    ["* ada waves", { type: "speech", before: "* ", from: "ada", after: " waves" }],
    ["[ada -> bob] psst", { type: "speech", before: "[", from: "ada", after: " -> bob] psst" }],
    ["-- ada joined #tea", { type: "notice", text: "-- ada joined #tea", nick: undefined, goodbye: false }],
    ["-- You are now eve", { type: "notice", text: "-- You are now eve", nick: "eve", goodbye: false }],
    ["-- Goodbye: see you", { type: "notice", text: "-- Goodbye: see you", nick: undefined, goodbye: true }],
    ["!! No", { type: "problem", text: "!! No" }],
  ])("takes %j apart", (line, shown) => {
    expect(parseLine(line)).toEqual(shown);
  });

  it("learns the client's name from the welcome", () => {
    const [line] = formatEvent({ type: "welcome", nick: "guest-7", room: "lobby", others: 2 });
    expect(parseLine(line!)).toMatchObject({ type: "notice", nick: "guest-7" });
  });
});

it("never lets what somebody says look like a word of the server's", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (line) => {
      const command = parseCommand(line);
      if (command.type !== "say" && command.type !== "act") return;
      const type = command.type === "say" ? "said" : "acted";
      const lines = formatEvent({ type, from: "ada", text: command.text });
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toMatch(/\p{Cc}/u);
      expect(parseLine(lines[0]!)).toMatchObject({ type: "speech", from: "ada" });
    }),
  );
});
