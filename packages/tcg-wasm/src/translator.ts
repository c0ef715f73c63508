/** From guest code to blocks: reads the bytes through the TLB, has the target write IR, optimises and lowers it into the arena. */
import type { PhysicalMemory } from '@nandu/core';
import { BlockBuilder, CodeFault, type CodeReader, Env, type IrBlock, optimise, type Target } from '@nandu/tcg';
import { Block } from './block.js';
import { type BlockTable, COLD } from './block-table.js';
import * as M from './memory-map.js';
import type { EnvHead, Modules } from './modules.js';
import type { OpCounts } from './op-counts.js';
import type { PhysicalBridge } from './physical-bridge.js';
import type { Rewrites } from './rewrites.js';
import { Lowering, type LoweringContext } from './tier0/lower.js';
import { controlNumber } from './tier0/micro-ops.js';

const ACCESS_EXECUTE = 2;
const PAGE_SIZE = 4096;
const ENTER = controlNumber('enter');
const ENTER2 = controlNumber('enter2');

/** Where a guest page that is to be executed lies. */
interface CodePage {
  /** Guest-physical address / 4096. */
  readonly frame: number;
  /** Address in linear memory; 0 if it is not RAM. */
  readonly linear: number;
}

export interface TranslatorSetup {
  readonly memory: WebAssembly.Memory;
  readonly target: Target;
  readonly physical: PhysicalMemory;
  readonly bridge: PhysicalBridge;
  readonly modules: Modules;
  readonly table: BlockTable;
  readonly rewrites: Rewrites;
  readonly arenaEnd: number;
  readonly opCounts?: OpCounts | undefined;
}

/** The second page is not to be read now: the block ends before the instruction that needs it. */
const NOT_NOW = new CodeFault('the next page');
const FAULTED = new CodeFault('the page cannot be fetched');

export class Translator {
  readonly #builder = new BlockBuilder();
  readonly #reader: Reader;
  readonly #context: BlockContext;
  readonly #lowering: Lowering;
  readonly #i32: Int32Array;
  #arena = M.ARENA_START;

  constructor(private readonly setup: TranslatorSetup) {
    this.#lowering = new Lowering(setup.memory, M.ARENA_END);
    this.#reader = new Reader(new Uint8Array(setup.memory.buffer), setup.physical, this.#builder.block);
    this.#context = new BlockContext(new Map(setup.target.helpers.map((h, i) => [h.name, i])));
    this.#i32 = new Int32Array(setup.memory.buffer, 0, M.VCPUS_END / 4);
  }

  get arenaUsed(): number {
    return this.#arena - M.ARENA_START;
  }

  /** The arena is used from its start again. */
  reset(): void {
    this.#arena = M.ARENA_START;
  }

  /** Finds the page of code at a virtual address, filling the TLB; undefined: the fault was raised. */
  codePage(head: EnvHead, virtual: number, mmu: number): CodePage | undefined {
    const entry = (head.env + Env.ENV_TLB + (mmu * Env.TLB_ENTRIES + (Math.floor(virtual / PAGE_SIZE) & (Env.TLB_ENTRIES - 1))) * Env.TLB_ENTRY_SIZE) >> 2;
    const page = virtual - offsetInPage(virtual);
    const low = page | 0;
    const high = Math.floor(page / 0x1_0000_0000);
    const i32 = this.#i32;
    const tag = entry + Env.TLB_EXECUTE / 4;
    // Low bits of the tag say that the page is no RAM: still the page.
    if ((i32[tag]! & ~0xfff) !== low || i32[tag + 1] !== high || i32[tag] === -1) {
      if (!this.setup.modules.target.tlb_fill(head.env, BigInt(virtual), ACCESS_EXECUTE, mmu)) return undefined;
    }
    const frame = i32[entry + Env.TLB_FRAME / 4]! >>> 0;
    const isRam = (i32[tag]! & 0xfff) === 0;
    return { frame, linear: isRam ? (low + i32[entry + Env.TLB_ADDEND / 4]!) >>> 0 : 0 };
  }

