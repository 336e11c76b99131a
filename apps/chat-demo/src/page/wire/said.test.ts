import { Ethernet, IPv4, type Packet, stack, TCP } from "@sockeye/pcap-decode";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { framesOf, saidIn } from "./said.ts";
import { unmasked } from "./web-socket-layer.ts";

const utf8 = new TextEncoder();

function packet(payload: Uint8Array): Packet {
  return stack(Ethernet(), IPv4(), TCP({ sport: 40_000, dport: 12_346, flags: "PA" }), payload).packet();
}

/** A frame as RFC 6455, section 5.2 lays it out. */
function frame(opcode: number, payload: Uint8Array, mask?: readonly [number, number, number, number]): number[] {
  const { length } = payload;
  const masked = mask === undefined ? 0 : 128;
  const head = length < 126 ? [masked | length] : [masked | 126, length >> 8, length & 255];
  const body = mask === undefined ? payload : payload.map((byte, i) => byte ^ mask[i & 3]!);
  return [0x80 | opcode, ...head, ...(mask ?? []), ...body];
}

describe("what a packet says", () => {
  test.each<[string, number[], string | undefined]>([
    ["a line", [...utf8.encode("ada: hello\n")], "ada: hello"],
    ["two lines", [...utf8.encode("ada: hello\r\nbob: hi\n")], "ada: hello\r\nbob: hi"],
    ["nothing", [], undefined],
    ["a frame", frame(1, utf8.encode('{"type":"said"}')), '{"type":"said"}'],
    ["a masked frame", frame(1, utf8.encode("psst 🐟"), [1, 2, 250, 0]), "psst 🐟"],
    ["two frames", [...frame(1, utf8.encode("one")), ...frame(1, utf8.encode("two"))], "one  two"],
    ["a longer frame", frame(1, utf8.encode("x".repeat(300))), "x".repeat(300)],
    [
      "a frame that goes on elsewhere",
      frame(1, utf8.encode("é".repeat(100))).slice(0, 21),
      "text of 200 bytes, in part",
    ],
    ["a ping", frame(9, new Uint8Array(0)), undefined],
    ["bytes", frame(2, new Uint8Array(9)), "binary of 9 bytes"],
    ["noise", [0xff, 0xfe, 0x00], undefined],
    ["the HTTP of the handshake", [...utf8.encode("GET /chat HTTP/1.1\r\n\r\n")], undefined],
  ])("%s", (_name, payload, said) => {
    expect(saidIn(packet(Uint8Array.from(payload)))).toBe(said);
  });

  it("is never an error, whatever the bytes", () => {
    const mutated = fc
      .tuple(
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        fc.array(fc.tuple(fc.nat(210), fc.nat(255)), { maxLength: 6 }),
      )
      .map(([text, mask, changes]) => {
        const bytes = frame(1, text, mask ? [1, 2, 3, 4] : undefined);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          fc.uint8Array({ maxLength: 300 }).map((bytes) => [...bytes]),
        ),
        (bytes) => {
          const carried = packet(Uint8Array.from(bytes));
          const text = saidIn(carried);
          if (text !== undefined) expect(text.length).toBeLessThanOrEqual(2_000);
          for (const view of framesOf(carried)) expect(unmasked(view).length).toBeLessThanOrEqual(bytes.length);
        },
      ),
    );
  });
});
