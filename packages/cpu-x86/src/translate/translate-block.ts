/** One block: guest instructions from `pc` on, until something ends it. */
import { CodeFault, type CodeReader, type Ir, type TranslatedBlock, type TranslateRequest, type Value } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import { type CompiledRow, compileTables } from '../decode/compile.js';
import { Decoder } from '../decode/decoder.js';
import type { Feature } from '../decode/opcode-table.js';
import { FPU_GUARDS } from './fpu-guards.js';
import { TABLES } from './tables.js';
import { EXCEPTION, Translation } from './translation.js';

const PAGE = 0x1000;
/** Bytes that tell whether an instruction is one of `readsFlags`. */
const LONGEST_FLAG_READER = 3;
/** Vector instructions can be many ops each: blocks that have more than this are long enough. */
const MOST_OPS = 2000;
/** Under these, every instruction is a block: something has to be done, or undone, after it. */
const SINGLE_INSTRUCTION = L.HF_TF | L.HF_INHIBIT | L.HF_RF | L.HF_BREAKPOINTS;

export class BlockTranslator {
  private readonly decoder: Decoder;
  private readonly t: Translation;

  constructor(features: ReadonlySet<Feature>) {
    this.decoder = new Decoder(compileTables(TABLES, features));
    this.t = new Translation(features);
  }

  translate(ir: Ir, request: TranslateRequest): TranslatedBlock {
    const { t } = this;
    const { flags } = request;
    const mode64 = (flags & L.HF_CS64) !== 0;
    const most = flags & SINGLE_INSTRUCTION ? 1 : request.maxInstructions;
    const start = (((request.codeBase + request.pc) % PAGE) + PAGE) % PAGE;
    let offset = 0;
    let count = 0;
    t.startBlock(ir, request);
    t.flagsAreRead = () => count < most && start + offset + LONGEST_FLAG_READER <= PAGE && readsFlags(request.code, offset, mode64);
    while (!ir.ended) {
      const pc = mode64 ? request.pc + offset : (request.pc + offset) >>> 0;
      if (count === most || (count > 0 && (start + offset >= PAGE || ir.length > MOST_OPS))) {
        t.endNext(pc);
        break;
      }
      const result = this.decode(request, offset, pc, count === 0);
      // What needs a page of its own, or loops to itself, is left to the next block.
      if (count > 0 && (result === 'fault' || start + offset + t.length > PAGE || (result === 'ok' && t.row!.loops && t.rep))) {
        t.endNext(pc);
        break;
      }
      ir.instruction(pc);
      count++;
      offset += t.length;
      t.startInstruction();
      if (flags & L.HF_BREAKPOINTS) t.call('watch_code', mode64 ? ir.codeAddress(pc) : ir.i64((request.codeBase + pc) >>> 0));
      if (result === 'ok') this.instruction(t.row!);
      else t.raise(result === 'too-long' ? EXCEPTION.GP : EXCEPTION.UD, result === 'too-long' ? 0 : -1);
      if (!ir.ended) {
        t.commit();
        if (t.stop) t.endStopped();
        else if (t.endsShadow) t.endNext(mode64 ? request.pc + offset : (request.pc + offset) >>> 0);
      }
    }
    return { byteLength: offset, instructionCount: count };
  }

  private decode(request: TranslateRequest, offset: number, pc: number, isFirst: boolean) {
    try {
      return this.decoder.decode(this.t, request.code, offset, pc, request.flags);
    } catch (error) {
      // The accelerator raises the page fault of a block's first instruction.
      if (isFirst || !(error instanceof CodeFault)) throw error;
      return 'fault';
    }
  }

  private instruction(row: CompiledRow): void {
    const { t } = this;
    if ((t.lock && !this.mayLock(row)) || (row.guarded && !this.passes(row))) {
      if (!t.ir.ended) t.undefinedOpcode();
      return;
    }
    const { values, semantics } = row;
    let result: Value | undefined | void;
    switch (values.length) {
      case 0:
        result = semantics(t);
        break;
      case 1:
        result = semantics(t, t.loadOperand(values[0]!, row.loadsForWrite));
        break;
      case 2:
        result = semantics(t, t.loadOperand(values[0]!, row.loadsForWrite), t.loadOperand(values[1]!));
        break;
      default:
        result = semantics(t, ...values.map((operand, i) => t.loadOperand(operand, i === 0 && row.loadsForWrite)));
        break;
    }
    if (result !== undefined) t.storeOperand(row.operands[0]!, result);
  }

  private mayLock(row: CompiledRow): boolean {
    return row.lock && !this.t.isRegister;
  }

  /** Looks at mode, FPU state and privilege, #UD before the others. If it has not raised what is wrong, that is #UD. */
  private passes({ attributes }: CompiledRow): boolean {
    const { t } = this;
    if (attributes.has('protected') && !t.isProtected) return false;
    for (const [attribute, guard] of FPU_GUARDS) {
      if (attributes.has(attribute) && !guard(t)) return false;
    }
    if ((attributes.has('cpl0') && t.cpl !== 0) || (attributes.has('iopl-vm') && t.isVm86 && t.iopl < 3)) {
      t.generalProtection();
      return false;
    }
    return true;
  }
}

/** Whether the instruction at the offset is a conditional jump, set or move. */
function readsFlags(code: CodeReader, offset: number, mode64: boolean): boolean {
  const first = code.u8(offset);
  if (first >>> 4 === 7) return true;
  const at = mode64 && first >>> 4 === 4 ? offset + 1 : offset;
  const row = code.u8(at) === 0x0f ? code.u8(at + 1) >>> 4 : 0;
  return row === 4 || row === 8 || row === 9;
}
