/**
 * Pairs (page, addend) that remember the page of the last access at a site, so that the next need not look in the TLB. They lie in
 * the vCPU block: as locals they would live through all loops of the region, and there are few registers. They stay good until
 * the region is left: what changes a mapping ends a region (and what does so from outside asks for an exit). Sites share a pair if
 * their addresses come from the same registers, reads and writes apart.
 */
import { Code, type IrBlock } from '@nandu/tcg';
import { PAGE_PAIRS, PAIR_ADDEND, PAIR_SIZE } from '../memory-map.js';

/** Offsets from env. */
export interface PagePair {
  /** i64: the page's virtual address; bits below 12 are set while there is none. */
  readonly page: number;
  /** i32: what to add to the low 32 bits of a virtual address to get the address in linear memory. */
  readonly addend: number;
}

/** All are forgotten at the region's entry. */
const MOST_PAIRS = 32;

export class PageCache {
  private readonly pairs = new Map<string, PagePair>();
  private sites = 0;

  /** The pair for an access, if there are not too many yet. */
  pairFor(ir: IrBlock, address: number, isWrite: boolean, mmu: number): PagePair | undefined {
    const key = `${this.origin(ir, address)} ${isWrite} ${mmu}`;
    let pair = this.pairs.get(key);
    if (!pair && this.pairs.size < MOST_PAIRS) {
      const page = PAGE_PAIRS + PAIR_SIZE * this.pairs.size;
      this.pairs.set(key, (pair = { page, addend: page + PAIR_ADDEND }));
    }
    return pair;
  }

  get all(): Iterable<PagePair> {
    return this.pairs.values();
  }

  /** What the address is made from, as far as it says something about its page. */
  private origin(ir: IrBlock, value: number): string {
    const name = Code.OP_NAMES[ir.op[value]!]!;
    const [a, b] = [ir.a[value]!, ir.b[value]!];
    switch (name) {
      case 'get':
        return `g${a}`;
      case 'i64.const':
        return 'constant';
      case 'i32.wrap_i64':
      case 'i64.extend_i32_u':
      case 'i64.extend_i32_s':
      case 'i32.and':
      case 'i64.and':
        return this.origin(ir, a);
      case 'i32.add':
      case 'i64.add':
      case 'i64.sub':
      case 'i32.sub':
        if (isConstant(ir, b)) return this.origin(ir, a);
        if (isConstant(ir, a)) return this.origin(ir, b);
        return `${this.origin(ir, a)}+${this.origin(ir, b)}`;
      case 'i32.shl':
      case 'i64.shl':
      case 'i32.mul':
      case 'i64.mul':
        return this.origin(ir, a);
      default:
        return `s${this.sites++}`;
    }
  }
}

function isConstant(ir: IrBlock, value: number): boolean {
  return ir.op[value] === Code.OP_I32 || ir.op[value] === Code.OP_I64;
}
