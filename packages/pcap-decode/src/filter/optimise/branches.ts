import { BPF } from "../instruction.ts";
import { continuesBelow } from "./flow.ts";
import { A, ATOMS, type Edge, type Graph, type Node } from "./graph.ts";
import type { Progress } from "./values.ts";

/** Lets an edge skip blocks whose outcome is known on every path to it. */
export function shortenEdge(edge: Edge, graph: Graph, progress: Progress): void {
  const first = edge.to!;
  if (first.yes.to === null) return;
  if (first.yes.to === first.no.to && !conflicts(edge.from, first.yes.to)) {
    progress.changed = true;
    progress.statements = true;
    edge.to = first.yes.to;
  }
  while (shortenOnce(edge, graph, progress)) {
    if (edge.to!.yes.to === null) return;
  }
}

function shortenOnce(edge: Edge, graph: Graph, progress: Progress): boolean {
  for (let word = 0; word < edge.dominators.length; word++) {
    let bits = edge.dominators[word]!;
    while (bits !== 0) {
      const bit = 31 - Math.clz32(bits & -bits);
      bits &= bits - 1;
      const dominator = graph.edges[word * 32 + bit];
      if (dominator === undefined) break;
      const target = outcome(edge.to!, dominator);
      if (target !== null && !conflicts(edge.from, target)) {
        progress.changed = true;
        edge.to = target;
        return true;
      }
    }
  }
  return false;
}

/** Where a block leads after an edge that tested the same values, `null` if that is not known. */
function outcome(node: Node, edge: Edge): Node | null {
  const taken = edge.code >= 0;
  const code = taken ? edge.code : -edge.code;
  if (node.code !== code || node.values[A] !== edge.from.values[A]) return null;
  if (node.operand === edge.from.operand) return taken ? node.yes.to : node.no.to;
  // A equals one constant, so it does not equal another.
  if (taken && code === (BPF.JMP | BPF.JEQ | BPF.K)) return node.no.to;
  return null;
}

/** Whether a block after `target` uses something that is not yet there at the end of `from`. */
function conflicts(from: Node, target: Node): boolean {
  if (target.usedAfter === 0) return false;
  for (let atom = 0; atom < ATOMS; atom++) {
    if (target.usedAfter & (1 << atom) && from.values[atom] !== target.values[atom]) return true;
  }
  return false;
}

/**
 * In a chain of tests that all lead to one place when `common` is taken, puts a test of the value that A already holds
 * before the tests of other values: then A need not be loaded again. For chains of `or`, `common` is `yes`.
 *
 * Chains are as long as the expression and are walked from every block: the loops read plain properties.
 */
export function pullUp(node: Node, common: "yes" | "no", graph: Graph, progress: Progress): void {
  const { incoming } = node;
  if (incoming.length === 0) return;
  const first = incoming[0]!;
  const value = first.from.values[A]!;
  for (let index = 1; index < incoming.length; index++) {
    if (incoming[index]!.from.values[A] !== value) return;
  }
  const isYes = common === "yes";
  const target = isYes ? node.yes.to : node.no.to;

  const top = first.from.yes.to === node ? first.from.yes : first.from.no;
  let place = top;
  for (;;) {
    const next = place.to;
    if (next === null || (isYes ? next.yes : next.no).to !== target || !continuesBelow(graph, node, next)) return;
    if (next.values[A] !== value) break;
    place = isYes ? next.no : next.yes;
  }
  let last = isYes ? place.to!.no : place.to!.yes;
  for (;;) {
    const next = last.to;
    if (next === null || (isYes ? next.yes : next.no).to !== target || !continuesBelow(graph, node, next)) return;
    if (next.values[A] === value) break;
    last = isYes ? next.no : next.yes;
  }
  const pulled = last.to!;
  const after = isYes ? pulled.no : pulled.yes;
  const follower = place.to!;
  lead(last, after.to!);
  lead(after, follower);
  if (place === top) {
    for (const edge of incoming) lead(edge.from.yes.to === node ? edge.from.yes : edge.from.no, pulled);
  } else {
    lead(place, pulled);
  }
  progress.changed = true;
  graph.moved = true;
}

function lead(edge: Edge, to: Node): void {
  edge.to!.entries--;
  to.entries++;
  edge.to = to;
}
