import { BPF, classOf } from "../instruction.ts";
import { type Edge, type Graph, type Node, NOTHING, reachable, readBits, writes } from "./graph.ts";

/** What is known about paths and uses, from scratch: the graph has changed. */
export function analyse(graph: Graph): void {
  findLevels(graph);
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
}

/** Blocks from the root towards the returns, each before its successors. */
export function topDown(graph: Graph): Node[] {
  const nodes: Node[] = [];
  for (let level = graph.root.level; level >= 0; level--) nodes.push(...(graph.levels[level] ?? []));
  return nodes;
}

/** Blocks with successors from the last to the root. */
export function bottomUp(graph: Graph): Node[] {
  const nodes: Node[] = [];
  for (let level = 1; level <= graph.root.level; level++) nodes.push(...(graph.levels[level] ?? []));
  return nodes;
}

export function findDominators(graph: Graph): void {
  for (const node of graph.nodes) node.dominators.fill(0xffffffff);
  graph.root.dominators.fill(0);
  for (const node of topDown(graph)) {
    insert(node.dominators, node.id);
    if (node.yes.to === null || node.no.to === null) continue;
    intersect(node.yes.to.dominators, node.dominators);
    intersect(node.no.to.dominators, node.dominators);
  }
}

function findEdgeDominators(graph: Graph): void {
  for (const edge of graph.edges) edge.dominators.fill(0xffffffff);
  graph.root.yes.dominators.fill(0);
  graph.root.no.dominators.fill(0);
  const propagate = (edge: Edge): void => {
    insert(edge.dominators, edge.id);
    if (edge.to === null) return;
    intersect(edge.to.yes.dominators, edge.dominators);
    intersect(edge.to.no.dominators, edge.dominators);
  };
  for (const node of topDown(graph)) {
    propagate(node.yes);
    propagate(node.no);
  }
}

/** Which atoms are used before and after each block. */
function findUses(graph: Graph): void {
  for (const node of topDown(graph)) {
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
  for (const node of topDown(graph)) {
    if (node.level === 0) continue;
    node.yes.to!.incoming.unshift(node.yes);
    node.no.to!.incoming.unshift(node.no);
  }
}

export function has(set: Uint32Array, id: number): boolean {
  return (set[id >>> 5]! & (1 << (id & 31))) !== 0;
}

function insert(set: Uint32Array, id: number): void {
  set[id >>> 5]! |= 1 << (id & 31);
}

function intersect(set: Uint32Array, other: Uint32Array): void {
  for (let i = 0; i < set.length; i++) set[i]! &= other[i]!;
}

/** All nodes that the root still reaches. */
export function reachableNodes(graph: Graph): Set<Node> {
  return new Set(reachable(graph.root, (node) => [node.yes.to, node.no.to]));
}
