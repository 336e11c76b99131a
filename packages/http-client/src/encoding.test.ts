import iconv from "iconv-lite";
import { describe, expect, it, test } from "vitest";
import { decodeText, detectEncoding, encodingFromHeader, guessJsonUtf, parseContentType } from "./encoding.ts";
import { textStream } from "./text-stream.ts";

describe("Content-Type", () => {
  test.each<[string, string, Record<string, string>]>([
    ["application/json", "application/json", {}],
    ["application/json;charset=utf-8", "application/json", { charset: "utf-8" }],
    ["text/plain", "text/plain", {}],
    [
      "multipart/form-data; boundary = something ; boundary2='something_else' ; no_equals ",
      "multipart/form-data",
      { boundary: "something", boundary2: "something_else", no_equals: "" },
    ],
    ['multipart/form-data; boundary = "a;b" ; x', "multipart/form-data", { boundary: "a;b", x: "" }],
    ["TEXT/HTML; CharSet=ISO-8859-5", "text/html", { charset: "ISO-8859-5" }],
    ["text/plain ; ; ", "text/plain", {}],
  ])("%j", (header, type, parameters) => {
    const parsed = parseContentType(header);
    expect([parsed.type, { ...parsed.parameters }]).toEqual([type, parameters]);
  });
  test.each<[string | null, string | null]>([
    [null, null],
    ["text/html", "ISO-8859-1"],
    ["text/html; charset=utf-8", "utf-8"],
    ["text/html; charset='cp1251'", "cp1251"],
    ["application/json", "utf-8"],
    ["application/problem+json", "utf-8"],
    ["application/octet-stream", null],
    ["image/png", null],
  ])("%j means %s", (header, charset) => expect(encodingFromHeader(header)).toBe(charset));
});

describe("decodeText", () => {
  const c1 = Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i);
  it("reads 0x80–0x9F of windows-1252 right on every Node.js", () => {
    const expected = [
      0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d,
      0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d,
      0x17e, 0x178,
    ];
    for (const label of ["windows-1252", "cp1252", "CP1252", "x-cp1252"])
      expect([...decodeText(c1, label)].map((c) => c.codePointAt(0))).toEqual(expected);
  });
  it("reads 0x80–0x9F of Latin-1 as Python does", () => {
    for (const label of ["iso-8859-1", "ISO-8859-1", "latin1", "latin-1", "ISO_8859-1", "l1"]) {
      expect([...decodeText(c1, label)].map((c) => c.codePointAt(0))).toEqual([...c1]);
    }
  });
  test.each<[string, number[], string]>([
    ["utf-8", [0xc3, 0xa9], "é"],
    ["utf8", [0xef, 0xbb, 0xbf, 0x61], "a"],
    ["utf-8-sig", [0xef, 0xbb, 0xbf, 0x61], "a"],
    ["utf-8", [0x61, 0xff], "a\ufffd"],
    ["ascii", [0x61, 0xe9], "a\ufffd"],
    ["utf-16le", [0x61, 0], "a"],
    ["utf-16-be", [0, 0x61], "a"],
    ["utf-16", [0xfe, 0xff, 0, 0x61], "a"],
    ["utf-16", [0xff, 0xfe, 0x61, 0], "a"],
    ["utf-32", [0xff, 0xfe, 0, 0, 0x61, 0, 0, 0], "a"],
    ["utf-32", [0, 0, 0xfe, 0xff, 0, 0, 0, 0x61], "a"],
    ["utf-32-be", [0, 1, 0xf6, 0], "😀"],
    ["utf-32-le", [0, 0xd8, 0, 0, 0x61], "\ufffd\ufffd"],
    ["windows-1251", [0xcf, 0xf0], "Пр"],
    ["koi8-r", [0xf0], "П"],
    ["shift_jis", [0x82, 0xa0], "あ"],
    ["euc-jp", [0xa4, 0xa2], "あ"],
    ["gbk", [0xc4, 0xe3], "你"],
    ["big5", [0xa7, 0x41], "你"],
    ["iso-8859-15", [0xa4], "€"],
    ["cp437", [0x81], "ü"],
  ])("%s", (charset, bytes, text) => expect(decodeText(Uint8Array.from(bytes), charset)).toBe(text));
  it("says what it does not know", () =>
    expect(() => decodeText(new Uint8Array(), "klingon-1")).toThrow(/charset "klingon-1" is not known/));
});

