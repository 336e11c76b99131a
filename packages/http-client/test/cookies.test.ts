import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Session } from "../src/index.ts";
import { type RawServer, startRawServer } from "./raw-server.ts";

/** What one exchange sets, and what the next one sends. Hosts are reached through a proxy, so that any name will do. */
type Case = readonly [name: string, set: readonly string[], sent: string | null, to?: string, from?: string];

const past = "Thu, 01 Jan 1970 00:00:00 GMT";
const future = "Fri, 01 Jan 2100 00:00:00 GMT";

const pairs: Case[] = [
  ["a pair", ["a=1"], "a=1"],
  ["white space around", ["  a =  1  "], "a=1"],
  ["tabs around", ["\ta\t=\t1\t"], "a=1"],
  ["space inside a value", ["a=1 2 3"], "a=1 2 3"],
  ["equals signs in a value", ["a=b=c=="], "a=b=c=="],
  ["an empty value", ["a="], "a="],
  ["quotes are part of the value", ['a="1"'], 'a="1"'],
  ["a comma separates nothing", ["a=1, b=2"], "a=1, b=2"],
  ["a semicolon ends the pair, also in quotes", ['a="1;2"'], 'a="1'],
  ["several lines", ["a=1", "b=2", "c=3"], "a=1; b=2; c=3"],
  ["the same name again replaces, in place", ["a=1", "b=2", "a=3"], "a=3; b=2"],
  ["names differ by case", ["a=1", "A=2"], "a=1; A=2"],
  ["an unknown attribute", ["a=1; Foo=bar; Baz"], "a=1"],
  ["an empty attribute", ["a=1;;; ;"], "a=1"],
  ["Latin-1 bytes go back as they came", ["a=\xe4\xf6"], "a=\xe4\xf6"],
  ["a long value", [`a=${"x".repeat(4000)}`], `a=${"x".repeat(4000)}`],
  ["a separator in the name", ["a/b@c=1"], "a/b@c=1"],
  ["no name and no value", ["="], null],
  ["nothing", [""], null],
  ["only an attribute", ["; Path=/"], null],
];

const attributes: Case[] = [
  ["Secure over http", ["a=1; Secure"], null],
  ["secure, in any case and with a value", ["a=1; sEcUrE=no"], null],
  ["Secure to localhost", ["a=1; Secure"], "a=1", "http://localhost/one/x", "http://localhost/one/set"],
  ["HttpOnly is sent", ["a=1; HttpOnly"], "a=1"],
  [
    "SameSite is sent to its own site",
    ["a=1; SameSite=Strict", "b=1; SameSite=Lax", "c=1; SameSite=None"],
    "a=1; b=1; c=1",
  ],
  ["Max-Age in seconds", ["a=1; Max-Age=100"], "a=1"],
  ["Max-Age=0 removes", ["a=1", "a=2; Max-Age=0"], null],
  ["a negative Max-Age removes", ["a=1", "a=2; Max-Age=-5"], null],
  ["Max-Age that is no number is ignored", ["a=1; Max-Age=soon"], "a=1"],
  ["Max-Age beats Expires", [`a=1; Max-Age=100; Expires=${past}`, `b=1; Expires=${future}; Max-Age=0`], "a=1"],
  ["Expires in the past removes", ["a=1", `a=; Expires=${past}`], null],
  ["Expires in the future", [`a=1; Expires=${future}`], "a=1"],
  ["Expires that is no date is ignored", ["a=1; Expires=tomorrow"], "a=1"],
  ["the last Expires counts", [`a=1; Expires=${future}; Expires=${past}`], null],
  ["removing another path's cookie removes nothing", ["a=1; Path=/", "a=; Path=/x; Max-Age=0"], "a=1"],
];

const paths: Case[] = [
  ["Path=/", ["a=1; Path=/"], "a=1", "http://www.example.com/elsewhere"],
  ["the folder of the page by default", ["a=1"], "a=1", "http://www.example.com/one/other"],
  ["not above that folder", ["a=1"], null, "http://www.example.com/"],
  ["not beside it", ["a=1"], null, "http://www.example.com/onetwo"],
  ["below it", ["a=1"], "a=1", "http://www.example.com/one/two/three"],
  ["a given path and below", ["a=1; Path=/p"], "a=1", "http://www.example.com/p/q"],
  ["a given path itself", ["a=1; Path=/p"], "a=1", "http://www.example.com/p"],
  ["a given path with a query", ["a=1; Path=/p"], "a=1", "http://www.example.com/p?x"],
  ["a path ends at a slash", ["a=1; Path=/p"], null, "http://www.example.com/pq"],
  ["a path with a slash at its end", ["a=1; Path=/p/"], "a=1", "http://www.example.com/p/q"],
  ["a slash at its end is needed", ["a=1; Path=/p/"], null, "http://www.example.com/p"],
  ["a path is compared by case", ["a=1; Path=/P"], null, "http://www.example.com/p"],
  ["a path that is no path is the default", ["a=1; Path=p"], "a=1", "http://www.example.com/one/x"],
  ["an empty path is the default", ["a=1; Path="], "a=1", "http://www.example.com/one/x"],
  ["the last Path counts", ["a=1; Path=/x; Path=/y"], "a=1", "http://www.example.com/y"],
  [
    "longer paths come first",
    ["a=1; Path=/", "b=2; Path=/one", "c=3; Path=/one/two"],
    "c=3; b=2; a=1",
    "http://www.example.com/one/two",
  ],
  ["the same name on two paths", ["a=1; Path=/", "a=2; Path=/one"], "a=2; a=1", "http://www.example.com/one/x"],
  ["any path may be set", ["a=1; Path=/other"], "a=1", "http://www.example.com/other"],
];

