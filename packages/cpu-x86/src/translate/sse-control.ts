/** MXCSR, FXSAVE and FXRSTOR, XSAVE and relatives, EMMS. */
import * as L from '../../assembly/layout.js';
import type { OpcodeTable } from '../decode/opcode-table.js';
import { FP_HELPERS } from '../fp-helpers.js';
import { FP_EMPTY, FP_TOP, MXCSR } from '../state.js';
import type { Translation } from './translation.js';

export const SSE_CONTROL: OpcodeTable = [
  // #NM with EM or TS, as for x87 instructions; no #UD.
  ['NP 0F AE /0', 'fxsave', 'M', (t) => save(t, false), 'mem', 'raw', 'x87', 'cpuid:fxsr'],
  ['NP 0F AE /1', 'fxrstor', 'M', (t) => save(t, true), 'mem', 'raw', 'x87', 'cpuid:fxsr'],
  ['NP 0F AE /4', 'xsave', 'M', saveExtended(L.XSAVE_ALL), 'mem', 'raw', 'xsave', 'cpuid:xsave'],
  ['NP 0F AE /5', 'xrstor', 'M', restoreExtended, 'mem', 'raw', 'xsave', 'cpuid:xsave'],
  ['NP 0F AE /6', 'xsaveopt', 'M', saveExtended(L.XSAVE_IN_USE), 'mem', 'raw', 'xsave', 'cpuid:xsaveopt'],
  ['NP 0F C7 /4', 'xsavec', 'M', saveExtended(L.XSAVE_COMPACTED), 'mem', 'raw', 'xsave', 'cpuid:xsavec'],
  ['NP 0F AE /2', 'ldmxcsr', 'Md', (t, a) => void t.callHelper(FP_HELPERS.sse_load_mxcsr, a!), 'reads', 'sse', 'cpuid:sse'],
  ['NP 0F AE /3', 'stmxcsr', 'Md', (t) => t.get(MXCSR), 'writes', 'sse', 'cpuid:sse'],
  ['NP 0F 77', 'emms', '', emms, 'mmx', 'cpuid:mmx'],
];

const FXSAVE_BYTES = 512;

function save(t: Translation, restores: boolean): void {
  const { ir } = t;
  const helper = restores ? FP_HELPERS.x87_fxrstor : FP_HELPERS.x87_fxsave;
  const xmmCount = !(t.hflags & L.HF_OSFXSR) ? 0 : t.mode64 ? 16 : 8;
  t.callHelper(helper, t.linearForHelper(FXSAVE_BYTES, !restores), ir.i32(t.rexW ? 1 : 0), ir.i32(xmmCount));
}

/** Which bytes there are to check depends on the components: the segment limit is checked for the least that there can be. */
const XSAVE_LEAST_BYTES = 576;

function saveExtended(kind: number) {
  return (t: Translation): void => {
    t.callHelper(FP_HELPERS.xsave, t.linearForHelper(XSAVE_LEAST_BYTES, true), t.ir.i32(kind), t.ir.i32(t.rexW ? 1 : 0));
  };
}

function restoreExtended(t: Translation): void {
  t.callHelper(FP_HELPERS.xrstor, t.linearForHelper(XSAVE_LEAST_BYTES), t.ir.i32(t.rexW ? 1 : 0));
}

function emms(t: Translation): void {
  t.callHelper(FP_HELPERS.x87_wait);
  // As every MMX instruction does (SDM volume 1, 9.6.2).
  t.set(FP_TOP, t.ir.i32(0));
  t.set(FP_EMPTY, t.ir.i32(0xff));
}
