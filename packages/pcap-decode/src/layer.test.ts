import { describe, expect, test } from "vitest";
import { ipv4 } from "./address.ts";
import { bindLayer } from "./bind.ts";
import { stack } from "./build/stack.ts";
import { InvalidValueError } from "./errors.ts";
import { bits, dynamic, octets, u8, u16, u16le, u24, u32, u32le } from "./field.ts";
import { toHex } from "./hex.ts";
import { defineLayer, type Fields } from "./layer.ts";
import { Ethernet } from "./layers/ethernet.ts";
import { IPv4 } from "./layers/ipv4.ts";
import { UDP } from "./layers/udp.ts";
import { Packet } from "./packet.ts";
import { setCodeGeneration } from "./view-class.ts";

const sensorFields = {
  version: bits(3, { default: 2 }),
  urgent: bits(1),
  kind: bits(4, { names: { 1: "temperature", 2: "humidity" } }),
  count: u8({ auto: ({ values }) => ((values.readings as number[] | undefined) ?? []).length }),
  station: ipv4(),
  readings: dynamic<number[], readonly number[]>({
    size: (b, _at, _end, start) => b[start + 1]! * 2,
    read: (b, at, end) => Array.from({ length: (end - at) >> 1 }, (_, i) => (b[at + 2 * i]! << 8) | b[at + 2 * i + 1]!),
    write: (out, readings) => {
      for (const reading of readings) out.u16(reading);
    },
  }),
} as const;
const Sensor = defineLayer({
  name: "Sensor",
  fields: sensorFields,
  derive: { highest: (view) => Math.max(0, ...view.readings) },
  summary: (view) => `${view.readings.length} readings up to ${view.highest}`,
});
bindLayer(UDP, 40_404, Sensor);

describe("a layer of one's own", () => {
  const sent = stack(
    Ethernet(),
    IPv4({ dst: "192.0.2.9" }),
    UDP({ sport: 40_404, dport: 40_404 }),
    Sensor({ kind: "humidity", station: "10.1.2.3", readings: [7, 300, 21] }),
  );

  test("is built from its definition", () => {
    expect(toHex(sent.bytes().subarray(42))).toBe("42030a0102030007012c0015");
  });

  test("is found behind its port and read with types", () => {
    const packet = sent.packet();
    const sensor = packet.require(Sensor);
    const kind: number = sensor.kind;
    const readings: number[] = sensor.readings;
    expect([sensor.version, sensor.urgent, kind, sensor.count, sensor.station, readings, sensor.highest]).toEqual([
      2,
      0,
      2,
      3,
      "10.1.2.3",
      [7, 300, 21],
      300,
    ]);
    expect(packet.summary()).toBe(
      "Ethernet / IPv4 / UDP / Sensor  127.0.0.1:40404 > 192.0.2.9:40404  3 readings up to 300",
    );
    expect(packet.show()).toContain(
      "Sensor  3 readings up to 300\n  version   2\n  urgent    0\n  kind      2 (humidity)\n",
    );
  });

  test("is cut where the packet is", () => {
    const bytes = sent.bytes();
    const packet = Packet.from(bytes.slice(0, bytes.length - 3));
    expect(packet.require(Sensor).readings).toEqual([7]);
    expect(packet.error).toEqual({ layer: "IPv4", offset: 14, code: "truncated" });
    expect(Packet.from(bytes.slice(0, 45)).has(Sensor)).toBe(false);
  });
});

describe("definitions that cannot be", () => {
  const fails: [string, Fields, string][] = [
    ["Sensor", { a: u8() }, "a name that no layer has yet"],
    ["not a name", { a: u8() }, "letters and digits, a letter first"],
    ['X"];process.exit(1);//', { a: u8() }, "letters and digits, a letter first"],
    ["L1", { "a b": u8() }, "field name"],
    ["L2", { payload: u8() }, "field name"],
    ["L3", { "x(){}get y": u8() }, "field name"],
    ["L4", { a: bits(3) }, "the layout to end at a whole byte, not at bit 3"],
    ["L5", { a: bits(4), b: u16le() }, "to start at a whole byte"],
    ["L6", { a: bits(4), b: bits(32), c: bits(4) }, "bits that lie within four bytes"],
    ["L7", { a: dynamic({ read: () => 0, write: () => {} }), b: u8() }, "a dynamic field, as it follows one"],
    ["L8", { a: octets(2000, { read: () => 0, write: () => {} }) }, "at most 1024 bytes of fixed fields"],
  ];
  test.each(fails)("%s", (name, fields, message) => {
    expect(() => defineLayer({ name, fields })).toThrow(message);
    expect(() => defineLayer({ name, fields })).toThrow(InvalidValueError);
  });
  test("bits need a width that fits a number", () => {
    expect(() => bits(0)).toThrow("bits(width): expected an integer from 1 to 32, got 0");
    expect(() => bits(33)).toThrow(InvalidValueError);
  });
});

describe("generated code and closures", () => {
  const fields = {
    a: bits(1),
    b: bits(10),
    c: bits(13),
    d: u24(),
    e: u32(),
    f: u16(),
    g: u16le(),
    h: u32le(),
    i: bits(20),
    j: bits(12),
    k: u8(),
  };
  setCodeGeneration(false);
  const Closures = defineLayer({ name: "Closures", fields });
  setCodeGeneration(true);
  const Generated = defineLayer({ name: "Generated", fields });

  test("read every byte pattern alike, and write what they read", () => {
    let state = 1;
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from({ length: Generated.code.size }, () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return state >>> 24;
      });
      const { layer: one, ...generated } = Generated.decode(bytes)!.toJSON();
      const { layer: other, ...closures } = Closures.decode(bytes)!.toJSON();
      expect([one, other]).toEqual(["Generated", "Closures"]);
      expect(generated).toEqual(closures);
      expect(toHex(stack(Generated(generated as never)).bytes())).toBe(toHex(bytes));
    }
  });

  test("too few bytes are no layer", () => {
    expect(Generated.decode(new Uint8Array(Generated.code.size - 1))).toBeUndefined();
  });
});