const domains: Case[] = [
  ["host only by default", ["a=1"], null, "http://sub.www.example.com/one/x"],
  ["not the parent", ["a=1"], null, "http://example.com/one/x"],
  ["the own host as Domain", ["a=1; Domain=www.example.com"], "a=1", "http://sub.www.example.com/one/x"],
  ["the parent as Domain", ["a=1; Domain=example.com"], "a=1", "http://other.example.com/one/x"],
  ["a leading dot", ["a=1; Domain=.example.com"], "a=1", "http://example.com/one/x"],
  ["Domain in any case", ["a=1; DOMAIN=EXAMPLE.COM"], "a=1", "http://other.EXAMPLE.com/one/x"],
  ["a suffix without a dot is another domain", ["a=1; Domain=example.com"], null, "http://badexample.com/one/x"],
  ["a sibling may not be set", ["a=1; Domain=other.example.com"], null, "http://other.example.com/one/x"],
  ["a child may not be set", ["a=1; Domain=sub.www.example.com"], null, "http://sub.www.example.com/one/x"],
  ["another domain may not be set", ["a=1; Domain=example.org"], null, "http://example.org/one/x"],
  ["a top-level domain may not be set", ["a=1; Domain=com"], null, "http://example.com/one/x"],
  ["a public suffix may not be set", ["a=1; Domain=co.uk"], null, "http://b.co.uk/one/x", "http://a.co.uk/one/set"],
  ["an empty Domain is none", ["a=1; Domain="], "a=1"],
  ["the last Domain counts", ["a=1; Domain=example.org; Domain=example.com"], "a=1", "http://x.example.com/one/x"],
  ["an address", ["a=1"], "a=1", "http://192.0.2.7/one/x", "http://192.0.2.7/one/set"],
  [
    "a part of an address is no domain",
    ["a=1; Domain=2.7"],
    null,
    "http://192.0.2.7/one/x",
    "http://192.0.2.7/one/set",
  ],
  ["another port of the host", ["a=1"], "a=1", "http://www.example.com:8080/one/x"],
  ["localhost", ["a=1"], "a=1", "http://localhost/one/x", "http://localhost/one/set"],
];

const prefixes: Case[] = [
  ["__Secure- without Secure", ["__Secure-a=1"], null],
  ["__Host- without Secure", ["__Host-a=1; Path=/"], null],
  ["a name that only starts alike", ["__Hosta=1"], "__Hosta=1"],
];

// How an attribute may be written: each is Secure, or is something else, in every way that it can be spelled.
const flags: Case[] = [
  ...[
    "; Secure",
    ";Secure",
    ";    Secure",
    "; Secure   ;",
    "; SECURE",
    ";\tSecure",
    "; Secure=",
    "; Secure=x",
    "; Secure = x",
    "; Secure; x",
    ";; Secure",
    "; x; Secure",
    "; x=y; Secure",
    '; x="y; Secure',
    '; x="y;z"; Secure',
    "; Path=/; Secure",
  ].map((text): Case => [`is Secure: ${text}`, [`a=1${text}`], null]),
  ...['; "Secure"', "; Secure x", "; Secured", "; xSecure", "; x=Secure", "; Sec ure", " Secure", "; =Secure"].map(
    (text): Case => [`is not Secure: ${text}`, [`a=1${text}`], text.startsWith(";") ? "a=1" : `a=1${text}`],
  ),
  ...[
    "; Path=/p",
    ";path=/p",
    "; Path =/p",
    "; Path=   /p",
    "; Path=/p   ; x",
    "; PATH=/p;;",
    "; Path=/; Path=/p",
    "; Path=/p; x=/",
    "; Domain=example.com; Path=/p",
  ].flatMap((text): Case[] => [
    [`has a path, and is sent there: ${text}`, [`a=1${text}`], "a=1", "http://www.example.com/p"],
    [`has a path, and is sent nowhere else: ${text}`, [`a=1${text}`], null],
  ]),
  ...["; Path", "; Path=", '; Path="/p"', "; Path=p", "; Paths=/p", "; Path:/p", "; Path=/p; Path="].map(
    (text): Case => [`has no path: ${text}`, [`a=1${text}`], "a=1"],
  ),
];

