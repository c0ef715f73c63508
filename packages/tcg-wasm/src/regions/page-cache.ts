/**
 * Pairs (page, addend) that remember the page of the last access at a site, so that the next need not look in the TLB. They lie in
 * the vCPU block: as locals they would live through all loops of the region, and there are few registers. They stay good until
 * the region is left: what changes a mapping ends a region, and what does so from outside clears them all. Sites share a pair if
 * their addresses come from the same registers or the same loaded value, reads and writes apart.
 */
import { Code, type IrBlock } from '@nandu/tcg';
import { MOST_PAIRS, PAGE_PAIRS, PAIR_ADDEND, PAIR_SIZE } from '../memory-map.js';
import type { RegionBlock } from './region-graph.js';

/** Offsets from env. */
export interface PagePair {
  /** i64: the page's virtual address; bits below 12 are set while there is none. */
  readonly page: number;
  /** i32: what to add to the low 32 bits of a virtual address to get the address in linear memory. */
  readonly addend: number;
}

/** What an access counts towards its pair: in a loop it finds the page that it left there the last time. */
const IN_LOOP = 3;
/** Pairs that count less are not worth it: the first access looks in the TLB all the same, and sets the pair besides. */
const WORTH = 3;

export class PageCache {
  private readonly keys = new Map<IrBlock, Map<number, string>>();
  private readonly pairs = new Map<string, PagePair>();

  constructor(blocks: readonly RegionBlock[], inLoops: ReadonlySet<number>) {
    const weights = new Map<string, number>();
    for (const { ir, node } of blocks) {
      const keys = new Map<number, string>();
      this.keys.set(ir, keys);
      for (let i = 0; i < ir.count; i++) {
        if (ir.op[i] !== Code.OP_LOAD && ir.op[i] !== Code.OP_STORE) continue;
        const isWrite = ir.op[i] === Code.OP_STORE || (ir.c[i]! & Code.ACCESS_FOR_WRITE) !== 0;
        const key = `${origin(ir, ir.a[i]!, node)} ${isWrite} ${Code.accessMmu(ir.c[i]!)}`;
        keys.set(i, key);
        weights.set(key, (weights.get(key) ?? 0) + (inLoops.has(node) ? IN_LOOP : 1));
      }
    }
    const worthy = [...weights].filter(([, weight]) => weight >= WORTH).sort(([, a], [, b]) => b - a);
    for (const [key] of worthy.slice(0, MOST_PAIRS)) {
      const page = PAGE_PAIRS + PAIR_SIZE * this.pairs.size;
      this.pairs.set(key, { page, addend: page + PAIR_ADDEND });
    }
  }

  /** The pair for a load or store, if it has one. */
  pairOf(ir: IrBlock, op: number): PagePair | undefined {
    return this.pairs.get(this.keys.get(ir)!.get(op)!);
  }

  get all(): Iterable<PagePair> {
    return this.pairs.values();
  }
}

/** What the address is made from, as far as it says something about its page; `node` is the block's. */
function origin(ir: IrBlock, value: number, node: number): string {
  const a = ir.a[value]!;
  const b = ir.b[value]!;
  switch (Code.OP_NAMES[ir.op[value]!]!) {
    case 'get':
      return `g${a}`;
    case 'i64.const':
      return 'constant';
    case 'i32.wrap_i64':
    case 'i64.extend_i32_u':
    case 'i64.extend_i32_s':
    case 'i32.and':
    case 'i64.and':
      return origin(ir, a, node);
    case 'i32.add':
    case 'i64.add':
    case 'i64.sub':
    case 'i32.sub':
      if (isConstant(ir, b)) return origin(ir, a, node);
      if (isConstant(ir, a)) return origin(ir, b, node);
      return `${origin(ir, a, node)}+${origin(ir, b, node)}`;
    case 'i32.shl':
    case 'i64.shl':
    case 'i32.mul':
    case 'i64.mul':
      return origin(ir, a, node);
    default:
      return `${node}.${value}`;
  }
}

function isConstant(ir: IrBlock, value: number): boolean {
  return ir.op[value] === Code.OP_I32 || ir.op[value] === Code.OP_I64;
}
