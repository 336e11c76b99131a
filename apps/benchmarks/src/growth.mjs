import { describe, valuesOf } from "./comparison.mjs";
import { exponent, median, slope } from "./statistics.mjs";

/**
 * @typedef {import("./rounds.mjs").Outcome} Outcome
 * @typedef {import("./comparison.mjs").Row} Row
 */

/**
 * One contestant at each size, smallest first.
 *
 * @typedef {object} Curve
 * @property {string} name
 * @property {string} [failure] why there are no numbers
 * @property {{ size: number, cost: number, memory: number }[]} points cost as `measure` says, memory in MiB
 * @property {number | null} exponent of the cost: 0 is the same cost at every size
 * @property {number | null} memoryEach KiB of memory for each further connection, by the slope
 */

/**
 * What the outcomes at each size say of each contestant.
 *
 * @param {"processor" | "memoryEach"} measure
 * @param {ReadonlyMap<number, ReadonlyMap<string, Outcome>>} bySize
 * @returns {Curve[]}
 */
export function curves(measure, bySize) {
  const [first] = bySize.values();
  return [...first.keys()].map((name) => {
    /** @type {Curve} */
    const curve = { name, points: [], exponent: null, memoryEach: null };
    for (const [size, outcomes] of bySize) {
      const outcome = /** @type {Outcome} */ (outcomes.get(name));
      const costs = valuesOf(measure, outcome, undefined);
      if (!costs) return { ...curve, points: [], failure: outcome.failure ?? "no numbers" };
      curve.points.push({ size, cost: median(costs), memory: median(outcome.samples.map(({ memory }) => memory)) });
    }
    // A few connections can take less memory than the noise: no logarithm, no exponent.
    const positive = curve.points.every(({ cost }) => cost > 0);
    if (positive) curve.exponent = exponent(curve.points.map(({ size, cost }) => [size, cost]));
    curve.memoryEach = slope(curve.points.map(({ size, memory }) => [size, memory * 1024]));
    return curve;
  });
}

/**
 * The rows of two curves: cost and memory at each size, then the slope of each.
 *
 * @param {{ subject: string, case: string, unit: string, rounds: number, what: string }} place
 * @param {"processor" | "memoryEach"} measure
 * @param {Curve} ours
 * @param {Curve} peer
 * @returns {Row[]}
 */
export function growthRows(place, measure, ours, peer) {
  const cost = describe(place.unit)[measure];
  const failed = [ours, peer].find(({ failure }) => failure);
  /** @type {(size: string, measure: string, unit: string, a: number | null, b: number | null, withRatio?: boolean) => Row} */
  const row = (size, words, unit, a, b, withRatio = true) => ({
    subject: place.subject,
    case: `${place.case}, ${size} ${place.what}`,
    measure: words,
    oursName: ours.name,
    peerName: peer.name,
    ours: a,
    peer: b,
    unit,
    ratio: withRatio && a !== null && b !== null && b !== 0 ? a / b : null,
    spread: null,
    goal: null,
    verdict: null,
    note: failed ? `${failed.name}: ${failed.failure}` : null,
    rounds: place.rounds,
  });
  const sizes = (ours.failure ? peer : ours).points.map(({ size }) => size);
  if (sizes.length === 0) return [];
  const span = `${sizes[0]} → ${sizes.at(-1)}`;
  return [
    ...sizes.flatMap((size, index) => [
      row(String(size), cost.words, cost.unit, ours.points[index]?.cost ?? null, peer.points[index]?.cost ?? null),
      row(
        String(size),
        "memory of the server",
        "MiB",
        ours.points[index]?.memory ?? null,
        peer.points[index]?.memory ?? null,
      ),
    ]),
    row(span, `slope of ${cost.words}`, "exponent", ours.exponent, peer.exponent, false),
    row(span, `memory per further connection`, "KiB", ours.memoryEach, peer.memoryEach),
  ];
}
