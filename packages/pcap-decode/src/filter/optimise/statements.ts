import type { Statement } from "../block.ts";
import { BPF, classOf, modeOf, operationOf, sourceOf } from "../instruction.ts";
import { A, ATOMS, NOTHING, type Node, readBits, UNKNOWN, writes, X } from "./graph.ts";
import type { Progress, Values } from "./values.ts";

/** Numbers the values of a block and, with `alter`, makes its statements fewer and simpler. */
export function optimiseBlock(node: Node, values: Values, alter: boolean, progress: Progress): void {
  inherit(node);
  const before = node.values.slice();
  for (const item of node.statements) {
    if (item.code !== NOTHING) values.step(item, node.values, alter);
  }
  const unused = node.usedAfter === 0 && same(before, node.values, A) && same(before, node.values, X);
  if (alter && (unused || classOf(node.code) === BPF.RET)) {
    if (node.statements.length > 0) {
      node.statements = [];
      changed(progress);
    }
  } else {
    simplify(node, values, progress);
    removeDeadStores(node, progress);
  }
  node.operand = sourceOf(node.code) === BPF.K ? values.constantNumber(node.k) : node.values[X]!;
  node.yes.code = node.code;
  node.no.code = -node.code;
}

/** At the start of a block an atom has the value that all ways into the block agree on. */
function inherit(node: Node): void {
  const [first, ...others] = node.incoming;
  if (first === undefined) {
    node.values.fill(UNKNOWN);
    return;
  }
  node.values.set(first.from.values);
  for (const { from } of others) {
    for (let atom = 0; atom < ATOMS; atom++) {
      if (node.values[atom] !== from.values[atom]) node.values[atom] = UNKNOWN;
    }
  }
}

function same(before: Int32Array, after: Int32Array, atom: number): boolean {
  return before[atom] !== UNKNOWN && before[atom] === after[atom];
}

function changed(progress: Progress): void {
  progress.changed = true;
  progress.statements = true;
}

/** Replaces pairs and groups of statements, and the jump, by shorter ones. */
function simplify(node: Node, values: Values, progress: Progress): void {
  const items = node.statements;
  let at = nextLive(items, 0);
  if (items.length === 0) return;
  let last = items[0];
  while (at >= 0) {
    const nextAt = nextLive(items, at + 1);
    if (nextAt < 0) break;
    const item = items[at]!;
    const next = items[nextAt]!;
    last = next;
    if (item.code === BPF.ST && next.code === (BPF.LDX | BPF.MEM) && item.k === next.k) {
      next.code = BPF.MISC | BPF.TAX;
      changed(progress);
    }
    if (item.code === (BPF.LD | BPF.IMM) && next.code === (BPF.MISC | BPF.TAX)) {
      item.code = BPF.LDX | BPF.IMM;
      next.code = BPF.MISC | BPF.TXA;
      changed(progress);
    }
    if (item.code === (BPF.LD | BPF.IMM)) mergeConstantIndex(node, at, nextAt, progress);
    at = nextAt;
  }
  simplifyComparison(node, last, values, progress);
  foldJump(node, values, progress);
}

function nextLive(items: readonly Statement[], from: number): number {
  for (let i = from; i < items.length; i++) {
    if (items[i]!.code !== NOTHING) return i;
  }
  return -1;
}

/** `ld #k; ldxb 4*([n]&0xf); add x; tax; ldb [x + c]` is `ldxb 4*([n]&0xf); ldb [x + c + k]` where X is not used later. */
function mergeConstantIndex(node: Node, at: number, nextAt: number, progress: Progress): void {
  if (node.usedAfter & (1 << X)) return;
  const items = node.statements;
  const item = items[at]!;
  const next = items[nextAt]!;
  const addAt = next.code === (BPF.LDX | BPF.MSH | BPF.B) ? nextLive(items, nextAt + 1) : nextAt;
  if (addAt < 0 || items[addAt]!.code !== (BPF.ALU | BPF.ADD | BPF.X)) return;
  const taxAt = nextLive(items, addAt + 1);
  if (taxAt < 0 || items[taxAt]!.code !== (BPF.MISC | BPF.TAX)) return;
  const loadAt = nextLive(items, taxAt + 1);
  if (loadAt < 0) return;
  const load = items[loadAt]!;
  if (classOf(load.code) !== BPF.LD || modeOf(load.code) !== BPF.IND) return;
  load.k = (load.k + item.k) >>> 0;
  item.code = NOTHING;
  items[addAt]!.code = NOTHING;
  items[taxAt]!.code = NOTHING;
  changed(progress);
}

