/** Where lookups at the ends of blocks went: what compiled code noted lately, and all that was seen before. */
import type { CodeBlock, RegionHost } from '../region-compiler.js';
import type { Place } from './place.js';

export class TargetProfile {
  private readonly seen = new WeakMap<CodeBlock, Map<CodeBlock, number>>();

  constructor(private readonly host: RegionHost) {}

  /** Translated blocks that the block's lookup went to, those that were entered most first. */
  of(block: CodeBlock): Place<CodeBlock>[] {
    let seen = this.seen.get(block);
    if (!seen) this.seen.set(block, (seen = new Map()));
    for (const pc of this.host.lookupTargets(block)) {
      const target = this.host.successor(block, pc);
      if (target) seen.set(target, pc);
    }
    for (const target of seen.keys()) if (!target.valid) seen.delete(target);
    return Array.from(seen, ([target, pc]) => ({ block: target, pc })).sort((a, b) => this.host.entries(b.block) - this.host.entries(a.block));
  }
}
