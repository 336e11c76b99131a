import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { encodeBody } from "./body.ts";
import { InvalidHeader, InvalidJSONError, UnrewindableBodyError } from "./errors.ts";
import { encodeMultipart, escapeParameter, type Files, file, sourceOf } from "./multipart.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "multipart-"));
  writeFileSync(join(folder, "a.txt"), "from disk");
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(source: { open(): AsyncIterable<Uint8Array | string> }): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of source.open()) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString();
}

const lines = (...parts: string[]): string => parts.join("\r\n");

test("a FormData is sent as fetch sends it", async () => {
  const form = new FormData();
  form.append("text", "one\ntwo");
  form.append("file", new File(["data"], "a.txt", { type: "text/plain" }));
  form.append("file", new Blob(["more"]));
  const body = encodeBody({ data: form })!;
  const fetched = new Response(form);
  const boundary = (type: string | null): string => /boundary=(.*)/.exec(type!)![1]!;
  const sent = await read(body);
  expect(sent.replaceAll(boundary(body.contentType), "B")).toBe(
    (await fetched.clone().text()).replaceAll(boundary(fetched.headers.get("content-type")), "B"),
  );
  expect([body.length, body.isSendable]).toEqual([sent.length, true]);
});

describe("multipart", () => {
  test.each<[string, Record<string, string>, () => Files, string]>([
    [
      "a field and a file",
      { a: "1" },
      () => ({ f: ["x.txt", "data"] }),
      lines(
        "--B",
        'Content-Disposition: form-data; name="a"',
        "",
        "1",
        "--B",
        'Content-Disposition: form-data; name="f"; filename="x.txt"',
        "",
        "data",
        "--B--",
        "",
      ),
    ],
    [
      "a bare string has the field's name",
      {},
      () => ({ f: "data" }),
      lines("--B", 'Content-Disposition: form-data; name="f"; filename="f"', "", "data", "--B--", ""),
    ],
    [
      "type and headers",
      {},
      () => ({ f: ["x", "d", "text/plain", { "X-A": "b" }] }),
      lines(
        "--B",
        'Content-Disposition: form-data; name="f"; filename="x"',
        "Content-Type: text/plain",
        "X-A: b",
        "",
        "d",
        "--B--",
        "",
      ),
    ],
    [
      "null is no filename",
      {},
      () => ({ f: [null, "d"] }),
      lines("--B", 'Content-Disposition: form-data; name="f"', "", "d", "--B--", ""),
    ],
    [
      "labelled data",
      {},
      () => ({ f: { data: Buffer.from("d"), filename: "n", type: "a/b" } }),
      lines("--B", 'Content-Disposition: form-data; name="f"; filename="n"', "Content-Type: a/b", "", "d", "--B--", ""),
    ],
    [
      "a path",
      {},
      () => ({ f: file(join(folder, "a.txt")) }),
      lines("--B", 'Content-Disposition: form-data; name="f"; filename="a.txt"', "", "from disk", "--B--", ""),
    ],
    [
      "a path with another name",
      {},
      () => ({ f: file(join(folder, "a.txt"), { filename: "b", type: "x/y" }) }),
      lines(
        "--B",
        'Content-Disposition: form-data; name="f"; filename="b"',
        "Content-Type: x/y",
        "",
        "from disk",
        "--B--",
        "",
      ),
    ],
    [
      "a Blob with its type",
      {},
      () => ({ f: new Blob(["d"], { type: "a/b" }) }),
      lines("--B", 'Content-Disposition: form-data; name="f"; filename="f"', "Content-Type: a/b", "", "d", "--B--", ""),
    ],
    [
      "a repeated name",
      {},
      () => [
        ["f", "1"],
        ["f", "2"],
      ],
      lines(
        "--B",
        'Content-Disposition: form-data; name="f"; filename="f"',
        "",
        "1",
        "--B",
        'Content-Disposition: form-data; name="f"; filename="f"',
        "",
        "2",
        "--B--",
        "",
      ),
    ],
    [
      "names in UTF-8, quotes and line ends escaped",
      {},
      () => ({ 'ü"': ['a"\r\nb.txt', "d"] }),
      lines("--B", 'Content-Disposition: form-data; name="ü%22"; filename="a%22%0D%0Ab.txt"', "", "d", "--B--", ""),
    ],
    ["nothing", {}, () => ({}), lines("--B--", "")],
  ])("%s", async (_, fields, files, expected) => {
    const source = encodeMultipart(fields, files(), "B");
    expect(await read(source)).toBe(expected);
    expect(source.length).toBe(Buffer.byteLength(expected));
    expect(source.contentType).toBe("multipart/form-data; boundary=B");
    if (source.bytes) expect(source.bytes.toString()).toBe(expected);
  });

  it("streams what has no length, once", async () => {
    async function* data(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("x");
    }
    const source = encodeMultipart(undefined, { f: data() }, "B");
    expect([source.length, source.rewindable, source.bytes]).toEqual([null, false, null]);
    expect(await read(source)).toContain("\r\n\r\nx\r\n");
  });
  it("reads a file on disk again, and leaves it on disk", async () => {
    const source = encodeMultipart(undefined, { f: file(join(folder, "a.txt")) }, "B");
    expect(source.bytes).toBeNull();
    expect(await read(source)).toBe(await read(source));
  });
  test.each<[string, Files]>([
    ["NUL in a name", { "a\0": "x" }],
    ["a line end in a type", { f: ["n", "d", "text/plain\r\nX: y"] }],
    ["a line end in a header", { f: ["n", "d", "a/b", { X: "a\r\nb" }] }],
    ["a header's name", { f: ["n", "d", "a/b", { "X:": "a" }] }],
    ["a disposition of one's own", { f: ["n", "d", "a/b", { "content-disposition": "x" }] }],
  ])("refuses %s", (_, files) => expect(() => encodeMultipart(undefined, files)).toThrow(InvalidHeader));
  it("refuses what is no data, by name", () =>
    expect(() => encodeMultipart(undefined, { f: 5 as never })).toThrow("files.f must be"));
  it("has a boundary that cannot be guessed", () => {
    const boundaries = Array.from({ length: 100 }, () => encodeMultipart(undefined, {}).contentType);
    expect(new Set(boundaries).size).toBe(100);
    expect(boundaries[0]).toMatch(/boundary=[0-9a-f]{32}$/);
  });
  it("escapes as browsers do", () => expect(escapeParameter('a"b\r\nc\\d')).toBe("a%22b%0D%0Ac\\d"));
});