/** Moves the operation before an equality test into it. */
function simplifyComparison(node: Node, last: Statement | undefined, values: Values, progress: Progress): void {
  if (node.code !== (BPF.JMP | BPF.JEQ | BPF.K) || node.usedAfter & (1 << A) || last === undefined) return;
  if (last.code === (BPF.ALU | BPF.SUB | BPF.X)) {
    const known = values.constant(node.values[X]!);
    if (known !== undefined) {
      node.k = (node.k + known) >>> 0;
      last.code = NOTHING;
      changed(progress);
    } else if (node.k === 0) {
      last.code = NOTHING;
      node.code = BPF.JMP | BPF.JEQ | BPF.X;
      changed(progress);
    }
  } else if (last.code === (BPF.ALU | BPF.SUB | BPF.K)) {
    last.code = NOTHING;
    node.k = (node.k + last.k) >>> 0;
    changed(progress);
  } else if (last.code === (BPF.ALU | BPF.AND | BPF.K) && node.k === 0) {
    node.k = last.k;
    node.code = BPF.JMP | BPF.K | BPF.JSET;
    last.code = NOTHING;
    const { to } = node.yes;
    node.yes.to = node.no.to;
    node.no.to = to;
    changed(progress);
  }
}

/** A jump whose outcome is known goes there either way. */
function foldJump(node: Node, values: Values, progress: Progress): void {
  if (node.code === (BPF.JMP | BPF.K | BPF.JSET) && node.k === 0) node.yes.to = node.no.to;
  const index = values.constant(node.values[X]!);
  if (index !== undefined && classOf(node.code) === BPF.JMP && sourceOf(node.code) === BPF.X) {
    node.code &= ~BPF.X;
    node.k = index;
  }
  const known = values.constant(node.values[A]!);
  if (known === undefined || classOf(node.code) !== BPF.JMP || sourceOf(node.code) !== BPF.K) return;
  if (node.yes.to !== node.no.to) changed(progress);
  if (holds(node, known)) node.no.to = node.yes.to;
  else node.yes.to = node.no.to;
}

function holds(node: Node, value: number): boolean {
  switch (operationOf(node.code)) {
    case BPF.JEQ:
      return value === node.k;
    case BPF.JGT:
      return value > node.k;
    case BPF.JGE:
      return value >= node.k;
    default:
      return (value & node.k) !== 0;
  }
}

/** Removes what is written and not read before it is written again. */
function removeDeadStores(node: Node, progress: Progress): void {
  const last = new Array<Statement | undefined>(ATOMS).fill(undefined);
  const touch = (code: number, k: number): void => {
    const read = readBits(code, k);
    for (let atom = 0; atom < ATOMS; atom++) {
      if (read & (1 << atom)) last[atom] = undefined;
    }
  };
  for (const item of node.statements) {
    if (item.code === NOTHING) continue;
    touch(item.code, item.k);
    const atom = writes(item.code, item.k);
    if (atom < 0) continue;
    if (last[atom] !== undefined) {
      last[atom].code = NOTHING;
      changed(progress);
    }
    last[atom] = item;
  }
  touch(node.code, node.k);
  for (const [atom, item] of last.entries()) {
    if (item === undefined || node.usedAfter & (1 << atom)) continue;
    item.code = NOTHING;
    node.values[atom] = UNKNOWN;
    changed(progress);
  }
}
