/** Translated blocks: their heads in linear memory, the hash table that finds them, links between them and regions of them. */
import { Env } from '@nandu/tcg';
import type { Block } from './block.js';
import { CodePages } from './code-pages.js';
import { JUMP_ENTRIES, JUMP_SIZE } from './jump-cache.js';
import * as M from './memory-map.js';
import type { CodeBlock, Region } from './region-compiler.js';
import { controlNumber } from './tier0/micro-ops.js';

const STALE = controlNumber('stale');
const JUMP = controlNumber('jump');
const UNLINKED = controlNumber('unlinked');
const REGION = controlNumber('region');
/** Bytes of an unused entry of the jump cache: no target has these block flags. */
const EMPTY_JUMP = 0xff;
/** Heat of a block that is never offered to tier 1. */
export const COLD = 0;
const PAGE_SHIFT = 12;
const PAGE_SIZE = 4096;

export class BlockTable {
  #blocks: Block[] = [];
  #guarded: Block | undefined;
  /** Pages of linear memory whose code was met at several virtual addresses. */
  readonly #shared = new Set<number>();
  /** Which guest bytes the blocks were made from. */
  readonly pages: CodePages;
  readonly #u8: Uint8Array;
  readonly #u16: Uint16Array;
  readonly #i32: Int32Array;
  readonly #u32: Uint32Array;
  /** vCPU blocks, whose jump caches are kept clean. */
  readonly #envs: readonly number[];

