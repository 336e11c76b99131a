import type { Block, Statement } from "../block.ts";
import { BPF, classOf, modeOf, SCRATCH_WORDS, sourceOf } from "../instruction.ts";

/** Code of a statement that has been removed. */
export const NOTHING = -1;

/** What statements read and write: scratch words 0 to 15, then A and X. */
export const A = SCRATCH_WORDS;
export const X = SCRATCH_WORDS + 1;
export const ATOMS = SCRATCH_WORDS + 2;
const A_AND_X = ATOMS;

/** A value that is not known to be the same as any other. */
export const UNKNOWN = 0;

/** A way from a block to a successor. */
export interface Edge {
  /** Position in sets of edges: those that jumps take first, each kind in the order of the blocks. */
  bit: number;
  readonly from: Node;
  to: Node | null;
  /** Jump code when taken, its negative when not. */
  code: number;
  /** Edges that every path to this edge runs through, as a bit set. */
  dominators: Int32Array;
}

/** A block and what is known about it. */
export interface Node {
  readonly id: number;
  /** Position in sets of blocks. */
  bit: number;
  statements: Statement[];
  code: number;
  k: number;
  readonly yes: Edge;
  readonly no: Edge;
  /** Longest way to a return. */
  level: number;
  /** Blocks that every path to this block runs through, as a bit set. */
  dominators: Int32Array;
  incoming: Edge[];
  /** How many ways there are into the block now; `incoming` is as it was before tests moved. */
  entries: number;
  /** Atoms that this block writes without reading them first, as bits. */
  kills: number;
  /** Atoms whose value at the start and at the end of the block is used. */
  usedBefore: number;
  usedAfter: number;
  /** Value number of each atom at the end. */
  readonly values: Int32Array;
  /** Value number of the operand that the jump compares A with. */
  operand: number;
}

/** A program under optimisation. */
export interface Graph {
  root: Node;
  /** All blocks that were reachable at the start, in the order of a walk that takes jumps first. */
  readonly nodes: readonly Node[];
  /** Reachable blocks by level; the latest found first. */
  levels: Node[][];
  /** Reachable blocks from the root towards the returns. */
  order: Node[];
  /** The ways out of reachable blocks, by their bits. */
  edges: Edge[];
  /** Whether a test has moved since dominators were computed. */
  moved: boolean;
}

/** The graph of the blocks that can be reached. */
export function createGraph(root: Block): Graph {
  const blocks = reachable(root, (block) => [block.yes, block.no]);
  const nodes = new Map<Block, Node>();
  for (const [id, block] of blocks.entries()) nodes.set(block, createNode(id, block));
  for (const [block, node] of nodes) {
    node.yes.to = block.yes === null ? null : nodes.get(block.yes)!;
    node.no.to = block.no === null ? null : nodes.get(block.no)!;
  }
  return { root: nodes.get(root)!, nodes: [...nodes.values()], levels: [], order: [], edges: [], moved: false };
}

const NO_SET = new Int32Array(0);

function createNode(id: number, block: Block): Node {
  const edge = (): Edge => ({ bit: 0, from: undefined as unknown as Node, to: null, code: 0, dominators: NO_SET });
  const node: Node = {
    id,
    bit: 0,
    statements: block.statements,
    code: block.code,
    k: block.k,
    yes: edge(),
    no: edge(),
    level: 0,
    dominators: NO_SET,
    incoming: [],
    entries: 0,
    kills: 0,
    usedBefore: 0,
    usedAfter: 0,
    values: new Int32Array(ATOMS),
    operand: UNKNOWN,
  };
  (node.yes as { from: Node }).from = node;
  (node.no as { from: Node }).from = node;
  return node;
}

/** What can be reached from `root`, in the order of a walk to the first successors first. */
export function reachable<T>(root: T, successors: (item: T) => (T | null)[]): T[] {
  const seen = new Set<T>([root]);
  const stack: { readonly next: (T | null)[]; at: number }[] = [{ next: successors(root), at: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    if (top.at === top.next.length) {
      stack.pop();
      continue;
    }
    const successor = top.next[top.at++];
    if (successor === null || successor === undefined || seen.has(successor)) continue;
    seen.add(successor);
    stack.push({ next: successors(successor), at: 0 });
  }
  return [...seen];
}

/** The blocks of the graph again. */
export function toBlocks(graph: Graph): Block {
  const blocks = new Map<Node, Block>();
  for (const node of graph.nodes)
    blocks.set(node, { statements: live(node), code: node.code, k: node.k, yes: null, no: null });
  for (const [node, block] of blocks) {
    if (node.yes.to === null || node.no.to === null) continue;
    block.yes = blocks.get(node.yes.to)!;
    block.no = blocks.get(node.no.to)!;
  }
  return blocks.get(graph.root)!;
}

/** Statements that are still there; jumps to removed ones go to the next. */
function live(node: Node): Statement[] {
  const target = (item: Statement | undefined): Statement | undefined => {
    if (item === undefined || item.code !== NOTHING) return item;
    const index = node.statements.indexOf(item);
    return node.statements.slice(index).find((next) => next.code !== NOTHING);
  };
  const statements = node.statements.filter((item) => item.code !== NOTHING);
  for (const item of statements) {
    if (item.yes !== undefined) item.yes = target(item.yes)!;
    if (item.no !== undefined) item.no = target(item.no)!;
  }
  return statements;
}

/** The atom that a statement reads, `A_AND_X` for both, -1 for none. */
function reads(code: number, k: number): number {
  switch (classOf(code)) {
    case BPF.RET:
      return code & BPF.A ? A : -1;
    case BPF.LD:
    case BPF.LDX:
      return modeOf(code) === BPF.IND ? X : modeOf(code) === BPF.MEM ? k : -1;
    case BPF.ST:
      return A;
    case BPF.STX:
      return X;
    case BPF.JMP:
    case BPF.ALU:
      return sourceOf(code) === BPF.X ? A_AND_X : A;
    default:
      return code & BPF.TXA ? X : A;
  }
}

/** The atom that a statement writes, -1 for none. */
export function writes(code: number, k: number): number {
  switch (classOf(code)) {
    case BPF.LD:
    case BPF.ALU:
      return A;
    case BPF.LDX:
      return X;
    case BPF.ST:
    case BPF.STX:
      return k;
    case BPF.MISC:
      return code & BPF.TXA ? A : X;
    default:
      return -1;
  }
}

/** The atoms that a statement reads, as bits. */
export function readBits(code: number, k: number): number {
  const atom = reads(code, k);
  return atom < 0 ? 0 : atom === A_AND_X ? (1 << A) | (1 << X) : 1 << atom;
}