describe("encodeBody", () => {
  test.each<[string, object, string | null, string | null]>([
    ["nothing", {}, null, null],
    ["json", { json: { a: [1, "é"] } }, "application/json", '{"a":[1,"é"]}'],
    ["json null", { json: null }, "application/json", "null"],
    ["json false", { json: false }, "application/json", "false"],
    ["form", { form: { a: "1 2", b: ["x", "y"] } }, "application/x-www-form-urlencoded", "a=1+2&b=x&b=y"],
    ["data, an object", { data: { a: 1 } }, "application/x-www-form-urlencoded", "a=1"],
    [
      "data, pairs",
      {
        data: [
          ["a", "1"],
          ["a", "2"],
        ],
      },
      "application/x-www-form-urlencoded",
      "a=1&a=2",
    ],
    ["data, URLSearchParams", { data: new URLSearchParams("a=1") }, "application/x-www-form-urlencoded", "a=1"],
    ["data, a string", { data: "raw é" }, null, "raw é"],
    ["data, an empty string", { data: "" }, null, ""],
    ["data, bytes", { data: new Uint8Array([65, 66]) }, null, "AB"],
    ["data, a view on a part", { data: new Uint8Array(new ArrayBuffer(8), 2, 3).fill(67) }, null, "CCC"],
    ["data, an ArrayBuffer", { data: new Uint8Array([68]).buffer }, null, "D"],
    ["data, a Blob", { data: new Blob(["b"], { type: "x/y" }) }, "x/y", "b"],
    ["data, an iterable", { data: [Buffer.from("1"), Buffer.from("2")] }, null, "12"],
    ["data, null", { data: null }, null, null],
  ])("%s", async (_, options, type, text) => {
    const body = encodeBody(options);
    expect([body?.contentType ?? null, body ? await read(body) : null]).toEqual([type, text]);
  });
  test.each<[string, object, string]>([
    ["json and data", { json: 1, data: "x" }, "only one body can be sent, but json and data are given"],
    ["form and json", { form: {}, json: 1 }, "json and form"],
    ["json and files", { json: 1, files: {} }, "json and files"],
    ["files and text", { data: "x", files: {} }, "data must be"],
    ["data of another kind", { data: 5 }, "data must be"],
    ["form of another kind", { form: 5 }, "form must be"],
  ])("refuses %s", (_, options, message) => expect(() => encodeBody(options)).toThrow(message));
  test.each([
    ["undefined in a function", () => {}],
    ["a symbol", Symbol("x")],
    ["a BigInt", 1n],
    ["NaN", Number.NaN],
    [
      "a circle",
      (() => {
        const a: Record<string, unknown> = {};
        a.a = a;
        return a;
      })(),
    ],
  ])("json cannot express %s", (_, json) => {
    expect(() => encodeBody({ json })).toThrow(InvalidJSONError);
  });
  it("sends a stream once, bytes and files again", () => {
    const stream = encodeBody({
      data: (async function* () {
        yield Buffer.from("x");
      })(),
    })!;
    expect(stream.isSendable).toBe(true);
    stream.open();
    expect(stream.isSendable).toBe(false);
    expect(() => stream.open()).toThrow(UnrewindableBodyError);
    const disk = encodeBody({ data: file(join(folder, "a.txt")) })!;
    disk.open();
    expect([disk.isSendable, disk.length]).toEqual([true, 9]);
  });
  it("says which file there is not", () => {
    expect(() => sourceOf(file(join(folder, "none")), "f")).toThrow("ENOENT");
    expect(() => sourceOf(file(folder), "f")).toThrow("path must be a regular file");
    expect(() => file("")).toThrow("path must be");
  });
  it("refuses chunks that are no bytes", async () => {
    await expect(
      read(
        encodeBody({
          data: (async function* () {
            yield 5 as never;
          })(),
        })!,
      ),
    ).rejects.toThrow("a chunk of the body must be");
  });
});
