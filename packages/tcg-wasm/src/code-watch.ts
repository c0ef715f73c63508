/** What makes translated code wrong: stores to what it was made from, by the guest or a device, and changes of the memory map. */
import { Env } from '@nandu/tcg';
import type { Block } from './block.js';
import type { BlockTable } from './block-table.js';
import * as M from './memory-map.js';
import type { SoftMmu } from './modules.js';
import type { Counters } from './options.js';
import type { PhysicalBridge } from './physical-bridge.js';
import type { Rewrites } from './rewrites.js';
import type { Vcpu } from './vcpu.js';

const PAGE_SIZE = 4096;
/** Frames that are looked at one by one, whether they hold code or not. */
const FEW_FRAMES = 64;

export interface CodeWatchSetup {
  readonly memory: WebAssembly.Memory;
  readonly table: BlockTable;
  readonly rewrites: Rewrites;
  readonly bridge: PhysicalBridge;
  readonly mmu: SoftMmu;
  readonly counters: Counters;
  /** By their numbers. */
  readonly vcpus: readonly Vcpu[];
}

export class CodeWatch {
  /** The vCPU that is executing. */
  running: Vcpu | undefined;

  constructor(private readonly setup: CodeWatchSetup) {}

  /** As `code_written` of `assembly/host.ts`. */
  codeWritten(linear: number, size: number, env: number): number {
    const blocks = this.setup.table.pages.madeFrom(linear, size);
    const isRunning = blocks.length > 0 && this.#isRunning(blocks);
    if (isRunning && env !== 0) return 1;
    if (isRunning) {
      // A helper's store: it cannot be given up. The block is left behind the instruction, see `Helper.stores`.
      this.running!.head.set(Env.ENV_CODE_CHANGED, 1);
      this.running!.head.set(Env.ENV_EXIT_REQUEST, 1);
    }
    for (const block of blocks) {
      this.setup.rewrites.dropped(block.linear, block.reads.length > 0);
      this.invalidate(block);
    }
    this.setup.table.pages.tidyGrains(linear, size);
    return 0;
  }

  /** Whether the code that is running was made from one of the blocks. */
  #isRunning(blocks: readonly Block[]): boolean {
    const running = this.running && this.setup.table.at(this.running.head.get(Env.ENV_BLOCK));
    if (running === undefined) return false;
    return blocks.includes(running) || (running.region?.blocks.some((block) => blocks.includes(block as Block)) ?? false);
  }

  invalidate(block: Block): void {
    this.setup.counters.blocksInvalidated++;
    this.setup.table.invalidate(block);
  }

  mapChanged(): void {
    this.setup.bridge.forget();
    this.setup.mmu.forget_pages();
    const bytes = new Uint8Array(this.setup.memory.buffer);
    // Not all numbers of vCPUs need be taken.
    this.setup.vcpus.forEach(({ env, head }) => {
      this.setup.mmu.tlb_flush(env, 0);
      bytes.fill(0xff, env + M.PAGE_PAIRS, env + M.PAGE_PAIRS + M.MOST_PAIRS * M.PAIR_SIZE);
      // Compiled code that is running was checked against the mapping when it was entered: it is to be left after its block.
      head.set(Env.ENV_EXIT_REQUEST, 1);
    });
  }

  physicalWritten(address: number, length: number): void {
    if (length <= 0) return;
    const first = Math.floor(address / PAGE_SIZE);
    const last = Math.floor((address + length - 1) / PAGE_SIZE);
    if (last - first < FEW_FRAMES) for (let frame = first; frame <= last; frame++) this.#frameWritten(frame, address, length);
    else for (const frame of [...this.setup.table.pages.frames]) if (frame >= first && frame <= last) this.#frameWritten(frame, address, length);
    if (this.setup.bridge.moved(address, length)) this.mapChanged();
  }

  #frameWritten(frame: number, address: number, length: number): void {
    const start = Math.max(address - frame * PAGE_SIZE, 0);
    const end = Math.min(address + length - frame * PAGE_SIZE, PAGE_SIZE);
    for (const page of [...this.setup.table.pages.pagesOfFrame(frame)]) {
      const blocks = this.setup.table.pages.madeFrom(page * PAGE_SIZE + start, end - start);
      // A device's write comes when it comes; but a region that loops has to be left.
      if (this.#isRunning(blocks)) this.running!.head.set(Env.ENV_EXIT_REQUEST, 1);
      for (const block of blocks) this.invalidate(block);
    }
  }
}
