import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter } from "../build/byte-writer.ts";
import { stack } from "../build/stack.ts";
import { fromHex, toHex } from "../hex.ts";
import { DNS, type DNSRecord, DNSType } from "./dns.ts";
import { readName, writeName } from "./dns-name.ts";

function name(hex: string, at = 0): ReturnType<typeof readName> {
  const bytes = fromHex(hex);
  return readName(bytes, at, bytes.length, 0);
}

describe("names", () => {
  test.each([
    ["00", 0, ".", 1],
    ["0161016200", 0, "a.b", 5],
    ["0161000162c000", 3, "b.a", 7],
    ["03612e620100", 0, undefined, 6],
    ["03612e6200", 0, "a\\.b", 5],
    ["02005c00", 0, "\\000\\\\", 4],
  ])("%s at %i is %s", (hex, at, text, next) => {
    expect(name(hex, at)).toEqual({ name: text, next });
  });

  test.each([
    ["a pointer to itself", "c000", 0],
    ["two pointers to each other", "c002c000", 2],
    ["a pointer forward", "c00200", 0],
    ["a pointer that is cut", "c0", 0],
    ["a label that is cut", "0561", 0],
    ["a reserved label type", "4061", 0],
  ])("%s is no name, and ends", (_what, hex, at) => {
    expect(name(hex, at).name).toBeUndefined();
  });

  test("what is written is read, compressed or not", () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(fc.array(label, { maxLength: 5 }), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (list, compress) => {
          const out = new ByteWriter();
          const offsets = compress ? new Map<string, number>() : undefined;
          const texts = list.map((labels) => {
            const plain = new ByteWriter();
            for (const bytes of labels) {
              plain.u8(bytes.length);
              plain.put(bytes);
            }
            plain.u8(0);
            return readName(plain.bytes, 0, plain.length, 0).name!;
          });
          const starts = texts.map((text) => {
            const at = out.length;
            writeName(out, text, offsets);
            return at;
          });
          expect(starts.map((at) => readName(out.bytes, at, out.length, 0).name)).toEqual(texts);
        },
      ),
    );
  });
});

describe("messages", () => {
  const answers: DNSRecord[] = [
    { name: "a.example", type: DNSType.CNAME, class: 1, ttl: 60, target: "b.example" },
    { name: "b.example", type: DNSType.A, class: 1, ttl: 60, address: "192.0.2.7" },
    { name: "b.example", type: DNSType.AAAA, class: 1, ttl: 60, address: "2001:db8::7" },
    { name: "example", type: DNSType.MX, class: 1, ttl: 60, preference: 10, target: "mx.example" },
    { name: "example", type: DNSType.TXT, class: 1, ttl: 60, texts: ["v=spf1 -all", ""] },
    {
      name: "_sip._tcp.example",
      type: DNSType.SRV,
      class: 1,
      ttl: 60,
      priority: 1,
      weight: 2,
      port: 5060,
      target: "sip.example",
    },
    {
      name: "example",
      type: DNSType.SOA,
      class: 1,
      ttl: 60,
      mname: "ns.example",
      rname: "admin.example",
      serial: 2024010101,
      refresh: 1,
      retry: 2,
      expire: 3,
      minimum: 4,
    },
    { name: "example", type: 99, class: 1, ttl: 60, data: "00ff" },
  ];
  const bytes = stack(
    DNS({ id: 1, response: 1, questions: [{ name: "a.example", type: 1, class: 1 }], answers }),
  ).bytes();

  test("every record type reads back as it was built", () => {
    const dns = DNS.decode(bytes)!;
    expect(dns.answers).toEqual(answers);
    expect([dns.questionCount, dns.answerCount, dns.extra.length]).toEqual([1, answers.length, 0]);
  });

  test("names are compressed", () => {
    expect(toHex(bytes).match(/076578616d706c65/g)).toHaveLength(1);
  });

  test("counts that promise more than is there give what is there, and the rest as extra", () => {
    const damaged = bytes.slice();
    damaged.set([0xff, 0xff], 6);
    const dns = DNS.decode(damaged)!;
    expect(dns.answers.length).toBe(answers.length);
    expect(DNS.decode(bytes.slice(0, bytes.length - 1))!.extra.length).toBeGreaterThan(0);
  });
});

test("a type that is a name is refused, not written as 0", () => {
  const questions = [{ name: "a.example", type: "A" as unknown as number, class: 1 }];
  expect(() => stack(DNS({ questions })).bytes()).toThrow("DNS.questions: expected types such as DNSType.A");
});
