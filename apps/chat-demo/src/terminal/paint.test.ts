import pc from "picocolors";
import { expect, it, test } from "vitest";
import type { Entry } from "../session/entry.ts";
import { clock, paintEntry, paintNick } from "./paint.ts";

const plain = pc.createColors(false);
const colors = pc.createColors(true);
const time = new Date(2026, 1, 3, 9, 5).getTime();
const message = (type: "said" | "acted", text: string): Entry => ({
  kind: "message",
  time,
  message: { type, id: 1, time, room: "tea", from: "ada", text },
});

test.each<[Entry, string]>([
  [message("said", "hello"), "ada: hello"],
  [message("acted", "waves"), "* ada waves"],
  [{ kind: "whisper", time, from: "ada", to: "bob", text: "psst" }, "[ada -> bob] psst"],
  [{ kind: "notice", time, text: "ada joined #tea" }, "-- ada joined #tea"],
  [{ kind: "problem", time, text: "no" }, "!! no"],
  [{ kind: "help", time, lines: ["/a", "/b"] }, "-- /a\n-- /b"],
  [message("said", "\x1b[2J\u202eevil"), "ada: \\x1b[2J\\u202eevil"],
  [{ kind: "notice", time, text: "\x07" }, "-- \\x07"],
])("%j", (entry, lines) => {
  expect(paintEntry(entry, { colors: plain, now: undefined }).join("\n")).toBe(lines);
});

it("has the time before messages, and the date when that is another", () => {
  expect(paintEntry(message("said", "x"), { colors: plain, now: time + 1_000 })).toEqual(["09:05 ada: x"]);
  expect(clock(time, time + 86_400_000)).toBe("2026-02-03 09:05");
});

it("gives a nickname the same colour in any spelling, and refusals red", () => {
  expect(paintNick("ada", colors)).toBe(paintNick("ada", colors));
  expect(paintNick("ADA", colors).replace("ADA", "ada")).toBe(paintNick("ada", colors));
  expect(paintEntry({ kind: "problem", time, text: "no" }, { colors, now: undefined })).toEqual([colors.red("!! no")]);
});