  constructor(
    memory: WebAssembly.Memory,
    envs: readonly number[],
    /** A page holds translated code for the first time: stores to it must be noticed. */
    protect: (linearPage: number) => void,
    private readonly regionDropped: (region: Region) => void,
  ) {
    this.#envs = envs;
    const length = M.VCPUS_END;
    this.#u8 = new Uint8Array(memory.buffer, 0, length);
    this.#u16 = new Uint16Array(memory.buffer, 0, length / 2);
    this.#i32 = new Int32Array(memory.buffer, 0, length / 4);
    this.#u32 = new Uint32Array(memory.buffer, 0, length / 4);
    this.pages = new CodePages(this.#u8, protect);
  }

  get count(): number {
    return this.#blocks.length;
  }

  get(index: number): Block {
    return this.#blocks[index]!;
  }

  nextIndex(): number {
    return this.#blocks.length;
  }

  /** The block whose head is at `address`, if it is one of the table, or guarded. */
  at(address: number): Block | undefined {
    if (this.#guarded?.address === address) return this.#guarded;
    if (address < M.ARENA_START || address >= M.ARENA_END) return undefined;
    const block = this.#blocks[this.#i32[(address + M.BLOCK_INDEX) >> 2]!];
    return block?.address === address ? block : undefined;
  }

  find(linear: number, pc: number, flags: number, codeBase: number): Block | undefined {
    return this.#search(linear, flags, codeBase, (block) => block.relocatable || block.pc === pc);
  }

  /** The first block of this code that `fits`. */
  #search(linear: number, flags: number, codeBase: number, fits: (block: Block) => boolean): Block | undefined {
    let address = this.#u32[this.#slot(linear, flags)]!;
    while (address !== 0) {
      const block = this.#blocks[this.#i32[(address + M.BLOCK_INDEX) >> 2]!]!;
      if (block.linear === linear && block.flags === flags && block.codeBase === codeBase && fits(block)) return block;
      address = this.#u32[(address + M.BLOCK_NEXT) >> 2]!;
    }
    return undefined;
  }

  /**
   * A block is to be made of code at `pc`, which `find` does not know. If there is one for the same code at another address, blocks of the
   * page are made relocatable from now on (where the target can do that): those for one address only go.
   */
  meet(linear: number, flags: number, invalidate: (block: Block) => void): void {
    const page = linear >>> PAGE_SHIFT;
    if (this.#shared.has(page) || this.#search(linear, flags, 0, () => true) === undefined) return;
    this.#shared.add(page);
    for (const block of [...this.pages.onPage(page)]) if (block.linear >>> PAGE_SHIFT === page) invalidate(block);
  }

  /** Whether code of this linear address was met at several virtual ones. */
  isShared(linear: number): boolean {
    return this.#shared.has(linear >>> PAGE_SHIFT);
  }

  /** Writes a block's head. `opcode`: enter or enter2. */
  writeHead(block: Block, opcode: number, heat: number, pcs: number): void {
    const { address } = block;
    const at = address >> 2;
    this.#u16[address >> 1] = opcode;
    this.#u16[(address + M.BLOCK_COUNT) >> 1] = block.instructionCount;
    this.#i32[at + M.BLOCK_HEAT / 4] = heat;
    this.#i32[at + M.BLOCK_PC / 4] = block.pc | 0;
    this.#i32[at + M.BLOCK_PC / 4 + 1] = Math.floor(block.pc / 0x1_0000_0000) | 0;
    this.#i32[at + M.BLOCK_INDEX / 4] = block.index;
    this.#i32[at + M.BLOCK_PCS / 4] = pcs;
    this.#i32[at + M.BLOCK_FLAGS / 4] = block.flags;
    this.#i32[at + M.BLOCK_CODE_BASE / 4] = block.codeBase;
    this.#u32[at + M.BLOCK_LINEAR / 4] = block.linear;
    this.#i32[at + M.BLOCK_NEXT / 4] = 0;
    this.#i32[at + M.BLOCK_REGION / 4] = 0;
    this.#u32[at + M.BLOCK_LINEAR2 / 4] = block.linear2;
    const virtual = block.codeBase === 0 ? block.pc : (block.pc + block.codeBase) >>> 0;
    const page2 = (Math.floor(virtual / PAGE_SIZE) + 1) * PAGE_SIZE;
    this.#i32[at + M.BLOCK_PAGE2 / 4] = page2 | block.fetchMmu;
    this.#i32[at + M.BLOCK_PAGE2 / 4 + 1] = Math.floor(page2 / 0x1_0000_0000) | 0;
    this.#i32[at + M.BLOCK_PC_MASK / 4] = block.relocatable ? PAGE_SIZE - 1 : -1;
  }

  /** Makes a block findable, and its invalidation certain. */
  add(block: Block): void {
    this.#blocks.push(block);
    const slot = this.#slot(block.linear, block.flags);
    this.#u32[(block.address + M.BLOCK_NEXT) >> 2] = this.#u32[slot]!;
    this.#u32[slot] = block.address;
    this.pages.watch(block);
  }

  /** A block that nobody finds runs next: until `unguard`, stores to what it was made from are noticed as for any other. */
  guard(block: Block): void {
    this.#guarded = block;
    this.pages.watch(block);
  }

  unguard(): void {
    const block = this.#guarded;
    if (block === undefined) return;
    this.#guarded = undefined;
    this.pages.unwatch(block);
  }

  /** Links a jump to its block: `from` is the address of an `unlinked` micro-op. */
  link(from: number, to: Block): void {
    to.incoming = to.incoming.concat(from);
    this.#u16[from >> 1] = JUMP;
    this.#i32[(from + 8) >> 2] = to.address;
  }

  isUnlinked(from: number): boolean {
    return this.#u16[from >> 1] === UNLINKED;
  }

  invalidate(block: Block): void {
    if (!block.valid) return;
    block.valid = false;
    for (const region of block.regions) this.dropRegion(region);
    this.#u16[block.address >> 1] = STALE;
    for (const from of block.incoming) this.#unlink(from, block.pc);
    block.incoming = [];
    this.#unchain(block);
    this.pages.unwatch(block);
  }

  /** The region that was entered at the same block before is replaced; the caller gives back what belongs to it. */
  installRegion(region: Region): void {
    const entry = region.entry as Block;
    if (entry.region !== undefined) this.#unlistRegion(entry.region);
    entry.region = region;
    for (const block of region.blocks as readonly Block[]) block.regions = block.regions.concat(region);
    this.#i32[(entry.address + M.BLOCK_REGION) >> 2] = region.slot;
    this.#i32[(entry.address + M.BLOCK_REGION_HEAT) >> 2] = region.entriesUntilOffered;
    this.#u16[entry.address >> 1] = REGION;
  }

  #unlistRegion(region: Region): void {
    for (const block of region.blocks as readonly Block[]) {
      block.regions = block.regions.filter((other) => other !== region);
    }
  }

  dropRegion(region: Region): void {
    this.#unlistRegion(region);
    const entry = region.entry as Block;
    if (entry.region === region) {
      entry.region = undefined;
      this.#i32[(entry.address + M.BLOCK_REGION) >> 2] = 0;
      this.#u16[entry.address >> 1] = controlNumber(entry.linear2 === 0 ? 'enter' : 'enter2');
      this.reheat(entry);
    }
    this.regionDropped(region);
  }

  /** The block, or the region that is entered there, may become hot once more. */
  reheat(block: CodeBlock): void {
    if (block.region) this.#i32[(block.address + M.BLOCK_REGION_HEAT) >> 2] = block.region.entriesUntilOffered;
    this.#i32[(block.address + M.BLOCK_HEAT) >> 2] = this.heatOf(block);
  }

  /** Entries until a block is hot, or COLD. */
  heatOf: (block: CodeBlock) => number = () => COLD;

  /** How often tier 0 entered the block, as far as that was counted. */
  entries(block: CodeBlock): number {
    const left = this.#i32[(block.address + M.BLOCK_HEAT) >> 2]!;
    const heat = this.heatOf(block);
    return (block as Block).timesHot * heat + (left > 0 ? heat - left : 0);
  }

  /** Where compiled code notes the addresses that the block's end went to. */
  targetRow(block: CodeBlock): number {
    return M.TARGETS + (block.index & (M.TARGET_ROWS - 1)) * M.TARGETS_PER_ROW * 8;
  }

  /** Addresses that the block's lookup at its end went to, or that of another block in the same row did. */
  lookupTargets(block: CodeBlock): number[] {
    const found: number[] = [];
    const row = this.targetRow(block) >> 2;
    for (let at = row; at < row + 2 * M.TARGETS_PER_ROW; at += 2) {
      const pc = this.#i32[at + 1]! * 0x1_0000_0000 + this.#u32[at]!;
      if (pc !== 0) found.push(pc);
    }
    return found;
  }

  /** Forgets everything. */
  clear(): void {
    const regions = new Set<Region>();
    for (const block of this.#blocks) {
      block.valid = false;
      for (const region of block.regions) regions.add(region);
    }
    for (const region of regions) this.regionDropped(region);
    this.#guarded = undefined;
    this.pages.clear();
    this.#blocks = [];
    this.#shared.clear();
    this.#u8.fill(0, M.TARGETS, M.TARGETS + M.TARGET_ROWS * M.TARGETS_PER_ROW * 8);
    this.#u8.fill(0, M.BLOCK_HASH, M.BLOCK_HASH + 4 * 2 ** M.BLOCK_HASH_BITS);
    for (const env of this.#envs) this.clearJumpCache(env);
  }

  clearJumpCache(env: number): void {
    this.#u8.fill(EMPTY_JUMP, env + Env.ENV_JUMP_CACHE, env + Env.ENV_JUMP_CACHE + JUMP_ENTRIES * JUMP_SIZE);
  }

  /** Slot of the block hash, as an index of 32-bit words. The same function is in `assembly/find-block.ts`. */
  #slot(linear: number, flags: number): number {
    return M.BLOCK_HASH / 4 + (Math.imul(linear ^ (flags << 12), 0x9e37_79b1) >>> (32 - M.BLOCK_HASH_BITS));
  }

  #unlink(from: number, pc: number): void {
    this.#u16[from >> 1] = UNLINKED;
    this.#i32[(from + 8) >> 2] = pc | 0;
    this.#i32[(from + 12) >> 2] = Math.floor(pc / 0x1_0000_0000) | 0;
  }

  #unchain(block: Block): void {
    let at = this.#slot(block.linear, block.flags);
    while (this.#u32[at] !== block.address) {
      if (this.#u32[at] === 0) return;
      at = (this.#u32[at]! + M.BLOCK_NEXT) >> 2;
    }
    this.#u32[at] = this.#u32[(block.address + M.BLOCK_NEXT) >> 2]!;
  }
}
