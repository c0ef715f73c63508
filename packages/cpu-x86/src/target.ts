/** The x86-64 guest architecture, as accelerators see it. One target a CPU model: the model decides which instructions there are. */
import type { Target } from '@nandu/tcg';
import * as L from '../assembly/layout.js';
import { Disassembler } from './decode/disassemble.js';
import { FP_HELPERS } from './fp-helpers.js';
import { helperModule, X86_DATA_BYTES } from './helper-module.js';
import type { CpuModel } from './models.js';
import { GLOBALS } from './state.js';
import { SYSTEM_HELPERS } from './system-helpers.js';
import { TABLES } from './translate/tables.js';
import { BlockTranslator } from './translate/translate-block.js';

/** Which TLB table code is fetched through. */
const fetchMmu = (flags: number): number => ((flags & L.HF_CPL) === 3 ? L.MMU_FETCH_USER : L.MMU_FETCH_KERNEL);

/** Elsewhere addresses wrap at 16 or 32 bits. */
const isRelocatable = (flags: number): boolean => (flags & L.HF_CS64) !== 0;

export function createX86Target(model: CpuModel): Target {
  const translator = new BlockTranslator(model.translated);
  let disassembler: Disassembler | undefined;
  return {
    name: 'x86_64',
    globals: GLOBALS,
    helpers: [...Object.values(SYSTEM_HELPERS), ...Object.values(FP_HELPERS)],
    module: helperModule(),
    dataBytes: X86_DATA_BYTES,
    translate: (ir, request) => translator.translate(ir, request),
    isRelocatable,
    fetchMmu,
    disassemble: (code, flags, offset, pc) => (disassembler ??= new Disassembler(TABLES, model.translated)).disassemble(code, flags, offset, pc),
  };
}
