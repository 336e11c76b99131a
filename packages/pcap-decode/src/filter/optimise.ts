import type { Block, Statement } from "./block.ts";
import { BPF, classOf } from "./instruction.ts";
import { pullUp, shortenEdge } from "./optimise/branches.ts";
import { analyse, bottomUp, findIncoming, reachableNodes } from "./optimise/flow.ts";
import { createGraph, type Graph, NOTHING, type Node, toBlocks } from "./optimise/graph.ts";
import { optimiseBlock } from "./optimise/statements.ts";
import { type Progress, Values } from "./optimise/values.ts";

export { ImpossibleOperation } from "./optimise/values.ts";

/** Passes that only move branches can move them back and forth; after so many of them it is enough. */
const MAX_BRANCH_PASSES = 100;

/** Larger programs stay as they are: the time to optimise grows with the square of their size. */
const MAX_OPTIMISED_BLOCKS = 8192;

/**
 * The same decisions with fewer instructions: value numbering inside and across blocks, constant folding, removal of
 * dead stores, jump threading by dominating edges (McCanne and Jacobson, "The BSD Packet Filter"; the passes and their
 * order give the programs that libpcap's users know).
 */
export function optimise(root: Block): Block {
  const graph = createGraph(root);
  if (graph.nodes.length > MAX_OPTIMISED_BLOCKS) return root;
  repeat(graph, false);
  repeat(graph, true);
  mergeEqualBlocks(graph);
  dropUselessRoot(graph);
  return toBlocks(graph);
}

function repeat(graph: Graph, alter: boolean): void {
  let branchPasses = 0;
  for (;;) {
    const progress: Progress = { changed: false, statements: false };
    analyse(graph);
    pass(graph, alter, progress);
    if (!progress.changed) return;
    branchPasses = progress.statements ? 0 : branchPasses + 1;
    if (branchPasses >= MAX_BRANCH_PASSES) return;
  }
}

function pass(graph: Graph, alter: boolean, progress: Progress): void {
  findIncoming(graph);
  const values = new Values(progress);
  for (const node of graph.order) optimiseBlock(node, values, alter, progress);
  // Statements that have just been removed make what is known about branches wrong.
  if (alter) return;
  for (const node of bottomUp(graph)) {
    shortenEdge(node.yes, graph, progress);
    shortenEdge(node.no, graph, progress);
  }
  findIncoming(graph);
  for (const node of bottomUp(graph)) {
    pullUp(node, "yes", graph, progress);
    pullUp(node, "no", graph, progress);
  }
}

/** Blocks that do the same and lead to the same places are one block. */
function mergeEqualBlocks(graph: Graph): void {
  for (;;) {
    const reachable = reachableNodes(graph);
    const seen = new Map<string, Node>();
    const replacement = new Map<Node, Node>();
    for (let i = graph.nodes.length - 1; i >= 0; i--) {
      const node = graph.nodes[i]!;
      if (!reachable.has(node)) continue;
      const key = describe(node);
      const other = seen.get(key);
      if (other === undefined) seen.set(key, node);
      else replacement.set(node, other);
    }
    let merged = false;
    for (const node of reachable) {
      for (const edge of [node.yes, node.no]) {
        const other = edge.to === null ? undefined : replacement.get(edge.to);
        if (other === undefined) continue;
        edge.to = other;
        merged = true;
      }
    }
    if (!merged) return;
  }
}

function describe(node: Node): string {
  const live = node.statements.filter((item) => item.code !== NOTHING);
  const target = (item: Statement | undefined): number => (item === undefined ? -1 : live.indexOf(item));
  const statements = live.map((item) => `${item.code},${item.k},${target(item.yes)},${target(item.no)}`);
  return `${node.code},${node.k},${node.yes.to?.id},${node.no.to?.id};${statements.join(";")}`;
}

/** Jumps at the start that lead to one place either way. */
function dropUselessRoot(graph: Graph): void {
  const { statements } = graph.root;
  graph.root.statements = [];
  while (classOf(graph.root.code) === BPF.JMP && graph.root.yes.to === graph.root.no.to) {
    graph.root = graph.root.yes.to!;
  }
  graph.root.statements = classOf(graph.root.code) === BPF.RET ? [] : [...statements, ...graph.root.statements];
}
