/** MXCSR, FXSAVE and FXRSTOR, EMMS. */
import * as L from '../../assembly/layout.js';
import type { OpcodeTable } from '../decode/opcode-table.js';
import { FP_HELPERS } from '../fp-helpers.js';
import { FP_EMPTY, FP_TOP, MXCSR } from '../state.js';
import type { Translation } from './translation.js';

export const SSE_CONTROL: OpcodeTable = [
  // #NM with EM or TS, as for x87 instructions; no #UD.
  ['NP 0F AE /0', 'fxsave', 'M', (t) => save(t, false), 'mem', 'raw', 'x87', 'cpuid:fxsr'],
  ['NP 0F AE /1', 'fxrstor', 'M', (t) => save(t, true), 'mem', 'raw', 'x87', 'cpuid:fxsr'],
  ['NP 0F AE /2', 'ldmxcsr', 'Md', (t, a) => void t.callHelper(FP_HELPERS.sse_load_mxcsr, a!), 'reads', 'sse', 'cpuid:sse'],
  ['NP 0F AE /3', 'stmxcsr', 'Md', (t) => t.get(MXCSR), 'writes', 'sse', 'cpuid:sse'],
  ['NP 0F 77', 'emms', '', emms, 'mmx', 'cpuid:mmx'],
];

const FXSAVE_BYTES = 512;

function save(t: Translation, restores: boolean): void {
  const { ir } = t;
  const helper = restores ? FP_HELPERS.x87_fxrstor : FP_HELPERS.x87_fxsave;
  const xmmCount = !(t.hflags & L.HF_OSFXSR) ? 0 : t.mode64 ? 16 : 8;
  t.callHelper(helper, t.linear(FXSAVE_BYTES, !restores), ir.i32(t.rexW ? 1 : 0), ir.i32(xmmCount));
}

function emms(t: Translation): void {
  t.callHelper(FP_HELPERS.x87_wait);
  // As every MMX instruction does (SDM volume 1, 9.6.2).
  t.set(FP_TOP, t.ir.i32(0));
  t.set(FP_EMPTY, t.ir.i32(0xff));
}