const values: Case[] = [
  ["UTF-8 in a value", ["a=\xe6\x98\xa5"], "a=\xe6\x98\xa5"],
  ["UTF-8 in a name", ["\xe6\x98\xa5=1"], "\xe6\x98\xa5=1"],
  ["UTF-8 in quotes, and in an attribute", ['a="\xc2\xb7"; \xe5\xae\x8c'], 'a="\xc2\xb7"'],
  ["space within quotes at the end", ['a="1 "   ;'], 'a="1 "'],
  ["text after quotes", ['a="1 "   "2" ;'], 'a="1 "   "2"'],
  ["quotes that do not end", ['a="1'], 'a="1'],
  ["a quote in the middle", ['a=A"B ;'], 'a=A"B'],
  ["a backslash", ["a=1\\;2"], "a=1\\"],
  ["more equals signs, and space after them", ["  a=== 1  ;x;;;   y"], "a=== 1"],
  ["an empty value, and an attribute", ["a=;  Path = /"], "a="],
  ["a name without a value", ["a"], null],
  ["a name without a value, and attributes", ["a; Path=/"], null],
  ["a value without a name", ["=1"], null],
  ["white space only", [" \t "], null],
  ["nothing of use between others", ["a=1", "=", "b=2"], "a=1; b=2"],
  ["no name between others", ["a=1", "=x", "b="], "a=1; b="],
  ["not in the order of names", ["z=1", "b=2", "a=3"], "z=1; b=2; a=3"],
  ["one that expired beside one that did not", [`a=1; Expires=${past}`, `b=2; Expires=${future}`], "b=2"],
  ["Max-Age in other letters", ["a=1; mAX-aGE=0"], null],
  ["Version and Comment, of older RFCs", ["a=1; Version=1; Comment=x; Port"], "a=1"],
  ["braces, brackets and other signs", ["a={[(<>)]}@?!#$%&'*+^`|~:/"], "a={[(<>)]}@?!#$%&'*+^`|~:/"],
];

/** RFC 6265, sections 5.1.3 and 5.3: every host that sets, every Domain, every host that is asked. */
const hosts = ["example.com", "www.example.com", "a.www.example.com", "example.org"];
const everyDomain: Case[] = hosts.flatMap((from) =>
  [
    "",
    "example.com",
    ".example.com",
    "www.example.com",
    "WWW.Example.COM",
    "com",
    "..example.com",
    "ample.com",
  ].flatMap((domain) =>
    hosts.map((to): Case => {
      const wanted = domain.toLowerCase().replace(/^\./, "");
      const matches = (host: string): boolean => host === wanted || host.endsWith(`.${wanted}`);
      const isSet = wanted === "" || (matches(from) && wanted !== "com");
      const isSent = isSet && (wanted === "" ? to === from : matches(to));
      const set = [`a=1; Path=/; Domain=${domain}`];
      return [
        `${from} sets ${domain || "none"}, ${to} is asked`,
        set,
        isSent ? "a=1" : null,
        `http://${to}/`,
        `http://${from}/`,
      ];
    }),
  ),
);

let proxy: RawServer;
beforeAll(async () => {
  proxy = await startRawServer((socket, head) => {
    const lines = /^x-set: (.*)$/im.exec(head)?.[1];
    const cookies = lines ? (JSON.parse(lines.replace(/\\x/g, "\\u00")) as string[]) : [];
    const answer = `HTTP/1.1 200 OK\r\n${cookies.map((line) => `Set-Cookie: ${line}\r\n`).join("")}Content-Length: 0\r\n\r\n`;
    socket.write(answer, "latin1");
  });
});
afterAll(() => proxy.close());