  /** Where code at a virtual address is mapped now, without filling the TLB: its address in linear memory, or 0. */
  mappedCode(env: number, virtual: number, mmu: number): number {
    const entry = (env + Env.ENV_TLB + (mmu * Env.TLB_ENTRIES + (Math.floor(virtual / PAGE_SIZE) & (Env.TLB_ENTRIES - 1))) * Env.TLB_ENTRY_SIZE) >> 2;
    const page = virtual - offsetInPage(virtual);
    const tag = entry + Env.TLB_EXECUTE / 4;
    if (this.#i32[tag] !== (page | 0) || this.#i32[tag + 1] !== Math.floor(page / 0x1_0000_0000)) return 0;
    return ((virtual | 0) + this.#i32[entry + Env.TLB_ADDEND / 4]!) >>> 0;
  }

  /** The regime that code of these flags is fetched through; tells `find_block`, too. */
  fetchMmu(flags: number): number {
    const at = M.FETCH_MMU + ((flags ^ (flags >>> 8) ^ (flags >>> 16)) & (M.FETCH_MMU_ENTRIES - 1)) * 8;
    if (this.#i32[at >> 2] === flags && this.#i32[(at >> 2) + 1] !== 0) return this.#i32[(at >> 2) + 1]! - 1;
    const mmu = this.setup.target.fetchMmu(flags);
    this.#i32[at >> 2] = flags;
    this.#i32[(at >> 2) + 1] = mmu + 1;
    return mmu;
  }

  /** Whether the largest block still fits. */
  hasRoom(): boolean {
    return this.#arena + MOST_ARENA_BYTES <= this.setup.arenaEnd;
  }

  /**
   * Translates the block at env's pc. Undefined: its first instruction cannot be fetched, the fault is raised. `alone`:
   * nobody else finds the block, and its code is overwritten by the next translation.
   */
  translate(head: EnvHead, first: CodePage, mmu: number, maxInstructions: number, alone: boolean): Block | undefined {
    const pc = head.pc;
    const flags = head.get(Env.ENV_BLOCK_FLAGS);
    const codeBase = head.get(Env.ENV_CODE_BASE);
    const virtual = linearOf(pc, codeBase);
    const offset = offsetInPage(virtual);
    const relocatable = !alone && this.setup.table.isShared(first.linear) && this.isRelocatable(flags, codeBase);
    /** Where the block's addresses begin. */
    const home = relocatable ? virtual - offset : 0;
    const reader = this.#reader.start(first, offset, () => this.codePage(head, virtual - offset + PAGE_SIZE, mmu));
    reader.seesChanges = !alone && this.setup.rewrites.isChanging(first.linear + offset);
    const ir = this.#build(pc - home, flags, codeBase, maxInstructions, relocatable);
    if (ir === undefined) {
      if (head.get(Env.ENV_FAULT) === 0) throw new Error(`${this.setup.target.name}: no instruction was translated at ${pc.toString(16)}, and none faulted`);
      return undefined;
    }
    const { table, opCounts } = this.setup;
    opCounts?.add(ir);
    const second = offset + ir.byteLength > PAGE_SIZE ? reader.second : undefined;
    const address = this.#arena;
    const isRam = first.linear !== 0 && (second === undefined || second.linear !== 0);
    const hidden = alone || !isRam;
    const block = new Block(
      hidden ? -1 : table.nextIndex(),
      address,
      pc - home,
      flags,
      codeBase,
      relocatable,
      first.linear === 0 ? 0 : first.linear + offset,
      second?.linear ?? 0,
      ir.byteLength,
      ir.instructionCount,
      mmu,
      first.frame,
      second?.frame ?? 0,
      home,
      reader.reads,
    );
    const end = this.#lowering.lower(ir, address + M.BLOCK_HEAD, this.#context.start(virtual - home, codeBase, hidden));
    for (let i = 0; i < ir.instructionCount; i++) this.#i32[(end >> 2) + i] = ir.pcs[i]! - block.pc;
    table.writeHead(block, !hidden && block.linear2 !== 0 ? ENTER2 : ENTER, hidden ? COLD : table.heatOf(block), end);
    if (!hidden) {
      this.#arena = (end + ir.instructionCount * 4 + 63) & ~63;
      table.add(block);
    }
    return block;
  }

  /** Whether code can be made for all addresses at once. */
  isRelocatable(flags: number, codeBase: number): boolean {
    return codeBase === 0 && (this.setup.target.isRelocatable?.(flags) ?? false);
  }

  /**
   * A block's IR once more, from its bytes as they are; the caller sees to it that they have not changed. `pc`: the block's, or, of a
   * relocatable one, where it lies from the page that its addresses are to begin at.
   */
  retranslate(block: Block, pc: number): IrBlock | undefined {
    const { flags, codeBase, linear, linear2 } = block;
    const offset = linear % PAGE_SIZE;
    const first = { frame: 0, linear: linear - offset };
    this.#reader.start(first, offset, () => (linear2 === 0 ? undefined : { frame: 0, linear: linear2 }));
    this.#reader.seesChanges = block.reads.length > 0;
    return this.#build(pc, flags, codeBase, block.instructionCount, block.relocatable);
  }

  /** From the bytes that the reader was started at. */
  #build(pc: number, flags: number, codeBase: number, maxInstructions: number, relocatable: boolean): IrBlock | undefined {
    const builder = this.#builder;
    const { block } = builder;
    builder.start(relocatable);
    let byteLength = 0;
    try {
      ({ byteLength } = this.setup.target.translate(builder, { pc, codeBase, relocatable, flags, code: this.#reader, maxInstructions }));
    } catch (error) {
      if (error instanceof CodeFault) return undefined;
      throw error;
    }
    if (block.instructionCount === 0) return undefined;
    if (!builder.ended) builder.end({ kind: 'goto', pc: pc + byteLength });
    block.byteLength = byteLength;
    optimise(block);
    return block;
  }
}

/** More than any block's `Lowering.roomFor`. */
const MOST_ARENA_BYTES = 0x4_0000;

/** Virtual addresses may be negative. */
export const offsetInPage = (virtual: number): number => virtual & (PAGE_SIZE - 1);

/** The linear (virtual) address of code. */
export function linearOf(pc: number, codeBase: number): number {
  return codeBase === 0 ? pc : (pc + codeBase) >>> 0;
}

function unknownHelper(name: string): never {
  throw new Error(`helper '${name}' is called but not declared by the target`);
}

/** What lowering asks about the block at hand. One object for all blocks, as is the reader. */
class BlockContext implements LoweringContext {
  alone = false;
  private codeBase = 0;
  /** Of the block's start, as its exits have it. */
  private page = 0;

  constructor(private readonly helperNumbers: ReadonlyMap<string, number>) {}

  start(virtual: number, codeBase: number, alone: boolean): this {
    this.page = Math.floor(virtual / PAGE_SIZE);
    this.codeBase = codeBase;
    this.alone = alone;
    return this;
  }

  isLinkable(target: number): boolean {
    return Math.floor(linearOf(target, this.codeBase) / PAGE_SIZE) === this.page;
  }

  helperNumber(name: string): number {
    return this.helperNumbers.get(name) ?? unknownHelper(name);
  }
}

const NO_READS: readonly number[] = [];
const NO_PAGE: CodePage = { frame: 0, linear: 0 };

class Reader implements CodeReader {
  /** The block's second page, once something was read from it. */
  second: CodePage | undefined;
  /** Whether the block is to read immediates when it runs; and where it will, as starts and ends in linear memory. */
  seesChanges = false;
  reads: readonly number[] = NO_READS;
  private first = NO_PAGE;
  /** Of the block in its page. */
  private pageOffset = 0;
  private fetchSecond: () => CodePage | undefined = () => undefined;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly physical: PhysicalMemory,
    private readonly ir: IrBlock,
  ) {}

  /** From now on offset 0 is at `pageOffset` of a page. */
  start(first: CodePage, pageOffset: number, fetchSecond: () => CodePage | undefined): this {
    this.first = first;
    this.second = undefined;
    this.reads = NO_READS;
    this.pageOffset = pageOffset;
    this.fetchSecond = fetchSecond;
    return this;
  }

  u8(offset: number): number {
    const at = this.pageOffset + offset;
    if (at < PAGE_SIZE) return this.byteOf(this.first, at);
    if (this.second === undefined) {
      // Only the first instruction may reach into the next page: else a fault there would come before those in front of it ran.
      if (this.ir.instructionCount > 0) throw NOT_NOW;
      this.second = this.fetchSecond();
      if (this.second === undefined) throw FAULTED;
    }
    if (at >= 2 * PAGE_SIZE) throw NOT_NOW;
    return this.byteOf(this.second, at - PAGE_SIZE);
  }

  changing(offset: number, bytes: number): number {
    const at = this.pageOffset + offset;
    if (!this.seesChanges || this.first.linear === 0 || at + bytes > PAGE_SIZE) return 0;
    this.reads = [...this.reads, this.first.linear + at, this.first.linear + at + bytes];
    return this.first.linear + at;
  }

  private byteOf(page: CodePage, offset: number): number {
    return page.linear !== 0 ? this.bytes[page.linear + offset]! : this.physical.read(page.frame * PAGE_SIZE + offset, 1);
  }
}
