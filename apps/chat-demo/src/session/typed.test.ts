import { expect, it, test } from "vitest";
import { readTyped, type Typed } from "./typed.ts";

test.each<[string, Typed]>([
  ["  ", { type: "nothing" }],
  ["hello ", { type: "say", text: "hello" }],
  ["//slash", { type: "say", text: "//slash" }],
  ["/me waves", { type: "say", text: "/me waves" }],
  ["/me", { type: "command", name: "me", text: "/me" }],
  ["/JOIN #Tea", { type: "join", text: "/JOIN #Tea", room: "Tea" }],
  ["/join", { type: "command", name: "join", text: "/join" }],
  ["/join a b", { type: "refused", problem: '"a b" is no name: use letters, digits, _ and -' }],
  ["/leave", { type: "join", text: "/leave", room: "lobby" }],
  ["/history 3", { type: "history" }],
  ["/msg ada psst", { type: "command", name: "msg", text: "/msg ada psst" }],
])("%j", (line, typed) => {
  expect(readTyped(line, 100)).toEqual(typed);
});

it("counts bytes, and not characters", () => {
  expect(readTyped("é".repeat(50), 100)).toMatchObject({ type: "say" });
  expect(readTyped("é".repeat(51), 100)).toEqual({
    type: "refused",
    problem: "Not sent: 102 bytes, and 100 are the most",
  });
});
