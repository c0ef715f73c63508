/** Where lookups at the ends of blocks went: what compiled code noted lately, and all that was seen before. */
import type { CodeBlock, RegionHost } from '../region-compiler.js';

export class TargetProfile {
  private readonly seen = new WeakMap<CodeBlock, Set<CodeBlock>>();

  constructor(private readonly host: RegionHost) {}

  /** Translated blocks that the block's lookup went to, those that were entered most first. */
  of(block: CodeBlock): CodeBlock[] {
    let seen = this.seen.get(block);
    if (!seen) this.seen.set(block, (seen = new Set()));
    for (const pc of this.host.lookupTargets(block)) {
      const target = this.host.successor(block, pc);
      if (target) seen.add(target);
    }
    for (const target of seen) if (!target.valid) seen.delete(target);
    return [...seen].sort((a, b) => this.host.entries(b) - this.host.entries(a));
  }
}
