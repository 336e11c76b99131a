import { describe, expect, it } from "vitest";
import { type Comparison, compare, failsCheck, formatGoal, type Outcome } from "./comparison.mjs";
import type { Sample } from "./measurement.mjs";

const place = { subject: "tcp-echo", case: "64 B", unit: "message", rounds: 3 };

function outcome(processor: number[], rest: Partial<Sample> = {}): Outcome {
  return {
    samples: processor.map((each) => ({ processor: each, rate: 1e6 / each, generator: 0.5, memory: 1, ...rest })),
  };
}

function outcomes(ours: Outcome, peer: Outcome, floor: Outcome = outcome([5, 5, 5])): Map<string, Outcome> {
  return new Map([
    ["C epoll", floor],
    ["ours", ours],
    ["peer", peer],
  ]);
}

const processor: Comparison = { measure: "processor", ours: "ours", peer: "peer", goal: { atMost: 0.6 } };
const aboveFloor: Comparison = { measure: "aboveFloor", ours: "ours", peer: "peer", goal: { atMost: 0.6 } };
const rate: Comparison = { measure: "rate", ours: "ours", peer: "peer", goal: { atLeast: 1.5 } };

describe("ratios", () => {
  it("takes the median of the rounds' ratios, not the ratio of the medians", () => {
    const row = compare(place, processor, outcomes(outcome([1, 20, 3]), outcome([2, 10, 4])));
    expect(row).toMatchObject({ ours: 3, peer: 4, ratio: 0.75, spread: [0.5, 2], unit: "µs", verdict: "missed" });
    expect(row.measure).toBe("processor time per message");
  });

  it("takes the floor of the same round away from both", () => {
    const row = compare(place, aboveFloor, outcomes(outcome([6, 7, 8]), outcome([7, 8, 9]), outcome([5, 6, 7])));
    expect(row).toMatchObject({ ours: 1, peer: 2, ratio: 0.5, spread: [0.5, 0.5], verdict: "met" });
  });

  it("meets a goal exactly at it", () => {
    expect(compare(place, processor, outcomes(outcome([6, 6, 6]), outcome([10, 10, 10]))).verdict).toBe("met");
    expect(compare(place, rate, outcomes(outcome([4, 4, 4]), outcome([6, 6, 6]))).verdict).toBe("met");
  });

  it("bounds a difference by the rounds' differences", () => {
    const import_ = { ...processor, goal: { atMostMore: 2 } };
    const row = compare(place, import_, outcomes(outcome([11, 30, 13]), outcome([10, 20, 11])));
    expect(row).toMatchObject({ ours: 13, peer: 11, verdict: "met", goal: { atMostMore: 2 } });
    expect(compare(place, import_, outcomes(outcome([13, 12, 14]), outcome([10, 10, 10]))).verdict).toBe("missed");
    expect(formatGoal({ atMostMore: 15_000 })).toBe("≤ + 15,000");
  });

  it("has no verdict without a goal", () => {
    const row = compare(place, { ...processor, goal: null }, outcomes(outcome([6]), outcome([10])));
    expect(row).toMatchObject({ ratio: 0.6, goal: null, verdict: null });
  });
});

describe("what cannot be judged", () => {
  it("is a peer that costs no more than the floor", () => {
    const row = compare(place, aboveFloor, outcomes(outcome([6, 6, 6]), outcome([5, 5, 5])));
    expect(row).toMatchObject({ verdict: "not judged", note: "invalid: peer cost no more than C" });
  });

  it("is a rate when the peer saturates the generator", () => {
    const row = compare(place, rate, outcomes(outcome([4]), outcome([8], { generator: 0.96 })));
    expect(row).toMatchObject({ verdict: "not judged", note: "invalid: peer saturates the load generator" });
  });

  it("is a rate that misses while ours saturates the generator; one that meets it is a lower bound", () => {
    const saturated = { generator: 0.97 };
    const missed = compare(place, rate, outcomes(outcome([8], saturated), outcome([8])));
    expect(missed).toMatchObject({ verdict: "not judged", note: "invalid: ours saturates the load generator" });
    const met = compare(place, rate, outcomes(outcome([4], saturated), outcome([8])));
    expect(met).toMatchObject({ verdict: "met", note: "at least: ours saturates the load generator" });
  });

  it("is a rate on cores that others use, but not processor time", () => {
    const all = outcomes(outcome([5], { disturbed: 0.2 }), outcome([10]));
    expect(compare(place, rate, all)).toMatchObject({
      verdict: "not judged",
      note: "invalid: other programs took the cores",
    });
    expect(compare(place, processor, all).verdict).toBe("met");
  });

  it("is a rate where the server and the load share a core", () => {
    const row = compare(place, rate, outcomes(outcome([4]), outcome([8])), true);
    expect(row).toMatchObject({ verdict: "not judged", note: "invalid: the server and the load share a core" });
  });
});

describe("what was not run", () => {
  const failed: Outcome = { samples: [], failure: "No module named 'uvloop'" };

  it("says why and keeps the other side's figure", () => {
    const row = compare(place, processor, outcomes(outcome([6]), failed));
    expect(row).toMatchObject({
      ours: 6,
      peer: null,
      ratio: null,
      verdict: "not run",
      note: "peer: No module named 'uvloop'",
    });
  });

  it("is also what lies above a floor that was not run", () => {
    const row = compare(
      place,
      aboveFloor,
      outcomes(outcome([6]), outcome([7]), { samples: [], failure: "no compiler" }),
    );
    expect(row).toMatchObject({ ratio: null, verdict: "not run", note: "C epoll: no compiler" });
  });

  it("fails a check when it is ours, not when it is a peer", () => {
    expect(failsCheck([compare(place, processor, outcomes(failed, outcome([6])))])).toBe(true);
    expect(failsCheck([compare(place, processor, outcomes(outcome([6]), failed))])).toBe(false);
  });
});

it("fails a check when a goal is missed, not when it is met or cannot be judged", () => {
  expect(failsCheck([compare(place, processor, outcomes(outcome([7]), outcome([10])))])).toBe(true);
  expect(failsCheck([compare(place, processor, outcomes(outcome([5]), outcome([10])))])).toBe(false);
  expect(failsCheck([compare(place, rate, outcomes(outcome([8]), outcome([8], { generator: 1 })))])).toBe(false);
});
