import { expect, test } from "vitest";
import { type Command, helpLines, parseCommand } from "./commands.ts";

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
  ["/history", { type: "history", count: undefined }],
  ["/history 50", { type: "history", count: 50 }],
  ["/history 0", { type: "invalid", problem: '"0" is no number of messages; usage: /history [N]' }],
  ["/history -1", { type: "invalid", problem: '"-1" is no number of messages; usage: /history [N]' }],
  ["/weather São Paulo", { type: "weather", place: "São Paulo" }],
  ["/weather", { type: "invalid", problem: "Usage: /weather PLACE" }],
  [`/weather ${"x".repeat(61)}`, { type: "invalid", problem: "A place has up to 60 characters" }],
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

test("the help has a line for each command and fits a terminal", () => {
  for (const name of ["join", "leave", "nick", "who", "msg", "me", "history", "weather", "help", "quit"]) {
    expect(helpLines.filter((line) => line.startsWith(`/${name}`))).toHaveLength(1);
  }
  for (const line of helpLines) expect(line.length).toBeLessThanOrEqual(77);
});
