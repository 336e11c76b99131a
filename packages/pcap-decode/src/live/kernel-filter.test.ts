import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileFilter } from "../filter/filter.ts";
import type { Instruction } from "../filter/instruction.ts";
import { interpreter } from "../filter/interpret.ts";
import { kernelFilter } from "./kernel-filter.ts";

/** What the kernel would read in the bytes of a program. */
function decode(program: Uint8Array): Instruction[] {
  const view = new DataView(program.buffer);
  return Array.from({ length: program.length / 8 }, (_, i) => ({
    code: view.getUint16(i * 8, true),
    jt: view.getUint8(i * 8 + 2),
    jf: view.getUint8(i * 8 + 3),
    k: view.getUint32(i * 8 + 4, true),
  }));
}

const ethernet = { linkType: 1, cooked: false, snaplen: 262_144 };
const cooked = { linkType: 276, cooked: true, snaplen: 262_144 };

test("for frames it is the filter's own program", () => {
  const filter = kernelFilter("tcp port 80", ethernet);
  expect(decode(filter.program)).toEqual(compileFilter("tcp port 80").instructions);
  expect(filter.rest).toBeUndefined();
});

test("everything, cut to the snapshot length", () => {
  expect(decode(kernelFilter("", { ...ethernet, snaplen: 100 }).program)).toEqual([{ code: 6, jt: 0, jf: 0, k: 100 }]);
  expect(decode(kernelFilter("", { ...cooked, snaplen: 100 }).program)).toEqual([{ code: 6, jt: 0, jf: 0, k: 80 }]);
});

describe("a cooked header, which the kernel does not have", () => {
  test.each([
    ["link[0:2] = 0x800", 0xfffff000],
    ["link[4:4] = 3", 0xfffff008],
    ["link[8:2] = 1", 0xfffff01c],
    ["link[10] = 4", 0xfffff004],
    ["link[20] = 69", 0],
  ])("%s is loaded from %i", (expression, k) => {
    const { program, rest } = kernelFilter(expression, cooked);
    expect([decode(program)[0]!.k, rest]).toEqual([k, undefined]);
  });

  test.each(["link[0] = 8", "link[1] = 0", "link[12] = 2", "link[8:4] = 1", "len > 100", "ether[link[10]] = 1"])(
    "%s is decided here",
    (expression) => {
      const { program, rest } = kernelFilter(expression, { ...cooked, snaplen: 100 });
      expect(decode(program)).toEqual([{ code: 6, jt: 0, jf: 0, k: 100 }]);
      expect(rest?.match).toBeTypeOf("function");
    },
  );
});

test("without the header the program decides as the filter does with it", () => {
  const expressions = [
    "tcp port 80",
    "udp[2:2] > 100",
    "ip host 10.0.0.1 or ip6 host ::1",
    "icmp[0] = 8",
    "ip[0] & 0xf > 5",
  ];
  const header = (protocol: number): number[] => [
    protocol >> 8,
    protocol & 255,
    0,
    0,
    0,
    0,
    0,
    3,
    0,
    1,
    0,
    6,
    1,
    2,
    3,
    4,
    5,
    6,
    0,
    0,
  ];
  const packets = fc.tuple(
    fc.constantFrom(0x0800, 0x86dd),
    fc.constantFrom(1, 6, 17),
    fc.uint8Array({ minLength: 40, maxLength: 80 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...expressions), packets, (expression, [protocol, transport, bytes]) => {
      bytes[0] = protocol === 0x0800 ? 0x45 : 0x60;
      bytes[protocol === 0x0800 ? 9 : 6] = transport;
      if (protocol === 0x0800) bytes.set([0, 0], 6);
      const frame = Uint8Array.from([...header(protocol), ...bytes]);
      // What the kernel knows beside the bytes, in the place of the loads that ask for it.
      const program = decode(kernelFilter(expression, cooked).program).map((each) =>
        each.k === 0xfffff000 ? { ...each, code: 0, k: protocol } : each,
      );
      const whole = compileFilter(expression, { linkType: 276 });
      expect(interpreter(program)(bytes, 0, bytes.length, bytes.length) > 0).toBe(whole.match(frame));
    }),
  );
});
