import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileFilter, type Filter } from "../../src/filter/filter.ts";
import { FilterError } from "../../src/filter/filter-error.ts";
import { BPF, type Instruction } from "../../src/filter/instruction.ts";
import { interpreter } from "../../src/filter/interpret.ts";
import { validateProgram } from "../../src/filter/validate.ts";
import { Random } from "../random.ts";
import { coverProgram } from "./cover.ts";
import { GENERATED_LINK_TYPES, generateExpression } from "./expression-generator.ts";
import { KernelJudge, kernelNote, kernelProblem } from "./kernel.ts";
import { trace } from "./trace.ts";

const PROGRAMS = 2000;
const FIRST_SEED = 40_001;
const MUTATED = 2000;

describe.skipIf(kernelProblem !== undefined)(`the kernel as judge${kernelNote}`, () => {
  let judge: KernelJudge;
  beforeAll(() => {
    judge = new KernelJudge();
  });
  afterAll(() => judge.close());

  it(`accepts and rejects what match does, for ${PROGRAMS} programs`, async () => {
    const outcomes = { attached: 0, refused: 0, packets: 0 };
    const differing: string[] = [];
    for (let seed = FIRST_SEED; outcomes.attached < PROGRAMS; seed++) {
      const random = new Random(seed);
      const linkType = random.pick(GENERATED_LINK_TYPES);
      const expression = generateExpression(random, linkType);
      // Some keep only the start of a packet, and the kernel cuts the rest off.
      const snaplen = random.chance(20) ? 20 + random.below(60) : 262_144;
      const filter = compileOrNothing(() =>
        compileFilter(expression, { linkType, snaplen, optimise: !random.chance(25) }),
      );
      if (filter === undefined) continue;
      const packets = coverProgram(filter.instructions, random).packets.map(({ bytes }) => bytes);
      const verdict = await judge.judge(filter.instructions, packets);
      const isValid = filter.validate().length === 0;
      if ("errno" in verdict) {
        if (isValid) differing.push(`seed ${seed}: only the kernel refuses ${expression}`);
        outcomes.refused++;
        continue;
      }
      if (!isValid) differing.push(`seed ${seed}: only we refuse ${expression}: ${filter.validate()[0]!.message}`);
      outcomes.attached++;
      outcomes.packets += packets.length;
      const ours = packets.map((bytes) => {
        const kept = filter.run(bytes);
        expect(filter.match(bytes)).toBe(kept !== 0);
        return kept === 0 ? -1 : Math.min(kept, bytes.length);
      });
      if (ours.join() !== verdict.received.join()) differing.push(`seed ${seed}, ${linkType}: ${expression}`);
    }
    console.info(
      `seeds from ${FIRST_SEED}: ${outcomes.attached} programs attached, ${outcomes.packets} datagrams sent, ` +
        `${outcomes.refused} programs refused by the kernel and by validate()`,
    );
    expect(differing).toEqual([]);
  }, 300_000);

  it(`and validate() refuse the same of ${MUTATED} damaged programs`, async () => {
    const base = compileFilter("tcp port 80 or vlan and ip[0] + 4 > len or udp[8] % 3 = 1", {
      optimise: false,
    }).instructions;
    const differing: string[] = [];
    let refused = 0;
    for (let seed = 1; seed <= MUTATED; seed++) {
      const program = damage(base, new Random(seed));
      const verdict = await judge.judge(program, []);
      const problems = validateProgram(program);
      if ("errno" in verdict) refused++;
      if ("errno" in verdict !== problems.length > 0)
        differing.push(`seed ${seed}: ${problems[0]?.message ?? "valid"}`);
    }
    expect(differing).toEqual([]);
    expect(refused).toBeGreaterThan(MUTATED / 4);
    expect(refused).toBeLessThan(MUTATED);
  }, 120_000);

  it("computes like the interpreter on random straight programs", async () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed);
      const program = straightProgram(random);
      const packets = [random.bytes(64), random.bytes(64), random.bytes(9)];
      const verdict = await judge.judge(program, packets);
      const run = interpreter(program);
      const ours = packets.map((bytes) => run(bytes, 0, bytes.length, bytes.length));
      expect(
        packets.map((bytes) => trace(program, bytes, bytes.length).verdict),
        `seed ${seed}`,
      ).toEqual(ours);
      if (!("received" in verdict)) throw new Error(`seed ${seed} was refused`);
      const kept = packets.map((bytes, index) => (ours[index] === 0 ? -1 : Math.min(ours[index]!, bytes.length)));
      expect(verdict.received, `seed ${seed}`).toEqual(kept);
    }
  });
});

function compileOrNothing(compile: () => Filter): Filter | undefined {
  try {
    return compile();
  } catch (error) {
    if (error instanceof FilterError) return undefined;
    throw error;
  }
}

function damage(program: readonly Instruction[], random: Random): Instruction[] {
  const copy = program.map((instruction) => ({ ...instruction }));
  for (let times = 1 + random.below(2); times > 0; times--) {
    const item = copy[random.below(copy.length)]!;
    switch (random.below(6)) {
      case 0:
        item.code = random.below(0x100);
        break;
      case 1:
        item.code ^= 1 << random.below(16);
        break;
      case 2:
        item.jt = random.below(256);
        break;
      case 3:
        item.jf = random.below(256);
        break;
      case 4:
        item.k = random.pick([0, 1, 15, 16, 31, 32, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000 + random.below(80)]);
        break;
      default:
        copy.splice(random.below(copy.length), 1);
    }
  }
  return copy;
}

/** Loads, arithmetic with all operations, and a comparison at the end. */
function straightProgram(random: Random): Instruction[] {
  const program: Instruction[] = [];
  const emit = (code: number, k = 0): void => {
    program.push({ code, jt: 0, jf: 0, k: k >>> 0 });
  };
  const operations = [BPF.ADD, BPF.SUB, BPF.MUL, BPF.DIV, BPF.MOD, BPF.AND, BPF.OR, BPF.XOR, BPF.LSH, BPF.RSH];
  emit(BPF.LD | random.pick([BPF.W, BPF.H, BPF.B]) | BPF.ABS, random.below(12));
  emit(BPF.MISC | BPF.TAX);
  for (let steps = 1 + random.below(6); steps > 0; steps--) {
    const operation = random.pick(operations);
    // By how much A is shifted when X is 32 or more, the kernel and libpcap do not agree on.
    const shift = operation === BPF.LSH || operation === BPF.RSH;
    if (random.chance(30)) emit(BPF.LD | BPF.B | BPF.ABS, random.below(10));
    if (random.chance(20)) emit(BPF.ALU | BPF.NEG);
    if (random.chance(20)) emit(BPF.LDX | BPF.B | BPF.MSH, random.below(10));
    if (random.chance(20)) emit(BPF.LDX | BPF.IMM, random.pick([0, 1, 31, 32, 33, random.word()]));
    if (!shift && random.chance(50)) emit(BPF.ALU | operation | BPF.X);
    else emit(BPF.ALU | operation | BPF.K, shift ? random.below(32) : random.word() || 1);
    if (random.chance(30)) emit(BPF.MISC | BPF.TAX);
  }
  if (random.chance(50)) {
    emit(BPF.RET | BPF.A);
    return program;
  }
  const jump = random.pick([BPF.JEQ, BPF.JGT, BPF.JGE, BPF.JSET]);
  program.push({ code: BPF.JMP | jump | random.pick([BPF.X, BPF.K]), jt: 0, jf: 1, k: random.word() });
  emit(BPF.RET | BPF.K, 65_535);
  emit(BPF.RET | BPF.K, 0);
  return program;
}
