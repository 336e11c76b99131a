import { describe, expect, it, test } from "vitest";
import { InvalidHeader } from "../errors.ts";
import { basicCredentials } from "./basic.ts";
import { parseChallenges } from "./challenge.ts";
import { chooseChallenge, digestCredentials } from "./digest.ts";

function answer(header: string, input: object): Record<string, string> {
  const challenge = chooseChallenge(header)!;
  const credentials = digestCredentials(challenge, {
    username: "Mufasa",
    password: "Circle of Life",
    method: "GET",
    uri: "/dir/index.html",
    count: 1,
    cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    ...input,
  });
  const [parsed] = parseChallenges(credentials);
  return { ...parsed!.parameters };
}

describe("vectors", () => {
  const rfc7616 =
    'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
  it("RFC 7616, section 3.9.1, MD5", () => {
    expect(answer(`Digest ${rfc7616}, algorithm=MD5`, {})).toMatchObject({
      response: "8ca523f5e9506fed4657c9700eebdbec",
      algorithm: "MD5",
      qop: "auth",
      nc: "00000001",
      opaque: "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    });
  });
  it("RFC 7616, section 3.9.1, SHA-256", () => {
    expect(answer(`Digest ${rfc7616}, algorithm=SHA-256`, {}).response).toBe(
      "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    );
  });
  it("RFC 2617, section 3.5", () => {
    const header =
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
    const sent = answer(header, { password: "Circle Of Life", cnonce: "0a4f113b" });
    expect(sent.response).toBe("6629fae49393a05397450978507c4ef1");
    expect(sent.algorithm).toBeUndefined();
  });
});

describe("choice", () => {
  const offer = (algorithm: string) => `Digest realm="r", nonce="n", qop="auth", algorithm=${algorithm}`;
  test.each([
    ["strongest of several", [offer("MD5"), offer("SHA-256"), offer("SHA-512-256")].join(", "), "SHA-512-256"],
    ["whatever the order", [offer("SHA-512"), offer("SHA"), offer("md5")].join(", "), "SHA-512"],
    ["-sess", offer("SHA-256-sess"), "SHA-256-sess"],
    ["among other schemes", `Basic realm="x", ${offer("MD5")}, Bearer`, "MD5"],
    ["default MD5", 'Digest realm="r", nonce="n"', "MD5"],
  ])("%s", (_, header, algorithm) => expect(chooseChallenge(header)?.algorithm).toBe(algorithm));
  test.each([
    ["Basic only: no downgrade", 'Basic realm="r"'],
    ["an unknown algorithm", offer("SHA-3")],
    ["an unknown qop", 'Digest realm="r", nonce="n", qop="auth-conf"'],
    ["no nonce", 'Digest realm="r"'],
    ["nothing", ""],
    ["garbage", '="=,,"Digest'],
  ])("none for %s", (_, header) => expect(chooseChallenge(header)).toBeNull());
});

describe("answer", () => {
  const header = 'Digest realm="r", nonce="n", qop="auth-int", algorithm=MD5-sess, userhash=true';
  it("supports auth-int, -sess and userhash", () => {
    const sent = answer(header, { body: Buffer.from("x") });
    expect(sent).toMatchObject({ qop: "auth-int", userhash: "true" });
    expect(sent.username).toHaveLength(32);
    expect(sent.response).not.toBe(answer(header, { body: Buffer.from("y") }).response);
  });
  it("without qop has no nc", () =>
    expect(Object.keys(answer('Digest realm="r", nonce="n"', {}))).toEqual([
      "username",
      "realm",
      "nonce",
      "uri",
      "response",
    ]));
  it("counts in hexadecimal", () =>
    expect(answer('Digest realm="r", nonce="n", qop=auth', { count: 255 }).nc).toBe("000000ff"));
  it("encodes other user names as RFC 8187", () =>
    expect(answer('Digest realm="r", nonce="n", qop=auth', { username: "jürgen" })["username*"]).toBe(
      "UTF-8''j%C3%BCrgen",
    ));
  it("escapes quotes and refuses controls", () => {
    expect(answer('Digest realm="a \\"b\\"", nonce="n"', {}).realm).toBe('a "b"');
    const challenge = { ...chooseChallenge('Digest realm="r", nonce="n"')!, realm: "a\r\nX: y" };
    expect(() =>
      digestCredentials(challenge, { username: "u", password: "p", method: "GET", uri: "/", count: 1, cnonce: "c" }),
    ).toThrow(InvalidHeader);
  });
});

describe("Basic", () => {
  test.each([
    ["Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
    ["test", "123£", "Basic dGVzdDoxMjPCow=="],
    ["", "", "Basic Og=="],
    ["u", "a:b", "Basic dTphOmI="],
  ])("%s:%s", (user, password, value) => expect(basicCredentials(user, password)).toBe(value));
  it("refuses a colon in the name, and what is no string", () => {
    expect(() => basicCredentials("a:b", "")).toThrow("colon");
    expect(() => basicCredentials(1 as never, "")).toThrow("username must be a string");
  });
});

describe("challenges", () => {
  test.each<[string, object[]]>([
    ['Basic realm="a, b"', [{ scheme: "basic", parameters: { realm: "a, b" } }]],
    ["Negotiate", [{ scheme: "negotiate", parameters: {} }]],
    [
      "Negotiate abc==, Basic realm=x",
      [
        { scheme: "negotiate", parameters: {} },
        { scheme: "basic", parameters: { realm: "x" } },
      ],
    ],
    [
      'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
      [
        { scheme: "newauth", parameters: { realm: "apps", type: "1", title: 'Login to "apps"' } },
        { scheme: "basic", parameters: { realm: "simple" } },
      ],
    ],
    [", , Basic , , realm=x", [{ scheme: "basic", parameters: { realm: "x" } }]],
  ])("%s", (header, challenges) =>
    expect(
      parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, parameters: { ...parameters } })),
    ).toEqual(challenges),
  );
  it("ends quickly on hostile text", () => {
    const start = performance.now();
    parseChallenges(`Digest ${"a ".repeat(50_000)}`);
    parseChallenges(`Digest x="${"\\".repeat(100_000)}`);
    parseChallenges(`Digest ${",".repeat(100_000)}`);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