describe.each([
  ["pairs", pairs],
  ["attributes", attributes],
  ["paths", paths],
  ["domains", domains],
  ["prefixes", prefixes],
  ["how attributes are written", flags],
  ["names and values", values],
  ["every domain", everyDomain],
] as const)("%s", (_, cases) => {
  test.each(cases.map((one) => [one[0], one] as const))(
    "%s",
    async (_name, [, set, sent, to = "http://www.example.com/one/get", from = "http://www.example.com/one/set"]) => {
      await using session = new Session({ proxies: proxy.url, trust: { netrc: false, proxy: false } });
      await session.get(from, {
        headers: { "X-Set": JSON.stringify(set).replace(/[\x80-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`) },
      });
      await session.get(to);
      expect(/^cookie: (.*)$/im.exec(proxy.heads.at(-1)!)?.[1] ?? null).toBe(sent);
    },
  );
});

// RFC 6265, section 5.1.1: what servers write as dates. Null is no date, so that the cookie stays for the session.
const dates: (readonly [text: string, time: string | null])[] = [
  ["Sun, 06 Nov 2094 08:49:37 GMT", "2094-11-06T08:49:37Z"],
  ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"],
  ["Sun Nov  6 08:49:37 2094", "2094-11-06T08:49:37Z"],
  ["Mon, 10-Dec-2057 20:35:03 GMT", "2057-12-10T20:35:03Z"],
  ["Wed, 09 Jan 2069 10:00:00", "2069-01-09T10:00:00Z"],
  ["01-Jan-69 00:00:00", "2069-01-01T00:00:00Z"],
  ["01-Jan-70 00:00:00", "1970-01-01T00:00:00Z"],
  ["1 Jan 2100 0:0:0", "2100-01-01T00:00:00Z"],
  ["JAN 02 2100 03:04:05 gmt", "2100-01-02T03:04:05Z"],
  ["january 02 2100 03:04:05", "2100-01-02T03:04:05Z"],
  ["2100 02 Jan 03:04:05", "2100-01-02T03:04:05Z"],
  ["03:04:05 02 Jan 2100", "2100-01-02T03:04:05Z"],
  ["Sat, 15-Apr-17 21:01:22 GMT", "2017-04-15T21:01:22Z"],
  ["Thu, 01 Jan 1970 00:00:01 GMT; extra", "1970-01-01T00:00:01Z"],
  ["29 Feb 2096 12:00:00", "2096-02-29T12:00:00Z"],
  ["02 Jan 2100", null],
  ["02 Jan 03:04:05", null],
  ["Jan 2100 03:04:05", null],
  ["02 2100 03:04:05", null],
  ["32 Jan 2100 03:04:05", null],
  ["00 Jan 2100 03:04:05", null],
  ["02 Jan 1600 03:04:05", null],
  ["02 Jan 2100 24:04:05", null],
  ["02 Jan 2100 03:60:05", null],
  ["02 Jan 2100 03:04:60", null],
  ["02 Jan 2100 03:04", null],
  ["02 Foo 2100 03:04:05", null],
  ["tomorrow", null],
  ["0", null],
];

/** The four parts in every order. */
function orders(parts: readonly string[]): string[][] {
  if (parts.length <= 1) return [[...parts]];
  return parts.flatMap((part) => orders(parts.filter((other) => other !== part)).map((rest) => [part, ...rest]));
}
const parts = ["03:04:05", "02", "Jan", "2100"];
const same = "2100-01-02T03:04:05Z";

const spellings: (readonly [text: string, time: string | null])[] = [
  ...orders(parts).map((order) => [order.join(" "), same] as const),
  // Every delimiter that a header can carry, but for the semicolon, which ends the attribute.
  ..."\t !\"#$%&'()*+,-./<=>?@[\\]^_`{|}~".split("").map((sign) => [parts.join(sign), same] as const),
  ["02-Jan-2100 3:4:5", same],
  ["2nd January 2100AD 03:04:05pm", same],
  ["Whoknowsday, 02-Jan-2100 03:04:05 GMT-0400 (EDT)", same],
  ["02 Jan 2100 03:04:05 +0200", same],
  ["02 Jan 2100 03:04:05 11:22:33", same],
  ["02 Jan 2100 03:04:05 17 Feb 2101", same],
  ["02 Jan ::00 x:y 03:04:05 2100", same],
  ["91:22:33 02 Jan 2100 03:04:05", null],
  ["002 Jan 2100 03:04:05", null],
  ["02 Jan 21000 03:04:05", null],
  ["02 Jan 99999999999 03:04:05", null],
  ["02 Jan 2100 003:04:05", null],
  ["02 Jan 2100 03:04:0005", null],
  ["02 Ja 2100 03:04:05", null],
  ["98 Jan 2100 03:04:05", null],
  ["31 Apr 2100 03:04:05", null],
];

describe("dates", () => {
  test.each([...dates, ...spellings])("%s", async (text, time) => {
    await using session = new Session({ proxies: proxy.url, trust: { netrc: false, proxy: false } });
    await session.get("http://www.example.com/", { headers: { "X-Set": JSON.stringify([`a=1; Expires=${text}`]) } });
    const [cookie] = [...session.cookies];
    if (time !== null && Date.parse(time) < Date.now()) expect(cookie).toBeUndefined();
    else expect(cookie?.expires?.toISOString() ?? null).toBe(time && new Date(time).toISOString());
  });
});
