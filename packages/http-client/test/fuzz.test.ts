import zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseChallenges } from "../src/auth/challenge.ts";
import { chooseChallenge, digestCredentials } from "../src/auth/digest.ts";
import { decodeBytes, decodeStream } from "../src/decode.ts";
import { decodeText, encodingFromHeader, guessJsonUtf } from "../src/encoding.ts";
import { HeaderMap } from "../src/headers.ts";
import { RequestException } from "../src/index.ts";
import { LineSplitter } from "../src/lines.ts";
import { parseLinks } from "../src/links.ts";
import { encodeMultipart } from "../src/multipart.ts";
import { parseProxy, shouldBypass } from "../src/proxies.ts";
import { encodeFields } from "../src/query.ts";
import { planRedirect } from "../src/redirect.ts";
import { parseRetryAfter } from "../src/retry.ts";
import { parseUrl } from "../src/url.ts";

const text = fc.string({ unit: "binary", maxLength: 200 });
/** Text made of what a grammar is made of, so that it gets past its first character. */
const like = (...words: string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: text }), {
      maxLength: 30,
    })
    .map((parts) => parts.join(""));

/** Runs a parser on hostile text: it may refuse with an error of this package, and nothing else. */
function survives(parse: () => void): void {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(RequestException);
  }
}

describe("parsers survive anything", () => {
  test("Link", () =>
    fc.assert(
      fc.property(like("<", ">", ";", ",", "rel=", '"', "\\", "next", "="), (header) => {
        expect(parseLinks(header)).toBeInstanceOf(Array);
      }),
    ));
  test("WWW-Authenticate, and an answer never has a line end", () =>
    fc.assert(
      fc.property(
        like("Digest ", "Basic ", 'realm="', '"', ",", "nonce=", 'nonce="x"', "qop=auth", "algorithm=MD5", " "),
        (header) => {
          expect(parseChallenges(header)).toBeInstanceOf(Array);
          const challenge = chooseChallenge(header);
          if (challenge)
            survives(() =>
              expect(
                digestCredentials(challenge, {
                  username: "u",
                  password: "p",
                  method: "GET",
                  uri: "/",
                  count: 1,
                  cnonce: "c",
                }),
              ).not.toMatch(/[\r\n]/),
            );
        },
      ),
    ));
  test("Content-Type and Retry-After", () =>
    fc.assert(
      fc.property(
        like("text/plain", ";", "charset=", '"', "'", "=", " ", "\\"),
        like("Mon, ", "03 Jun 2019 ", "12:00:00", " GMT", "-", "5"),
        (type, after) => {
          encodingFromHeader(type);
          const seconds = parseRetryAfter(after, 0);
          expect(seconds === null || seconds >= 0).toBe(true);
        },
      ),
    ));
  test("URL, proxy, no_proxy, Location", () =>
    fc.assert(
      fc.property(
        like(
          "http://",
          "https:",
          "//",
          "@",
          ":",
          "[",
          "]",
          "::1",
          "a.example",
          "%",
          "/",
          "?",
          "#",
          "\\",
          "1.2.3.4",
          "/24",
          "*.",
        ),
        (input) => {
          survives(() => parseUrl(input));
          survives(() => parseProxy(input));
          survives(() =>
            planRedirect({
              status: 302,
              location: input,
              method: "GET",
              url: parseUrl("http://h/"),
              headers: new HeaderMap(),
            }),
          );
          expect(typeof shouldBypass({ hostname: "10.0.0.1", port: 80 }, input)).toBe("boolean");
          expect(typeof shouldBypass({ hostname: "::1", port: 80 }, input)).toBe("boolean");
        },
      ),
    ));
  test("bytes as text", () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom("utf-8", "utf-16", "utf-32", "latin1", "windows-1252", "ascii", "shift_jis", "cp437"),
        (bytes, charset) => {
          expect(typeof decodeText(bytes, charset)).toBe("string");
          guessJsonUtf(bytes);
        },
      ),
    ));
});

describe("what goes out comes back", () => {
  test("a form", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }))), (pairs) => {
        expect([...new URLSearchParams(encodeFields(pairs, "form"))]).toEqual(pairs);
      }),
    ));
  test("a multipart body", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.string({ minLength: 1 }), fc.uint8Array({ maxLength: 300 }), fc.string({ minLength: 1 })),
          { maxLength: 4 },
        ),
        async (parts) => {
          const clean = (name: string): string => name.replace(/[\0\r\n"]/g, "_");
          const files = parts.map(
            ([name, data, filename]) => [clean(name), [clean(filename), data]] as [string, [string, Uint8Array]],
          );
          const body = encodeMultipart(undefined, files);
          if (files.length === 0) return;
          const parsed = await new Response(body.bytes as Uint8Array<ArrayBuffer>, {
            headers: { "content-type": body.contentType },
          }).formData();
          const found = await Promise.all(
            [...parsed].map(async ([name, value]) => [
              name,
              Buffer.from(await (value as Blob).arrayBuffer()).toString("hex"),
            ]),
          );
          expect(found).toEqual(files.map(([name, [, data]]) => [name, Buffer.from(data).toString("hex")]));
        },
      ),
      { numRuns: 50 },
    ));
  test("lines, however they are cut", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", "\n", "\r", "\r\n", "\u2028")),
        fc.array(fc.nat(10)),
        (parts, cuts) => {
          const whole = parts.join("");
          const once = new LineSplitter();
          const expected = [...once.push(whole), ...once.end()];
          const cut = new LineSplitter();
          const lines: string[] = [];
          let at = 0;
          for (const size of [...cuts, whole.length]) {
            lines.push(...cut.push(whole.slice(at, at + size)));
            at += size;
          }
          expect([...lines, ...cut.push(whole.slice(at)), ...cut.end()]).toEqual(expected);
        },
      ),
    ));
});

test("damaged bodies end in an error or in bytes, never hang, never pass the limit", async () => {
  const original = Buffer.from("the quick brown fox ".repeat(200));
  const encoded = {
    gzip: zlib.gzipSync(original),
    deflate: zlib.deflateSync(original),
    br: zlib.brotliCompressSync(original),
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("gzip", "deflate", "br"),
      fc.nat(),
      fc.nat(255),
      fc.nat(),
      async (coding, at, value, cut) => {
        const damaged = Buffer.from(encoded[coding]);
        damaged[at % damaged.length] = value;
        const body = damaged.subarray(0, 1 + (cut % damaged.length));
        const whole = await decodeBytes(body, [coding], 100_000).catch((error: unknown) => error);
        expect(whole instanceof Error || (Buffer.isBuffer(whole) && whole.length <= 100_000)).toBe(true);
        const source = (async function* () {
          yield body;
        })();
        try {
          for await (const _ of decodeStream(source, [coding]));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      },
    ),
    { numRuns: 150 },
  );
});
