/**
 * Control flow of a region as numbers: node 0 is the entry. What structuring needs to know of it: reverse postorder,
 * dominators, loops, and dispatch nodes that make irreducible loops reducible.
 */
export interface FlowGraph {
  /** Without repetitions. */
  readonly successors: number[][];
}

export interface Analysis {
  /** Position in reverse postorder; every node is reachable. */
  readonly order: readonly number[];
  /** Nodes that a node immediately dominates, by ascending order. */
  readonly dominated: readonly number[][];
  readonly isLoopHeader: readonly boolean[];
  /** Reached by more than one forward edge: needs a label. */
  readonly isMerge: readonly boolean[];
}

/** Nodes in reverse postorder from the entry. */
export function reversePostorder(graph: FlowGraph): number[] {
  const seen = new Set<number>([0]);
  const postorder: number[] = [];
  const path: { node: number; next: number }[] = [{ node: 0, next: 0 }];
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const successor = graph.successors[top.node]![top.next++];
    if (successor === undefined) {
      postorder.push(top.node);
      path.pop();
    } else if (!seen.has(successor)) {
      seen.add(successor);
      path.push({ node: successor, next: 0 });
    }
  }
  return postorder.reverse();
}

/** The graph must be reducible (see `makeReducible`). */
export function analyse(graph: FlowGraph): Analysis {
  const count = graph.successors.length;
  const sequence = reversePostorder(graph);
  const order = new Array<number>(count).fill(-1);
  sequence.forEach((node, i) => (order[node] = i));
  const isLoopHeader = new Array<boolean>(count).fill(false);
  const forwardEdges = new Array<number>(count).fill(0);
  const predecessors: number[][] = graph.successors.map(() => []);
  for (const node of sequence) {
    for (const successor of graph.successors[node]!) {
      predecessors[successor]!.push(node);
      if (order[successor]! <= order[node]!) isLoopHeader[successor] = true;
      else forwardEdges[successor]!++;
    }
  }
  const dominator = dominators(sequence, order, predecessors);
  const dominated: number[][] = graph.successors.map(() => []);
  for (const node of sequence.slice(1)) dominated[dominator[node]!]!.push(node);
  return { order, dominated, isLoopHeader, isMerge: forwardEdges.map((edges) => edges > 1) };
}

/** Immediate dominators (Cooper, Harvey and Kennedy, 'A Simple, Fast Dominance Algorithm'). */
function dominators(sequence: readonly number[], order: readonly number[], predecessors: readonly number[][]): number[] {
  const dominator = new Array<number>(order.length).fill(-1);
  dominator[0] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of sequence.slice(1)) {
      let common = -1;
      for (const predecessor of predecessors[node]!) {
        if (dominator[predecessor]! < 0) continue;
        common = common < 0 ? predecessor : intersect(common, predecessor);
      }
      if (dominator[node] !== common) {
        dominator[node] = common;
        changed = true;
      }
    }
  }
  return dominator;

  function intersect(one: number, other: number): number {
    let [a, b] = [one, other];
    while (a !== b) {
      while (order[a]! > order[b]!) a = dominator[a]!;
      while (order[b]! > order[a]!) b = dominator[b]!;
    }
    return a;
  }
}

/** Nodes that lie on some cycle. */
export function nodesInLoops(graph: FlowGraph): Set<number> {
  const inLoops = new Set<number>();
  for (const component of stronglyConnected(
    graph,
    graph.successors.map((_, i) => i),
  )) {
    if (isCycle(graph, component)) for (const node of component) inLoops.add(node);
  }
  return inLoops;
}

/**
 * Gives every loop a single header: a loop that is entered at several nodes gets a dispatch node, which all edges to those
 * nodes go through, then the same inside it. Changes `graph`; returns the targets of each dispatch node that was added.
 */
export function makeReducible(graph: FlowGraph): Map<number, readonly number[]> {
  const dispatches = new Map<number, readonly number[]>();
  const work = [graph.successors.map((_, i) => i)];
  for (let nodes = work.pop(); nodes; nodes = work.pop()) {
    for (const component of stronglyConnected(graph, nodes)) {
      if (!isCycle(graph, component)) continue;
      const members = new Set(component);
      const entries = component.filter((node) => node === 0 || graph.successors.some((to, from) => !members.has(from) && to.includes(node)));
      if (entries.length > 1) {
        const dispatch = graph.successors.length;
        const targets = new Set(entries);
        for (const [from, to] of graph.successors.entries()) {
          if (to.some((node) => targets.has(node))) graph.successors[from] = [...new Set(to.map((node) => (targets.has(node) ? dispatch : node)))];
        }
        graph.successors.push(entries);
        dispatches.set(dispatch, entries);
        work.push(component);
      } else work.push(component.filter((node) => node !== entries[0]));
    }
  }
  return dispatches;
}

function isCycle(graph: FlowGraph, component: readonly number[]): boolean {
  return component.length > 1 || graph.successors[component[0]!]!.includes(component[0]!);
}

/** Strongly connected components of the subgraph (Tarjan). */
function stronglyConnected(graph: FlowGraph, nodes: readonly number[]): number[][] {
  const inside = new Set(nodes);
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  const components: number[][] = [];
  for (const node of nodes) if (!index.has(node)) visit(node);
  return components;

  function visit(node: number): void {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    onStack.add(node);
    for (const successor of graph.successors[node]!) {
      if (!inside.has(successor)) continue;
      if (!index.has(successor)) {
        visit(successor);
        low.set(node, Math.min(low.get(node)!, low.get(successor)!));
      } else if (onStack.has(successor)) low.set(node, Math.min(low.get(node)!, index.get(successor)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const component = stack.splice(stack.indexOf(node));
    for (const member of component) onStack.delete(member);
    components.push(component);
  }
}
