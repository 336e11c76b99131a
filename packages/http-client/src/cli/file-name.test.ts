import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dispositionFileName, safeFileName } from "./file-name.ts";

describe("a safe name", () => {
  test.each([
    ["report.pdf", "report.pdf"],
    ["two words.txt", "two words.txt"],
    ["Grüße.txt", "Grüße.txt"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Windows\\system.ini", "system.ini"],
    ["/etc/cron.d/x", "x"],
    ["..", null],
    [".", null],
    ["", null],
    ["dir/", null],
    [".bashrc", "bashrc"],
    ["...hidden", "hidden"],
    [" .ssh ", "ssh"],
    ["name. . ", "name"],
    ["a\u0000b\nc\u001b[2J.txt", "abc[2J.txt"],
    ["exe.\u202egpj", "exe.gpj"],
    ["-rf", "_rf"],
    ["~root", "_root"],
    ["a:b|c?.txt", "a_b_c_.txt"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["console.log", "console.log"],
    ["e\u0301.txt", "é.txt"],
  ])("of %j is %j", (suggested, expected) => expect(safeFileName(suggested)).toBe(expected));

  test("of one that is too long keeps its extension, and no half characters", () => {
    const name = safeFileName(`${"ü".repeat(500)}.tar`)!;
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    expect(name).toMatch(/^ü+\.tar$/);
    expect(safeFileName(`x.${"y".repeat(5000)}`)).toHaveLength(200);
    expect(safeFileName("😀".repeat(100))).toMatch(/^(😀)+$/u);
  });

  test("of anything at all is one, and is its own safe name", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."ab./\\ -~:\u0000\u202e\ud800é😀"), maxLength: 300 }),
        (text) => {
          const name = safeFileName(text);
          if (name === null) return;
          expect(name).not.toMatch(/[/\\\p{Cc}\p{Cf}]|^[.\s~-]|[.\s]$/u);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255 - ".part.json".length);
          expect(safeFileName(name)).toBe(name);
        },
      ),
    );
  });
});

describe("Content-Disposition", () => {
  test.each([
    ["attachment", null],
    ['attachment; filename="plain.txt"', "plain.txt"],
    ["attachment; filename=token.txt", "token.txt"],
    ["inline;FileName = spaced.txt ; x=y", "spaced.txt"],
    ['attachment; filename="a \\"quoted\\" \\\\ name.txt"', 'a "quoted" \\ name.txt'],
    ['attachment; filename="semi;colon=1.txt"', "semi;colon=1.txt"],
    ["attachment; filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt"],
    ["attachment; filename*=iso-8859-1'en'%A3%20rates", "£ rates"],
    ["attachment; filename=\"EURO.txt\"; filename*=utf-8''%e2%82%ac.txt", "€.txt"],
    ["attachment; filename*=utf-8''%e2%82%ac.txt; filename=\"EURO.txt\"", "€.txt"],
    // What cannot be decoded is passed over, and the plain name counts.
    ["attachment; filename=ok.txt; filename*=utf-8''%ff", "ok.txt"],
    ["attachment; filename=ok.txt; filename*=utf-16''%00a", "ok.txt"],
    ["attachment; filename=ok.txt; filename*=nonsense", "ok.txt"],
    ["attachment; filename=first; filename=second", "first"],
    [`attachment; filename="${Buffer.from("Grüße").toString("latin1")}"`, "Grüße"],
    ['attachment; filename="\u00e9t\u00e9"', "été"],
    ['attachment; filename="unterminated', null],
    ["", null],
  ])("%s", (header, expected) => expect(dispositionFileName(header)).toBe(expected));

  test("of anything at all gives a name or none", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."filename*=\"\\;'% utf-8ab\u00ff") }), (text) => {
        const name = dispositionFileName(`attachment; filename${text}`);
        expect(name === null || typeof name === "string").toBe(true);
      }),
    );
    // No pattern here goes back and forth.
    dispositionFileName(`attachment; filename="${"\\".repeat(100_000)}`);
    dispositionFileName(`attachment;${" ".repeat(100_000)}`);
    dispositionFileName(`attachment; filename*=utf-8''${"%41".repeat(100_000)}%`);
  });
});
