import { floor } from "./contestant.mjs";
import { median, range } from "./statistics.mjs";

/**
 * @typedef {import("./rounds.mjs").Outcome} Outcome
 * @typedef {"met" | "missed" | "not judged" | "not run"} Verdict
 */

/**
 * A bound of the ratio; or of the difference ours − peer, in the unit of the measure.
 *
 * @typedef {{ atMost: number } | { atLeast: number } | { atMostMore: number }} Goal
 */

/**
 * One ratio to be taken, ours / peer.
 *
 * @typedef {object} Comparison
 * @property {"processor" | "speed" | "aboveFloor" | "rate" | "memoryEach" | "memory"} measure
 * @property {string} ours the name of a contestant
 * @property {string} peer the name of another
 * @property {Goal | null} goal null where the ratio is only shown
 * @property {string} [unit] where it is not the unit of the work that the measure is of
 */

/**
 * One result, as the table shows it and as `--json` writes it.
 *
 * @typedef {object} Row
 * @property {string} subject
 * @property {string} case
 * @property {string} measure in words
 * @property {string} oursName
 * @property {string} peerName
 * @property {number | null} ours median; null when it was not run
 * @property {number | null} peer median; null when it was not run
 * @property {string} unit of `ours` and `peer`
 * @property {number | null} ratio median over the rounds of each round's ours / peer
 * @property {[low: number, high: number] | null} spread least and greatest ratio of a round
 * @property {Goal | null} goal
 * @property {Verdict | null} verdict null where there is no goal
 * @property {string | null} note why the row is not judged, or what to know of it
 * @property {number} rounds
 */

/** The generator's share of a core from which on a rate says more of the generator than of the server. */
const saturation = 0.95;

/** The share of a round spent waiting for a core from which on a rate says more of the other programs than of the server. */
const disturbance = 0.1;

/** @type {(goal: Goal) => string} */
export const formatGoal = (goal) =>
  "atMost" in goal
    ? `≤ ${goal.atMost}`
    : "atLeast" in goal
      ? `≥ ${goal.atLeast}`
      : `≤ + ${goal.atMostMore.toLocaleString("en")}`;

/** @type {(goal: Goal, ratio: number, difference: number) => boolean} */
const meets = (goal, ratio, difference) =>
  "atMost" in goal ? ratio <= goal.atMost : "atLeast" in goal ? ratio >= goal.atLeast : difference <= goal.atMostMore;

/** @type {(unit: string) => Record<Comparison["measure"], { words: string, unit: string }>} */
export const describe = (unit) => ({
  processor: { words: `processor time per ${unit}`, unit: "µs" },
  aboveFloor: { words: `processor time per ${unit} above C`, unit: "µs" },
  rate: { words: `${unit}s per second`, unit: `${unit}s/s` },
  speed: { words: `${unit}s per second of processor time`, unit: `${unit}s/s` },
  memoryEach: { words: `memory per ${unit}`, unit: "KiB" },
  memory: { words: "memory of the server", unit: "MiB" },
});

/**
 * The values of a measure, one a round; undefined where the outcome has none.
 *
 * @param {Comparison["measure"]} measure
 * @param {Outcome} outcome
 * @param {Outcome | undefined} base the C floor's outcome
 * @returns {number[] | undefined}
 */
export function valuesOf(measure, outcome, base) {
  const { samples } = outcome;
  if (samples.length === 0) return undefined;
  if (measure !== "aboveFloor") {
    const values = samples.map((sample) => sample[measure]);
    return values.every((value) => value !== undefined) ? values : undefined;
  }
  const least = base?.samples;
  if (least?.length !== samples.length) return undefined;
  return samples.map(({ processor = NaN }, round) => processor - (least[round].processor ?? NaN));
}

/**
 * Why a comparison cannot be judged, if it cannot.
 *
 * @param {Comparison} comparison
 * @param {number} ratio
 * @param {{ ours: Outcome, peer: Outcome, peerValue: number, shared: boolean }} context
 */
function objection({ measure, ours, peer, goal }, ratio, context) {
  if (measure === "aboveFloor" && context.peerValue <= 0) return `invalid: ${peer} cost no more than C`;
  if (measure !== "rate") return null;
  if (context.shared) return "invalid: the server and the load share a core";
  const middle = (/** @type {Outcome} */ outcome, /** @type {"generator" | "disturbed"} */ field) =>
    median(outcome.samples.map((sample) => sample[field] ?? 0));
  if ([context.ours, context.peer].some((outcome) => middle(outcome, "disturbed") >= disturbance)) {
    return "invalid: other programs took the cores";
  }
  const share = (/** @type {Outcome} */ outcome) => middle(outcome, "generator");
  if (share(context.peer) >= saturation) return `invalid: ${peer} saturates the load generator`;
  if (share(context.ours) < saturation) return null;
  // Ours may be faster than the generator could show, so the ratio is a lower bound: enough to meet a goal, never to miss it.
  const note = `${ours} saturates the load generator`;
  return goal && "atLeast" in goal && meets(goal, ratio, Number.NaN) ? `at least: ${note}` : `invalid: ${note}`;
}

/**
 * The row of one comparison.
 *
 * @param {{ subject: string, case: string, unit: string, rounds: number }} place
 * @param {Comparison} comparison
 * @param {ReadonlyMap<string, Outcome>} outcomes by contestant
 * @param {boolean} [shared] whether the server and the load had one core between them
 * @returns {Row}
 */
export function compare(place, comparison, outcomes, shared = false) {
  const { measure, ours, peer, goal } = comparison;
  const { words, unit } = describe(comparison.unit ?? place.unit)[measure];
  const missing = { samples: [], failure: "is not part of this case" };
  const [oursOutcome, peerOutcome] = [ours, peer].map((name) => outcomes.get(name) ?? missing);
  const base = outcomes.get(floor);
  const [oursValues, peerValues] = [oursOutcome, peerOutcome].map((outcome) => valuesOf(measure, outcome, base));

  /** @type {Row} */
  const row = {
    subject: place.subject,
    case: place.case,
    measure: words,
    oursName: ours,
    peerName: peer,
    ours: oursValues ? median(oursValues) : null,
    peer: peerValues ? median(peerValues) : null,
    unit,
    ratio: null,
    spread: null,
    goal,
    verdict: null,
    note: null,
    rounds: place.rounds,
  };
  if (!oursValues || !peerValues) {
    const [name, outcome] = !oursValues ? [ours, oursOutcome] : [peer, peerOutcome];
    row.note = outcome.failure
      ? `${name}: ${outcome.failure}`
      : `${floor}: ${base?.failure ?? "is not part of this case"}`;
    row.verdict = goal && "not run";
    return row;
  }
  // Round by round: what slowed the machine in one round slowed both of its measurements.
  const ratios = oursValues.map((value, round) => value / peerValues[round]);
  row.ratio = median(ratios);
  row.spread = range(ratios);
  row.note = objection(comparison, row.ratio, {
    ours: oursOutcome,
    peer: peerOutcome,
    peerValue: /** @type {number} */ (row.peer),
    shared,
  });
  const difference = median(oursValues.map((value, round) => value - peerValues[round]));
  if (goal) {
    const isMet = meets(goal, row.ratio, difference);
    row.verdict = row.note?.startsWith("invalid") ? "not judged" : isMet ? "met" : "missed";
  }
  return row;
}

/**
 * Whether `--check` must fail: a goal missed, or one that could not be tried because our own program did not run.
 *
 * @param {readonly Row[]} rows
 */
export function failsCheck(rows) {
  return rows.some(({ verdict, ours }) => verdict === "missed" || (verdict === "not run" && ours === null));
}
