import { compare } from "./comparison.mjs";
import { curves, growthRows } from "./growth.mjs";
import { cores } from "./measurement.mjs";
import { alternate } from "./rounds.mjs";

/**
 * @typedef {import("./contestant.mjs").Contestant} Contestant
 * @typedef {import("./comparison.mjs").Comparison} Comparison
 * @typedef {import("./comparison.mjs").Row} Row
 * @typedef {import("./growth.mjs").Curve} Curve
 * @typedef {import("./measurement.mjs").Sample} Sample
 * @typedef {import("./measurement.mjs").Work} Work
 * @typedef {import("./rounds.mjs").Outcome} Outcome
 */

/**
 * The same work for every contestant, and the ratios to be taken.
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {string} unit of work, in the singular
 * @property {readonly Contestant[]} contestants
 * @property {Work} work
 * @property {(contestant: Contestant, work: Work) => Promise<Sample>} measure
 * @property {readonly Comparison[]} comparisons
 */

/**
 * The same work at 1 ×, 10 × and 100 × the size.
 *
 * @typedef {object} Growth
 * @property {string} name
 * @property {string} unit of work, in the singular
 * @property {string} what grows: connections, or which of them
 * @property {readonly number[]} sizes
 * @property {readonly Contestant[]} contestants
 * @property {(size: number) => Work} work
 * @property {(contestant: Contestant, work: Work) => Promise<Sample>} measure
 * @property {"processor" | "memoryEach"} cost
 * @property {string} ours the name of a contestant
 * @property {string} peer the name of another
 */

/**
 * @typedef {object} Subject
 * @property {string} name
 * @property {string} summary
 * @property {readonly Case[]} cases
 * @property {Growth} [growth]
 */

/**
 * How long a run takes: rounds of each case and of each size of its growth, and the divisor of every count.
 *
 * @typedef {object} Effort
 * @property {number} rounds
 * @property {number} growthRounds
 * @property {number} divisor
 */

/** @type {Effort} */
export const full = { rounds: 5, growthRounds: 3, divisor: 1 };
/** @type {Effort} */
export const quick = { rounds: 2, growthRounds: 1, divisor: 4 };

/**
 * A case's name, outcomes and rows; or a growth's name, curves and rows.
 *
 * @typedef {{ kind: "case", name: string, unit: string, count: number, rounds: number, outcomes: Map<string, Outcome>, rows: Row[] }} CaseResult
 * @typedef {{ kind: "growth", name: string, unit: string, what: string, cost: Growth["cost"], rounds: number, curves: Curve[], rows: Row[] }} GrowthResult
 */

/** @type {(work: Work, effort: Effort) => Work} */
function scaled(work, { divisor }) {
  // Idle connections are the size of the work, not its length: fewer of them would be another benchmark.
  if (work.mode === "idle") return work;
  return { ...work, count: Math.ceil(work.count / divisor), warmUp: Math.ceil(work.warmUp / divisor) };
}

/**
 * Measures a subject; yields each result as it is complete.
 *
 * @param {Subject} subject
 * @param {Effort} effort
 * @param {(step: string) => void} onStep told what is measured next
 * @returns {AsyncGenerator<CaseResult | GrowthResult>}
 */
export async function* runSubject(subject, effort, onStep) {
  const shared = cores === null;
  for (const { name, unit, contestants, work, measure, comparisons } of subject.cases) {
    const { rounds } = effort;
    const now = scaled(work, effort);
    const outcomes = await alternate(
      contestants,
      rounds,
      (contestant) => measure(contestant, now),
      (round, contestant) => onStep(`${subject.name}, ${name}: round ${round} of ${rounds}, ${contestant.name}`),
    );
    const place = { subject: subject.name, case: name, unit, rounds };
    const rows = comparisons.map((comparison) => compare(place, comparison, outcomes, shared));
    yield { kind: "case", name, unit, count: now.count, rounds, outcomes, rows };
  }

  if (subject.growth === undefined) return;
  const { name, unit, what, sizes, contestants, work, measure, cost, ours, peer } = subject.growth;
  const rounds = effort.growthRounds;
  /** @type {Map<number, Map<string, Outcome>>} */
  const bySize = new Map();
  for (const size of sizes) {
    const now = scaled(work(size), effort);
    const outcomes = await alternate(
      contestants,
      rounds,
      (contestant) => measure(contestant, now),
      (round, contestant) =>
        onStep(`${subject.name}, ${size} ${what}: round ${round} of ${rounds}, ${contestant.name}`),
    );
    bySize.set(size, outcomes);
  }
  const all = curves(cost, bySize);
  const curve = (/** @type {string} */ wanted) =>
    /** @type {Curve} */ (all.find((candidate) => candidate.name === wanted));
  const rows = growthRows({ subject: subject.name, case: name, unit, rounds, what }, cost, curve(ours), curve(peer));
  yield { kind: "growth", name, unit, what, cost, rounds, curves: all, rows };
}
