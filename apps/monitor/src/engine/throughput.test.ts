import fc from "fast-check";
import { expect, test } from "vitest";
import { Throughput } from "./throughput.ts";

const sum = (rows: readonly Float64Array[]) => rows.reduce((all, row) => all + row.reduce((a, b) => a + b, 0), 0);

test("nothing is lost, in whatever order times come, and the points stay few", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(2)), { minLength: 1, maxLength: 300 }),
      (packets) => {
        const throughput = new Throughput(3);
        for (const [time, category] of packets) throughput.add(1.7e9 + time, category, 100);
        const series = throughput.series(200);
        expect(series.points).toBeLessThanOrEqual(201);
        expect(sum(series.packets)).toBe(packets.length);
        expect(sum(series.bytes)).toBe(packets.length * 100);
        const times = packets.map(([time]) => 1.7e9 + time);
        expect(series.start).toBeLessThanOrEqual(Math.min(...times) + 1e-3);
        expect(series.start + series.points * series.step).toBeGreaterThan(Math.max(...times) - 1e-3);
      },
    ),
  );
});

test("a second of two packets a millisecond is a thousand points of two", () => {
  const throughput = new Throughput(1);
  for (let i = 0; i < 2000; i++) throughput.add(100 + (i + 0.5) / 2000, 0, 50);
  const { step, points, packets } = throughput.series(4096);
  expect([step, points]).toEqual([0.001, 1000]);
  expect(new Set(packets[0])).toEqual(new Set([2]));
});

test("a window shows only the end", () => {
  const throughput = new Throughput(1);
  for (let i = 0; i < 100; i++) throughput.add(1000 + i, 0, 1);
  const { start, step, points, packets } = throughput.series(60, 10);
  expect(start).toBeGreaterThanOrEqual(1088);
  expect(start + points * step).toBeGreaterThanOrEqual(1099);
  expect(sum(packets)).toBeLessThanOrEqual(12);
});

test("a time that lies years off is not drawn and takes no memory", () => {
  const throughput = new Throughput(1);
  throughput.add(1.7e9, 0, 1);
  throughput.add(0, 0, 1);
  throughput.add(8e9, 0, 1);
  expect(throughput.series(100)).toMatchObject({ points: 1, step: 0.001 });
});

test("without packets there are no points", () => {
  expect(new Throughput(2).series(100)).toMatchObject({ points: 0, start: 0 });
});