describe("JSON in any UTF", () => {
  const text = '{"a":"é😀"}';
  const swap = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();
  const utf32 = (little: boolean): Buffer =>
    Buffer.concat(
      [...text].map((c) => {
        const word = Buffer.alloc(4);
        if (little) word.writeUInt32LE(c.codePointAt(0)!);
        else word.writeUInt32BE(c.codePointAt(0)!);
        return word;
      }),
    );
  const le = Buffer.from(text, "utf16le");
  test.each<[string, Buffer]>([
    ["utf-8", Buffer.from(text)],
    ["utf-8-sig", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])],
    ["utf-16-le", le],
    ["utf-16-be", swap(le)],
    ["utf-16", Buffer.concat([Buffer.from([0xff, 0xfe]), le])],
    ["utf-16", Buffer.concat([Buffer.from([0xfe, 0xff]), swap(le)])],
    ["utf-32-le", utf32(true)],
    ["utf-32-be", utf32(false)],
    ["utf-32", Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), utf32(true)])],
    ["utf-32", Buffer.concat([Buffer.from([0, 0, 0xfe, 0xff]), utf32(false)])],
  ])("%s", (charset, bytes) => {
    expect(guessJsonUtf(bytes)).toBe(charset);
    expect(JSON.parse(decodeText(bytes, charset))).toEqual({ a: "é😀" });
  });
  test.each<[number[], string | null]>([
    [[], "utf-8"],
    [[0, 0, 0, 0], null],
    [[0, 0, 0, 0x7b], "utf-32-be"],
    [[0x7b], "utf-8"],
  ])("%j is %s", (bytes, charset) => expect(guessJsonUtf(Uint8Array.from(bytes))).toBe(charset));
});

describe("detection", () => {
  test.each<[string, Uint8Array, string | null]>([
    ["ascii", Buffer.from("plain"), "ascii"],
    ["utf-8", Buffer.from("naïve"), "utf-8"],
    ["byte-order mark", Buffer.from("\ufeffx"), "utf-8-sig"],
    ["utf-16", Buffer.from([0xff, 0xfe, 0x61, 0]), "utf-16"],
    [
      "windows-1251, by chardet",
      iconv.encode(
        "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. ".repeat(4),
        "win1251",
      ),
      "windows-1251",
    ],
  ])("%s", (_, bytes, charset) => expect(detectEncoding(bytes)).toBe(charset));
});

describe("a stream cut anywhere", () => {
  const text = "aé€😀あ\r\nЯ";
  test.each([
    ["utf-8", Buffer.from(text)],
    ["utf-8-sig", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])],
    ["utf-16-le", Buffer.from(text, "utf16le")],
    ["utf-16-be", Buffer.from(text, "utf16le").swap16()],
  ])("%s", (charset, bytes) => {
    const stream = textStream(charset);
    const decoded = Array.from(bytes, (_, i) => stream.push(bytes.subarray(i, i + 1))).join("") + stream.end();
    expect(decoded).toBe(text);
  });
  it("utf-32, windows-1252, cp437", () => {
    for (const [charset, bytes, expected] of [
      ["utf-32-le", [0x61, 0, 0, 0, 0xac], "a\ufffd"],
      ["windows-1252", [0x80], "€"],
      ["cp437", [0x81], "ü"],
    ] as const) {
      const stream = textStream(charset);
      expect(bytes.map((byte) => stream.push(Uint8Array.of(byte))).join("") + stream.end()).toBe(expected);
    }
    expect(() => textStream("klingon-1")).toThrow(RangeError);
  });
});
