import pc from "picocolors";
import { expect, it, test } from "vitest";
import { paintLine, paintNick } from "./paint.ts";

const colors = pc.createColors(true);

test.each([
  ["ada: hello", `${paintNick("ada", colors)}: hello`],
  ["* ada waves", `* ${paintNick("ada", colors)} waves`],
  ["[ada -> bob] psst", `[${paintNick("ada", colors)} -> bob] psst`],
  ["-- ada joined #tea", colors.dim("-- ada joined #tea")],
  ["!! No", colors.red("!! No")],
])("paints %j", (line, painted) => {
  expect(paintLine(line, colors)).toBe(painted);
  expect(painted).toContain("\x1b[");
  expect(paintLine(line, pc.createColors(false))).toBe(line);
});

it("has several colours for names, and always the same one for a name", () => {
  const escapes = ["ada", "bob", "eve", "mallory"].map((nick) => paintNick(nick, colors).replace(nick, ""));
  expect(new Set(escapes).size).toBeGreaterThan(1);
  expect(paintNick("ada", colors)).toBe(paintNick("ada", colors));
});
