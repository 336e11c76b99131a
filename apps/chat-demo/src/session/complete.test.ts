import { expect, test } from "vitest";
import { complete } from "./complete.ts";

const known = { people: ["ada", "Adele", "bob", "Зоя"], rooms: ["lobby", "tea", "tee-ater"] };
const texts = (line: string, cursor = line.length): string[] =>
  complete(line, cursor, known).options.map(({ text }) => text);

test.each([
  ["/j", ["/join "]],
  ["/", expect.arrayContaining(["/join ", "/nick ", "/me ", "/quit "])],
  ["/JO", ["/join "]],
  ["/join ", ["lobby", "tea", "tee-ater"]],
  ["/join #te", ["tea", "tee-ater"]],
  ["/join tea", []],
  ["/msg a", ["ada ", "Adele "]],
  ["/msg ada he", []],
  ["ad", ["ada: ", "Adele: "]],
  ["hello ad", ["ada ", "Adele "]],
  ["hello @b", ["bob "]],
  ["зо", ["Зоя: "]],
  ["a", []],
  ["", []],
  ["hello", []],
  ["//join", []],
])("%j", (line, options) => {
  expect(texts(line)).toEqual(options);
});

test("the word that ends at the cursor is replaced, and what follows is left", () => {
  expect(complete("say ad there", 6, known)).toEqual({
    from: 4,
    options: [
      { text: "ada ", hint: "" },
      { text: "Adele ", hint: "" },
    ],
  });
  expect(complete("/j", 2, known).options[0]!.hint).toMatch(/^ROOM – go to another room/);
});
