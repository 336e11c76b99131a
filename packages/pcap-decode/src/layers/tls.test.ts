import { describe, expect, test } from "vitest";
import { stack } from "../build/stack.ts";
import { fromHex } from "../hex.ts";
import { HTTP } from "./http.ts";
import { IPv4 } from "./ipv4.ts";
import { TCP } from "./tcp.ts";
import { TLS } from "./tls.ts";
import { ja3Text } from "./tls-fingerprint.ts";

const word = (value: number) => value.toString(16).padStart(4, "0");
const block = (hex: string, lengthBytes: number) => (hex.length / 2).toString(16).padStart(lengthBytes * 2, "0") + hex;

function hello(ciphers: number[], extensions: [type: number, data: string][]): string {
  const body = `0303${"11".repeat(32)}00${block(ciphers.map(word).join(""), 2)}0100${block(extensions.map(([type, data]) => word(type) + block(data, 2)).join(""), 2)}`;
  return `01${block(body, 3)}`;
}
const text = (value: string) => Buffer.from(value).toString("hex");
const sni = (host: string) => block(`00${block(text(host), 2)}`, 2);

// The client of the worked example in the JA4 specification: Chrome, with GREASE values that do not count.
const chrome = hello(
  [
    0x3a3a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
    0x002f, 0x0035,
  ],
  [
    [0x1a1a, ""],
    [0x0000, sni("www.example.org")],
    [0x0017, ""],
    [0xff01, "00"],
    [0x000a, block("dadaabcd001d".replace("abcd", "0017"), 2)],
    [0x000b, "0100"],
    [0x0023, ""],
    [0x0010, block(block(text("h2"), 1) + block(text("http/1.1"), 1), 2)],
    [0x0005, "0100000000"],
    [0x000d, block("04030804040105030805050108060601", 2)],
    [0x0012, ""],
    [0x0033, ""],
    [0x002d, "0101"],
    [0x002b, block("baba03040303", 1)],
    [0x001b, "020002"],
    [0x4469, ""],
    [0x0015, ""],
  ],
);

function record(type: number, data: string): string {
  return `${type.toString(16)}0301${block(data, 2)}`;
}

describe("a client hello", () => {
  const packet = stack(IPv4(), TCP({ dport: 443 }), fromHex(record(22, chrome))).packet();
  const tls = packet.require(TLS);

  test("tells the server's name, the protocols and the fingerprints", () => {
    expect([tls.serverName, tls.alpn]).toEqual(["www.example.org", ["h2", "http/1.1"]]);
    expect(tls.ja4).toBe("t13d1516h2_8daaf6152771_e5627efa2ab1");
    expect(ja3Text(tls.clientHello!)).toBe(
      "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,0-23-65281-10-11-35-16-5-13-18-51-45-43-27-17513-21,23-29,0",
    );
    expect(packet.summary()).toContain("client hello www.example.org");
  });

  test("may be spread over records, and be cut", () => {
    const half = chrome.length / 2 - ((chrome.length / 2) % 2);
    const spread = stack(
      IPv4(),
      TCP({ dport: 443 }),
      fromHex(record(22, chrome.slice(0, half)) + record(22, chrome.slice(half))),
    ).packet();
    expect(spread.require(TLS).ja4).toBe(tls.ja4);
    for (let length = 6; length < tls.headerLength; length += 7) {
      const cut = stack(IPv4(), TCP({ dport: 443 }), fromHex(record(22, chrome)).slice(0, length)).packet();
      expect(() => [cut.require(TLS).serverName, cut.require(TLS).ja4, cut.require(TLS).ja3]).not.toThrow();
    }
  });
});

test("a server hello without extensions ends where it says, whatever follows", () => {
  const message = `02${block(`0301${"22".repeat(32)}00003500`, 3)}`;
  const packet = stack(IPv4(), TCP({ sport: 443 }), fromHex(record(22, `${message}0b00000400010203`))).packet();
  expect(packet.require(TLS).serverHello).toMatchObject({ version: 0x301, cipherSuite: 0x35, extensions: [] });
});

test("what starts otherwise is no TLS", () => {
  for (const start of ["160303", "1603050005", "1503030000aa", "ff03030001aa"]) {
    expect(
      stack(IPv4(), TCP({ dport: 443 }), fromHex(start))
        .packet()
        .has(TLS),
    ).toBe(false);
  }
});

describe("HTTP", () => {
  test("is found on any port, with its headers", () => {
    const packet = stack(
      IPv4(),
      TCP({ dport: 8081 }),
      "POST /a?b HTTP/1.1\r\nHost: x.example\r\nX-Long: a\r\n b\r\n\r\nbody",
    ).packet();
    const http = packet.require(HTTP);
    expect([http.method, http.uri, http.version, http.status, http.host]).toEqual([
      "POST",
      "/a?b",
      "HTTP/1.1",
      undefined,
      "x.example",
    ]);
    expect(http.headers).toEqual([
      ["Host", "x.example"],
      ["X-Long", "a b"],
    ]);
    expect(new TextDecoder().decode(packet.payload)).toBe("body");
  });

  test("answers have a status", () => {
    const http = stack(IPv4(), TCP(), "HTTP/1.0 404 Not Found\n\n").packet().require(HTTP);
    expect([http.status, http.reason, http.method]).toEqual([404, "Not Found", undefined]);
  });

  test("a header called __proto__ is only a header", () => {
    const http = stack(IPv4(), TCP(), "GET / HTTP/1.1\r\n__proto__: x\r\n\r\n").packet().require(HTTP);
    expect(http.headers).toEqual([["__proto__", "x"]]);
    expect(http.host).toBeUndefined();
  });
});
