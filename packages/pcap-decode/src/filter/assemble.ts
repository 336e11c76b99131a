import type { Block, Statement } from "./block.ts";
import { BPF, classOf, type Instruction, operationOf } from "./instruction.ts";

/** Farthest that a conditional jump reaches; beyond that it goes to an unconditional one. */
const LONGEST_JUMP = 255;

interface Placed {
  readonly block: Block;
  at: number;
  farYes: boolean;
  farNo: boolean;
}

/** Lays blocks out so that all jumps between them go forward, and resolves the jumps. */
export function assemble(root: Block): Instruction[] {
  const order = layOut(root);
  const places = new Map<Block, Placed>();
  for (const block of order) places.set(block, { block, at: 0, farYes: false, farNo: false });
  while (!place(order, places)) {
    // A jump has become too long and takes one more instruction, which may make others too long.
  }
  return order.flatMap((block) => emit(block, places));
}

/** Every block before its successors: the taken branch directly after it, unless that has been placed already. */
function layOut(root: Block): Block[] {
  const order: Block[] = [];
  const seen = new Set<Block>([root]);
  const stack: { block: Block; next: 0 | 1 | 2 }[] = [{ block: root, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    const successor = top.next === 0 ? top.block.no : top.next === 1 ? top.block.yes : undefined;
    if (successor === undefined) {
      order.push(top.block);
      stack.pop();
      continue;
    }
    top.next++;
    if (successor !== null && !seen.has(successor)) {
      seen.add(successor);
      stack.push({ block: successor, next: 0 });
    }
  }
  return order.reverse();
}

/** Whether all jumps reach their targets from where the blocks are now. */
function place(order: readonly Block[], places: ReadonlyMap<Block, Placed>): boolean {
  let at = 0;
  for (const block of order) {
    const placed = places.get(block)!;
    placed.at = at;
    at += block.statements.length + 1 + Number(placed.farYes) + Number(placed.farNo);
  }
  let settled = true;
  for (const placed of places.values()) {
    const { block } = placed;
    if (block.yes === null || block.no === null) continue;
    const after = placed.at + block.statements.length + 1;
    if (!placed.farYes && places.get(block.yes)!.at - after > LONGEST_JUMP) {
      placed.farYes = true;
      settled = false;
    }
    if (!placed.farNo && places.get(block.no)!.at - after > LONGEST_JUMP) {
      placed.farNo = true;
      settled = false;
    }
  }
  return settled;
}

function emit(block: Block, places: ReadonlyMap<Block, Placed>): Instruction[] {
  const placed = places.get(block)!;
  const positions = new Map<Statement, number>(block.statements.map((item, index) => [item, index]));
  const instructions = block.statements.map((item, index) => emitStatement(item, index, positions));
  if (block.yes === null || block.no === null) {
    instructions.push({ code: block.code, jt: 0, jf: 0, k: block.k });
    return instructions;
  }
  const after = placed.at + block.statements.length + 1;
  const yes = places.get(block.yes)!.at - after;
  const no = places.get(block.no)!.at - after;
  const farNo = placed.farYes ? 1 : 0;
  instructions.push({ code: block.code, jt: placed.farYes ? 0 : yes, jf: placed.farNo ? farNo : no, k: block.k });
  if (placed.farYes) instructions.push({ code: BPF.JMP | BPF.JA, jt: 0, jf: 0, k: yes - 1 });
  if (placed.farNo) instructions.push({ code: BPF.JMP | BPF.JA, jt: 0, jf: 0, k: no - farNo - 1 });
  return instructions;
}

function emitStatement(item: Statement, index: number, positions: ReadonlyMap<Statement, number>): Instruction {
  if (classOf(item.code) !== BPF.JMP) return { code: item.code, jt: 0, jf: 0, k: item.k };
  const distance = (target: Statement | undefined): number => {
    const position = target === undefined ? undefined : positions.get(target);
    if (position === undefined) throw new Error("a jump inside a block has no target");
    return position - index - 1;
  };
  if (operationOf(item.code) === BPF.JA) return { code: item.code, jt: 0, jf: 0, k: distance(item.yes) >>> 0 };
  return { code: item.code, jt: distance(item.yes), jf: distance(item.no), k: item.k };
}
