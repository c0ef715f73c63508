/** Whether x87, MMX, SSE and AVX instructions may run (SDM volume 3, tables 2-2 and 13-1). False with nothing raised means #UD. */
import * as L from '../../assembly/layout.js';
import type { Attribute } from '../decode/opcode-table.js';
import { EXCEPTION } from './exceptions.js';
import type { Translation } from './translation.js';

type Guard = (t: Translation) => boolean;

function available(t: Translation, forbidding: number): boolean {
  if (!(t.hflags & forbidding)) return true;
  t.raise(EXCEPTION.NM);
  return false;
}

export const FPU_GUARDS: readonly (readonly [Attribute, Guard])[] = [
  ['x87', (t) => available(t, L.HF_EM | L.HF_TS)],
  ['mmx', (t) => !(t.hflags & L.HF_EM) && available(t, L.HF_TS)],
  ['sse', (t) => !(t.hflags & L.HF_EM) && (t.hflags & L.HF_OSFXSR) !== 0 && available(t, L.HF_TS)],
  ['avx', (t) => (t.hflags & L.HF_AVX) !== 0 && available(t, L.HF_TS)],
  ['xsave', (t) => (t.hflags & L.HF_OSXSAVE) !== 0 && available(t, L.HF_TS)],
];
