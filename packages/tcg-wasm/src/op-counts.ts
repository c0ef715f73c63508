/** How many operations of each kind were translated, for `info opcount`. Only there when asked for: counting takes time. */
import { Code, type IrBlock } from '@nandu/tcg';

export class OpCounts {
  /** By opcode. */
  readonly #ops = new Float64Array(Code.OP_NAMES.length);
  readonly #helpers = new Map<string, number>();

  add({ count, op, a, helpers }: IrBlock): void {
    for (let i = 0; i < count; i++) {
      const code = op[i]!;
      this.#ops[code]!++;
      if (code !== Code.OP_CALL) continue;
      const { name } = helpers[a[i]!]!;
      this.#helpers.set(name, (this.#helpers.get(name) ?? 0) + 1);
    }
  }

  /** Operations that occurred, in the order of the IR's table; then the calls of each helper, the most frequent first. */
  rows(): [name: string, count: number][] {
    const ops = Code.OP_NAMES.map((name, code): [string, number] => [name, this.#ops[code]!]);
    const calls = [...this.#helpers].sort(([, a], [, b]) => b - a).map(([name, count]): [string, number] => [`call ${name}`, count]);
    return [...ops.filter(([, count], code) => count > 0 && code !== Code.OP_NOP), ...calls];
  }
}
