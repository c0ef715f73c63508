import { analyse, type FlowGraph, makeReducible } from './flow-graph.js';

/** An edge backwards whose target does not dominate its source makes a graph irreducible. */
function isReducible(graph: FlowGraph): boolean {
  const { order, dominated } = analyse(graph);
  const dominates = (a: number, b: number): boolean => a === b || dominated[a]!.some((child) => dominates(child, b));
  return graph.successors.every((to, from) => to.every((node) => order[node]! > order[from]! || dominates(node, from)));
}

describe('control flow of regions', () => {
  it('gives a loop with two entries a dispatcher', () => {
    const graph = { successors: [[1, 2], [2], [1]] };
    expect([...makeReducible(graph)]).toEqual([[3, [1, 2]]]);
    expect(graph.successors).toEqual([[3], [3], [3], [1, 2]]);
  });

  it('leaves reducible graphs alone', () => {
    const graph = { successors: [[1], [2, 3], [1], [0, 4], []] };
    expect(makeReducible(graph).size).toBe(0);
    expect(analyse(graph)).toEqual({
      order: [0, 1, 4, 2, 3],
      dominated: [[1], [3, 2], [], [4], []],
      isLoopHeader: [true, true, false, false, false],
      isMerge: [false, false, false, false, false],
    });
  });

  it('makes any graph reducible', () => {
    let state = 1;
    const random = (limit: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % limit;
    for (let round = 0; round < 300; round++) {
      const count = 2 + random(12);
      // A path through all nodes makes all reachable.
      const successors = Array.from({ length: count }, (_, i) => [...new Set([(i + 1) % count, random(count), random(count)])]);
      const graph = { successors };
      makeReducible(graph);
      expect(isReducible(graph)).toBe(true);
    }
  });
});
