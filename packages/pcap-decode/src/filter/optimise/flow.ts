import { BPF, classOf } from "../instruction.ts";
import { type Edge, type Graph, NOTHING, type Node, reachable, readBits, writes } from "./graph.ts";

/** What is known about paths and uses, from scratch: the graph has changed. */
export function analyse(graph: Graph): void {
  findLevels(graph);
  assignBits(graph);
  findDominators(graph);
  findUses(graph);
  findEdgeDominators(graph);
}

/** Levels in the order of a walk that leaves a block when its successors are done. */
function findLevels(graph: Graph): void {
  const levels: Node[][] = [];
  const done = new Set<Node>();
  const stack: { readonly node: Node; step: number }[] = [{ node: graph.root, step: 0 }];
  const entered = new Set<Node>([graph.root]);
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    const next = top.step === 0 ? top.node.yes.to : top.step === 1 ? top.node.no.to : null;
    if (top.step < 2) {
      top.step++;
      if (next !== null && !entered.has(next)) {
        entered.add(next);
        stack.push({ node: next, step: 0 });
      }
      continue;
    }
    stack.pop();
    const { node } = top;
    done.add(node);
    const { yes, no } = node;
    node.level = yes.to === null || no.to === null ? 0 : Math.max(yes.to.level, no.to.level) + 1;
    levels[node.level] ??= [];
    levels[node.level]!.unshift(node);
  }
  graph.levels = levels;
  graph.order = [];
  for (let level = graph.root.level; level >= 0; level--) graph.order.push(...(levels[level] ?? []));
}

/** Blocks with successors from the last to the root. */
export function bottomUp(graph: Graph): Node[] {
  const nodes: Node[] = [];
  for (let level = 1; level <= graph.root.level; level++) nodes.push(...(graph.levels[level] ?? []));
  return nodes;
}

/** Makes sets that hold just the blocks and edges that are left. */
function assignBits(graph: Graph): void {
  const left = [...graph.order].sort((one, other) => one.id - other.id);
  const words = (left.length + 31) >>> 5;
  const edgeWords = (2 * left.length + 31) >>> 5;
  graph.edges = [];
  for (const [bit, node] of left.entries()) {
    node.bit = bit;
    node.dominators = new Int32Array(words);
    for (const edge of [node.yes, node.no]) {
      edge.bit = edge === node.yes ? bit : left.length + bit;
      edge.dominators = new Int32Array(edgeWords);
      graph.edges[edge.bit] = edge;
    }
  }
}

function findDominators(graph: Graph): void {
  const { order } = graph;
  for (let index = 0; index < order.length; index++) order[index]!.dominators.fill(-1);
  graph.root.dominators.fill(0);
  for (let index = 0; index < order.length; index++) {
    const node = order[index]!;
    insert(node.dominators, node.bit);
    if (node.yes.to === null || node.no.to === null) continue;
    intersect(node.yes.to.dominators, node.dominators);
    intersect(node.no.to.dominators, node.dominators);
  }
  graph.moved = false;
}

/**
 * Whether every path to `later` runs through `node`, which is known of the block before it in a chain. What moved
 * tests change is computed when it is needed: not where the chain is the only way in.
 */
export function continuesBelow(graph: Graph, node: Node, later: Node): boolean {
  if (later === node || later.entries === 1) return true;
  if (graph.moved) findDominators(graph);
  return (later.dominators[node.bit >>> 5]! & (1 << (node.bit & 31))) !== 0;
}

function findEdgeDominators(graph: Graph): void {
  for (const edge of graph.edges) edge.dominators.fill(-1);
  graph.root.yes.dominators.fill(0);
  graph.root.no.dominators.fill(0);
  const propagate = (edge: Edge): void => {
    insert(edge.dominators, edge.bit);
    if (edge.to === null) return;
    intersect(edge.to.yes.dominators, edge.dominators);
    intersect(edge.to.no.dominators, edge.dominators);
  };
  for (const node of graph.order) {
    propagate(node.yes);
    propagate(node.no);
  }
}

/** Which atoms are used before and after each block. */
function findUses(graph: Graph): void {
  for (const node of graph.order) {
    findLocalUses(node);
    node.usedAfter = 0;
  }
  for (const node of bottomUp(graph)) {
    node.usedAfter |= node.yes.to!.usedBefore | node.no.to!.usedBefore;
    node.usedBefore |= node.usedAfter & ~node.kills;
  }
}

function findLocalUses(node: Node): void {
  let defined = 0;
  let used = 0;
  let killed = 0;
  for (const { code, k } of node.statements) {
    if (code === NOTHING) continue;
    used |= readBits(code, k) & ~defined;
    const atom = writes(code, k);
    if (atom < 0) continue;
    if ((used & (1 << atom)) === 0) killed |= 1 << atom;
    defined |= 1 << atom;
  }
  if (classOf(node.code) === BPF.JMP) used |= readBits(node.code, node.k) & ~defined;
  node.kills = killed;
  node.usedBefore = used;
}

/** The ways into each block that can be reached; the latest found first. */
export function findIncoming(graph: Graph): void {
  for (const node of graph.nodes) node.incoming = [];
  for (const node of graph.order) {
    if (node.level === 0) continue;
    node.yes.to!.incoming.unshift(node.yes);
    node.no.to!.incoming.unshift(node.no);
  }
  for (const node of graph.order) node.entries = node.incoming.length;
}

function insert(set: Int32Array, id: number): void {
  set[id >>> 5]! |= 1 << (id & 31);
}

function intersect(set: Int32Array, other: Int32Array): void {
  for (let i = 0; i < set.length; i++) set[i]! &= other[i]!;
}

/** All nodes that the root still reaches. */
export function reachableNodes(graph: Graph): Set<Node> {
  return new Set(reachable(graph.root, (node) => [node.yes.to, node.no.to]));
}
