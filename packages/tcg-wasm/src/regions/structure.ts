/**
 * Structured control flow out of a reducible graph, by its dominator tree (Ramsey, 'Beyond Relooper', ICFP 2022): a node's code
 * is followed by the merge nodes that it dominates, each in reach by a label of a block around what goes before; what has
 * one predecessor stands where the edge is.
 */
import type { CodeWriter, Label } from '../wasm/code-writer.js';
import { analyse, type FlowGraph } from './flow-graph.js';

export interface NodeEmitter {
  /** Writes the node's code; every path through it ends in an `edge`, or leaves the region. */
  node(node: number, flow: Flow): void;
}

export interface Flow {
  /** Goes on at `to`, at the end of a path: nothing may follow. */
  edge(from: number, to: number): void;
  /** The label of an edge to a node that was asked to have one. */
  label(from: number, to: number): Label;
}

/** `labelled`: nodes that need a label, since they are reached by branches in the middle of code. */
export function structure(w: CodeWriter, graph: FlowGraph, labelled: ReadonlySet<number>, emitter: NodeEmitter): void {
  const { order, dominated, isLoopHeader, isMerge } = analyse(graph);
  const blockLabels = new Map<number, Label>();
  const loopLabels = new Map<number, Label>();
  const hasLabel = (node: number): boolean => isMerge[node]! || labelled.has(node);

  const flow: Flow = {
    edge(from, to) {
      if (order[to]! <= order[from]! || hasLabel(to)) w.br(flow.label(from, to));
      else tree(to);
    },
    label(from, to) {
      return (order[to]! <= order[from]! ? loopLabels : blockLabels).get(to)!;
    },
  };
  tree(0);

  function tree(node: number): void {
    if (isLoopHeader[node]) loopLabels.set(node, w.loop());
    const merges = dominated[node]!.filter(hasLabel).sort((a, b) => order[b]! - order[a]!);
    for (const merge of merges) blockLabels.set(merge, w.block());
    emitter.node(node, flow);
    for (const merge of merges.reverse()) {
      w.end();
      tree(merge);
    }
    if (isLoopHeader[node]) w.end();
  }
}
