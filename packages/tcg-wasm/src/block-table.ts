/** Translated blocks: their heads in linear memory, the hash table that finds them, and which guest bytes they were made from. */
import { Env } from '@nandu/tcg';
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

export class Block implements CodeBlock {
  valid = true;
  region: Region | undefined;
  /** How often it was offered to tier 1. */
  timesHot = 0;
  /** Regions that contain it, its own among them. */
  readonly regions: Region[] = [];
  /** Addresses of the jumps that are linked to it. */
  readonly incoming: number[] = [];

  /** Linear addresses behind its last byte, in its first page and in its second (0: it has none there). */
  readonly end: number;
  readonly end2: number;

  constructor(
    readonly index: number,
    readonly address: number,
    /** Of a relocatable block: the offset in its page. */
    readonly pc: number,
    readonly flags: number,
    readonly codeBase: number,
    /** Runs wherever its page is mapped: see `Ir.codeAddress`. */
    readonly relocatable: boolean,
    readonly linear: number,
    readonly linear2: number,
    readonly byteLength: number,
    readonly instructionCount: number,
    readonly fetchMmu: number,
    /** The frame (guest-physical address / 4096) of each page. */
    readonly frame: number,
    readonly frame2: number,
    /** What `pc` began from when the block was last seen. */
    public home: number,
    /** Starts and ends (linear addresses) of bytes that it reads whenever it runs. */
    readonly reads: readonly number[] = [],
  ) {
    const inFirst = Math.min(byteLength, PAGE_SIZE - (linear % PAGE_SIZE));
    this.end = linear + inFirst;
    this.end2 = byteLength > inFirst ? linear2 + byteLength - inFirst : 0;
  }

  /** Whether it was made from some of these bytes of linear memory (within one page). */
  overlaps(from: number, to: number): boolean {
    return (this.linear < to && from < this.end) || (this.end2 !== 0 && this.linear2 < to && from < this.end2);
  }

  /** Whether a store there (within one page) makes it wrong. */
  isMadeFrom(from: number, to: number): boolean {
    if (!this.overlaps(from, to)) return false;
    for (let i = 0; i < this.reads.length; i += 2) if (this.reads[i]! <= from && to <= this.reads[i + 1]!) return false;
    return true;
  }
}

/** What is known of a page of linear memory that code was made from. */
interface CodePage {
  readonly blocks: Block[];
  /** Where it was in guest-physical memory when the last of them was made. */
  frame: number;
}

