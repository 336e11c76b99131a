import { ChildError } from "./child.mjs";

/**
 * @typedef {import("./contestant.mjs").Contestant} Contestant
 * @typedef {import("./measurement.mjs").Sample} Sample
 */

/**
 * What one contestant did: a sample a round, or why there is none.
 *
 * @typedef {{ samples: Sample[], failure?: string }} Outcome
 */

/**
 * Measures the contestants in turn, A B C A B C …, so that what disturbs the machine for a while disturbs all of them. One that
 * fails is left out of the rounds that follow, and its outcome says why.
 *
 * @param {readonly Contestant[]} contestants
 * @param {number} rounds
 * @param {(contestant: Contestant) => Promise<Sample>} measure
 * @param {(round: number, contestant: Contestant) => void} [onTurn] called before each measurement; rounds count from 1
 * @returns {Promise<Map<string, Outcome>>} by name, in the order given
 */
export async function alternate(contestants, rounds, measure, onTurn) {
  /** @type {Map<string, Outcome>} */
  const outcomes = new Map(contestants.map(({ name }) => [name, { samples: [] }]));
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of contestants) {
      const outcome = /** @type {Outcome} */ (outcomes.get(contestant.name));
      if (outcome.failure) continue;
      onTurn?.(round, contestant);
      try {
        outcome.samples.push(await measure(contestant));
      } catch (error) {
        if (!(error instanceof ChildError)) throw error;
        outcome.failure = round === 1 ? error.message : `round ${round}: ${error.message}`;
        outcome.samples = [];
      }
    }
  }
  return outcomes;
}
