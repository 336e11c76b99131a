import { describe, expect, it } from "vitest";
import { compileProgram } from "../../src/filter/filter.ts";
import { FilterError } from "../../src/filter/filter-error.ts";
import type { Instruction } from "../../src/filter/instruction.ts";
import { Random } from "../random.ts";
import { coverProgram } from "./cover.ts";
import { GENERATED_LINK_TYPES, generateExpression } from "./expression-generator.ts";
import { trace } from "./trace.ts";

const EXPRESSIONS = 3000;
const FIRST_SEED = 80_001;

/**
 * The optimiser may drop and reorder loads, so that a packet that ends early can have another verdict (libpcap's does
 * the same); on packets that hold everything that is loaded nothing may change.
 */
describe("the optimiser", () => {
  it(`keeps the verdicts of ${EXPRESSIONS} expressions and makes none longer`, () => {
    const outcomes = { expressions: 0, never: 0, packets: 0, before: 0, after: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + EXPRESSIONS; seed++) {
      const random = new Random(seed);
      const linkType = random.pick(GENERATED_LINK_TYPES);
      const expression = generateExpression(random, linkType);
      const plain = compileOrNothing(() => compileProgram(expression, { linkType, optimise: false }));
      if (plain === undefined) continue;
      let impossible = false;
      const optimised = compileOrNothing(
        () => compileProgram(expression, { linkType }),
        (message) => {
          // Folding constants shows shifts that are too long, which code that is not optimised does not look at.
          impossible = !message.includes("expression rejects all packets");
        },
      );
      if (impossible) continue;
      outcomes.expressions++;
      if (optimised === undefined) outcomes.never++;
      else {
        outcomes.before += plain.length;
        outcomes.after += optimised.length;
        expect(optimised.length, `seed ${seed}`).toBeLessThanOrEqual(plain.length);
      }
      const packets = [plain, optimised ?? []].flatMap((program) =>
        program.length === 0 ? [] : coverProgram(program, random).packets,
      );
      for (const { bytes, wire } of packets) {
        const before = trace(plain, bytes, wire);
        if (bytes.length < wire || before.loads.some(({ at, width }) => at + width > bytes.length)) continue;
        outcomes.packets++;
        const after = optimised === undefined ? 0 : trace(optimised, bytes, wire).verdict;
        expect(after, `seed ${seed}, ${linkType}: ${expression}`).toBe(before.verdict);
      }
    }
    console.info(
      `seeds from ${FIRST_SEED}: ${outcomes.expressions} expressions, ${outcomes.packets} packets, ` +
        `${outcomes.before} instructions became ${outcomes.after}, ${outcomes.never} can reject only`,
    );
    expect(outcomes.expressions).toBeGreaterThan(EXPRESSIONS / 2);
  }, 120_000);
});

function compileOrNothing(
  compile: () => readonly Instruction[],
  refused?: (message: string) => void,
): readonly Instruction[] | undefined {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    refused?.(error.message);
    return undefined;
  }
}