export class BlockTable {
  #blocks: Block[] = [];
  #guarded: Block | undefined;
  /** Pages of linear memory whose code was met at several virtual addresses. */
  readonly #shared = new Set<number>();
  /** By page of linear memory. */
  readonly #pages = new Map<number, CodePage>();
  /** By guest-physical frame. */
  readonly #frames = new Map<number, Set<number>>();
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
    private readonly protect: (linearPage: number) => void,
    private readonly regionDropped: (region: Region) => void,
  ) {
    this.#envs = envs;
    const length = M.VCPUS_END;
    this.#u8 = new Uint8Array(memory.buffer, 0, length);
    this.#u16 = new Uint16Array(memory.buffer, 0, length / 2);
    this.#i32 = new Int32Array(memory.buffer, 0, length / 4);
    this.#u32 = new Uint32Array(memory.buffer, 0, length / 4);
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
    for (const block of [...this.#onPage(page)]) if (block.linear >>> PAGE_SHIFT === page) invalidate(block);
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
    this.#watch(block);
  }

  /** A block that nobody finds runs next: until `unguard`, stores to what it was made from are noticed as for any other. */
  guard(block: Block): void {
    this.#guarded = block;
    this.#watch(block);
  }

  unguard(): void {
    const block = this.#guarded;
    if (block === undefined) return;
    this.#guarded = undefined;
    this.#unwatch(block);
  }

  #watch(block: Block): void {
    this.#addToPage(block, block.linear, block.end, block.frame);
    if (block.end2 !== 0) this.#addToPage(block, block.linear2, block.end2, block.frame2);
  }

  #unwatch(block: Block): void {
    this.#removeFromPage(block.linear >>> PAGE_SHIFT, block);
    if (block.end2 !== 0) this.#removeFromPage(block.linear2 >>> PAGE_SHIFT, block);
  }

  /** The block was made from the bytes [start, end) of linear memory, in one page. */
  #addToPage(block: Block, start: number, end: number, frame: number): void {
    const number = start >>> PAGE_SHIFT;
    let page = this.#pages.get(number);
    if (page === undefined) {
      this.#pages.set(number, (page = { blocks: [], frame: -1 }));
      this.#u8[M.CODE_MAP + number] = 1;
      this.protect(number * PAGE_SIZE);
    }
    page.blocks.push(block);
    this.#markGrains(start, end);
    if (page.frame === frame) return;
    page.frame = frame;
    const pages = this.#frames.get(frame);
    if (pages === undefined) this.#frames.set(frame, new Set([number]));
    else pages.add(number);
  }

  /** Links a jump to its block: `from` is the address of an `unlinked` micro-op. */
  link(from: number, to: Block): void {
    to.incoming.push(from);
    this.#u16[from >> 1] = JUMP;
    this.#i32[(from + 8) >> 2] = to.address;
  }

  isUnlinked(from: number): boolean {
    return this.#u16[from >> 1] === UNLINKED;
  }

  /** The blocks that are wrong once these bytes of linear memory (within one page) change. */
  madeFrom(linear: number, length: number): Block[] {
    const found: Block[] = [];
    for (const block of this.#onPage(linear >>> PAGE_SHIFT)) if (block.isMadeFrom(linear, linear + length)) found.push(block);
    return found;
  }

  /** Takes the marks off grains within this range that no block is left in. */
  tidyGrains(linear: number, length: number): void {
    for (let grain = linear >>> M.GRAIN_SHIFT; grain <= (linear + length - 1) >>> M.GRAIN_SHIFT; grain++) {
      const at = M.CODE_GRAINS + (grain >>> 3);
      if ((this.#u8[at]! & (1 << (grain & 7))) === 0) continue;
      const start = grain * M.GRAIN;
      if (!this.#isCode(start, start + M.GRAIN)) this.#u8[at]! &= ~(1 << (grain & 7));
    }
  }

  #isCode(from: number, to: number): boolean {
    return this.#onPage(from >>> PAGE_SHIFT).some((block) => block.overlaps(from, to));
  }

  #onPage(page: number): readonly Block[] {
    return this.#pages.get(page)?.blocks ?? [];
  }

  /** Linear pages that code was made from when they were at this guest-physical frame. */
  pagesOfFrame(frame: number): Iterable<number> {
    return this.#frames.get(frame) ?? [];
  }

  get frames(): Iterable<number> {
    return this.#frames.keys();
  }

  holdsCode(linear: number, length: number): boolean {
    return this.#u8.subarray(M.CODE_MAP + linear / PAGE_SIZE, M.CODE_MAP + (linear + length) / PAGE_SIZE).some((mark) => mark !== 0);
  }

  invalidatePage(page: number): void {
    for (const block of [...this.#onPage(page)]) this.invalidate(block);
  }

  invalidate(block: Block): void {
    if (!block.valid) return;
    block.valid = false;
    for (const region of [...block.regions]) this.dropRegion(region);
    this.#u16[block.address >> 1] = STALE;
    for (const from of block.incoming) this.#unlink(from, block.pc);
    block.incoming.length = 0;
    this.#unchain(block);
    this.#unwatch(block);
  }

  /** The region that was entered at the same block before is replaced; the caller gives back what belongs to it. */
  installRegion(region: Region): void {
    const entry = region.entry as Block;
    if (entry.region !== undefined) this.#unlistRegion(entry.region);
    entry.region = region;
    for (const block of region.blocks) (block as Block).regions.push(region);
    this.#i32[(entry.address + M.BLOCK_REGION) >> 2] = region.slot;
    this.#i32[(entry.address + M.BLOCK_REGION_HEAT) >> 2] = region.entriesUntilOffered;
    this.#u16[entry.address >> 1] = REGION;
  }

  #unlistRegion(region: Region): void {
    for (const block of region.blocks as readonly Block[]) {
      const at = block.regions.indexOf(region);
      if (at >= 0) block.regions.splice(at, 1);
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
    for (const page of this.#pages.keys()) {
      this.#u8[M.CODE_MAP + page] = 0;
      this.#u8.fill(0, M.CODE_GRAINS + page * 8, M.CODE_GRAINS + page * 8 + 8);
    }
    this.#guarded = undefined;
    this.#pages.clear();
    this.#frames.clear();
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

  #removeFromPage(page: number, block: Block): void {
    const blocks = this.#pages.get(page)?.blocks;
    const at = blocks?.indexOf(block) ?? -1;
    if (blocks === undefined || at < 0) return;
    const last = blocks.pop()!;
    if (last !== block) blocks[at] = last;
    // Grains of other blocks stay marked, and those of this one until somebody writes there: see `tidyGrains`.
    if (blocks.length > 0) return;
    this.#pages.delete(page);
    this.#u8.fill(0, M.CODE_GRAINS + page * 8, M.CODE_GRAINS + page * 8 + 8);
    this.#u8[M.CODE_MAP + page] = 0;
  }

  #markGrains(start: number, end: number): void {
    for (let grain = start >>> M.GRAIN_SHIFT; grain <= (end - 1) >>> M.GRAIN_SHIFT; grain++) {
      this.#u8[M.CODE_GRAINS + (grain >>> 3)]! |= 1 << (grain & 7);
    }
  }
}
