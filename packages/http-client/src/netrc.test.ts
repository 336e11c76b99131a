import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { findNetrcAuth, parseNetrc } from "./netrc.ts";

const entry = (login: string, account: string, password: string) => ({ login, account, password });

describe("tokens", () => {
  test.each<[string, string, Record<string, object>]>([
    ["one line", "machine h login l password p", { h: entry("l", "", "p") }],
    ["several lines", "machine h\n  login l\n  account a\n  password p\n", { h: entry("l", "a", "p") }],
    ["user is login", "machine h user l password p", { h: entry("l", "", "p") }],
    [
      "two machines",
      "machine a login x password y machine b login z password w",
      { a: entry("x", "", "y"), b: entry("z", "", "w") },
    ],
    ["a later one wins", "machine a login x password y\nmachine a login z password w", { a: entry("z", "", "w") }],
    ["no password", "machine h login l", { h: entry("l", "", "") }],
    ["nothing", "machine h", { h: entry("", "", "") }],
    ["quotes", 'machine h login "l o" password "p \\" q"', { h: entry("l o", "", 'p " q') }],
    ["escapes", "machine h login l password p\\ q", { h: entry("l", "", "p q") }],
    ["hash in a password", "machine h login l password #p", { h: entry("l", "", "#p") }],
    ["hash inside a password", "machine h login l password p#q", { h: entry("l", "", "p#q") }],
    ["comment line", "# machine no login x\nmachine h login l password p", { h: entry("l", "", "p") }],
    ["comment without space", "#comment\nmachine h login l password p", { h: entry("l", "", "p") }],
    ["comment between", "machine h\n# why\nlogin l password p", { h: entry("l", "", "p") }],
    [
      "comment after",
      "machine h login l password p # why not\nmachine i login m password n",
      { h: entry("l", "", "p"), i: entry("m", "", "n") },
    ],
    ["comment at the very end", "machine h login l password p #", { h: entry("l", "", "p") }],
    ["macro", "macdef m\n\tcd /x\n\tmachine no login no\n\nmachine h login l password p", { h: entry("l", "", "p") }],
    [
      "macro in a machine",
      "machine h login l password p\nmacdef init\n ls\n\nmachine i login m password n",
      { h: entry("l", "", "p"), i: entry("m", "", "n") },
    ],
    ["non-ASCII", "machine h login löwe password пароль", { h: entry("löwe", "", "пароль") }],
    ["empty file", "", {}],
    ["windows line ends", "machine h\r\nlogin l\r\npassword p\r\n", { h: entry("l", "", "p") }],
  ])("%s", (_, text, hosts) => expect(Object.fromEntries(parseNetrc(text).hosts)).toEqual(hosts));

  it("keeps the default apart", () => {
    const netrc = parseNetrc("machine a login x password y\ndefault login d password e");
    expect(netrc.default).toEqual(entry("d", "", "e"));
    expect([...netrc.hosts.keys()]).toEqual(["a"]);
  });
  test.each([
    ["invalid here", "bad toplevel token"],
    ["machine h invalid here", "bad follower token"],
    ["machine", "missing"],
  ])("%j is refused: %s", (text, message) => expect(() => parseNetrc(text)).toThrow(message));

  it("ends, and throws nothing but SyntaxError, on any text", () => {
    const words = fc.constantFrom("machine", "login", "password", "default", "macdef", "#", '"', "\\", "\n", "x");
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 40 }), (parts) => {
        try {
          parseNetrc(parts.join(" "));
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
  });
});

describe("findNetrcAuth", () => {
  let home: string;
  const save = (name: string, text: string, mode = 0o600): string => {
    const path = join(home, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "netrc-"));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("reads ~/.netrc, then ~/_netrc", () => {
    save("_netrc", "machine h login under password p");
    expect(findNetrcAuth("h", { HOME: home })?.username).toBe("under");
    save(".netrc", "machine h login dot password p");
    expect(findNetrcAuth("h", { HOME: home })).toEqual({ username: "dot", password: "p" });
  });
  it("reads $NETRC instead", () => {
    save(".netrc", "machine h login home password p");
    expect(
      findNetrcAuth("h", { HOME: home, NETRC: save("other", "machine h login other password p", 0o644) })?.username,
    ).toBe("other");
  });
  it("does not use the default entry unless told to", () => {
    const path = save("n", "default login d password e");
    expect(findNetrcAuth("h", {}, { path })).toBeNull();
    expect(findNetrcAuth("h", {}, { path, useDefault: true })).toEqual({ username: "d", password: "e" });
  });
  it("ignores an empty entry, a missing file, a folder and a broken file", () => {
    expect(findNetrcAuth("h", { NETRC: save("a", "machine h") })).toBeNull();
    expect(findNetrcAuth("h", { NETRC: join(home, "none") })).toBeNull();
    expect(findNetrcAuth("h", { NETRC: home })).toBeNull();
    expect(findNetrcAuth("h", { NETRC: save("b", "machine h oops") })).toBeNull();
  });
  it("uses the account when there is no login, as requests does", () => {
    expect(findNetrcAuth("h", { NETRC: save("a", "machine h account acc password p") })?.username).toBe("acc");
  });
  it("matches the host exactly", () => {
    const path = save("n", "machine example.com login l password p");
    expect(findNetrcAuth("example.com", {}, { path })).not.toBeNull();
    for (const host of ["sub.example.com", "example.com.evil", "badexample.com", "EXAMPLE.COM"])
      expect(findNetrcAuth(host, {}, { path })).toBeNull();
  });
  it("does not use a file in the home folder that others can read", () => {
    save(".netrc", "machine h login l password p", 0o644);
    expect(findNetrcAuth("h", { HOME: home })).toBeNull();
  });
});
