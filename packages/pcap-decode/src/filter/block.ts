import { BPF } from "./instruction.ts";

/** An instruction inside a block. Its rare jumps point at other statements of the same block. */
export interface Statement {
  code: number;
  k: number;
  /** Where a conditional jump goes when taken, or an unconditional one always. */
  yes?: Statement;
  /** Where a conditional jump goes when not taken. */
  no?: Statement;
}

/** Statements that run one after the other and the jump or return at their end. */
export interface Block {
  statements: Statement[];
  code: number;
  k: number;
  /** Successors of a conditional jump: taken, not taken. `null` in a return. */
  yes: Block | null;
  no: Block | null;
}

/** A way out of a block that still has to be connected. */
interface Exit {
  readonly block: Block;
  readonly branch: "yes" | "no";
}

/** A condition as blocks: where it starts, and the ways out when it holds and when it does not. */
export interface Test {
  readonly head: Block;
  readonly yes: readonly Exit[];
  readonly no: readonly Exit[];
  /** Value of a condition that is known while compiling. */
  readonly constant?: boolean;
}

export function statement(code: number, k = 0): Statement {
  return { code, k: k >>> 0 };
}

/** A test of one block that ends in a conditional jump. */
export function branch(statements: Statement[], jump: number, k: number, source: number = BPF.K): Test {
  const head: Block = { statements, code: BPF.JMP | jump | source, k: k >>> 0, yes: null, no: null };
  return { head, yes: [{ block: head, branch: "yes" }], no: [{ block: head, branch: "no" }] };
}

/** A condition that always has the same value. */
export function constant(value: boolean): Test {
  return { ...branch([statement(BPF.LD | BPF.IMM, value ? 0 : 1)], BPF.JEQ, 0), constant: value };
}

export function not(test: Test): Test {
  return {
    head: test.head,
    yes: test.no,
    no: test.yes,
    ...(test.constant === undefined ? {} : { constant: !test.constant }),
  };
}

/** Both; what is known while compiling needs no blocks. */
export function and(left: Test, right: Test): Test {
  if (left.constant !== undefined) return left.constant ? right : left;
  if (right.constant !== undefined) return right.constant ? left : right;
  return chainAnd(left, right);
}

/** Either; what is known while compiling needs no blocks. */
export function or(left: Test, right: Test): Test {
  if (left.constant !== undefined) return left.constant ? left : right;
  if (right.constant !== undefined) return right.constant ? right : left;
  connect(left.no, right.head);
  return { head: left.head, yes: [...left.yes, ...right.yes], no: right.no };
}

function chainAnd(left: Test, right: Test): Test {
  connect(left.yes, right.head);
  return { head: left.head, yes: right.yes, no: [...left.no, ...right.no] };
}

/** A test that runs statements, for what they leave in registers, where it holds. */
export function thenRun(test: Test, statements: Statement[]): Test {
  return chainAnd(test, branch([...statements, statement(BPF.LD | BPF.IMM, 0)], BPF.JEQ, 0));
}

/** All of `tests`, left to right; `undefined` ones are no condition. */
export function all(...tests: (Test | undefined)[]): Test {
  return tests.filter((test) => test !== undefined).reduce(and);
}

/** Any of `tests`, left to right. */
export function any(...tests: Test[]): Test {
  return tests.reduce(or);
}

/** Ends a program: packets that pass the test return `accepted` bytes, others 0. */
export function finish(test: Test, accepted: number): Block {
  connect(test.yes, returns(accepted));
  connect(test.no, returns(0));
  return test.head;
}

export function returns(k: number): Block {
  return { statements: [], code: BPF.RET | BPF.K, k: k >>> 0, yes: null, no: null };
}

function connect(exits: readonly Exit[], target: Block): void {
  for (const { block, branch } of exits) block[branch] = target;
}
