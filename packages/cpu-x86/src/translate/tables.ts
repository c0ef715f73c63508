import type { OpcodeTable } from '../decode/opcode-table.js';
import { ARITHMETIC } from './arithmetic.js';
import { AVX_MOVES } from './avx-moves.js';
import { AVX_PERMUTE } from './avx-permute.js';
import { BITS } from './bits.js';
import { BMI } from './bmi.js';
import { CONTROL } from './control.js';
import { CRYPTO } from './crypto.js';
import { FLAG_CONTROL } from './flag-control.js';
import { FMA } from './fma.js';
import { MOVES } from './moves.js';
import { MULTIPLY } from './multiply.js';
import { SEGMENTS } from './segments.js';
import { SHIFTS } from './shifts.js';
import { SSE_CONTROL } from './sse-control.js';
import { SSE_FLOAT } from './sse-float.js';
import { SSE_INTEGER } from './sse-integer.js';
import { SSE_MOVES } from './sse-moves.js';
import { SSE_SHIFTS } from './sse-shift.js';
import { SSE_SHUFFLES } from './sse-shuffle.js';
import { SSE_STRINGS } from './sse-strings.js';
import { STACK } from './stack.js';
import { STRINGS } from './strings.js';
import { SYSTEM } from './system.js';
import { vexForms } from './vex-forms.js';
import { X87 } from './x87.js';

/** SSE, and what was added to it: most of this has forms with a VEX prefix. */
const VECTORS: readonly OpcodeTable[] = [SSE_CONTROL, SSE_FLOAT, SSE_INTEGER, SSE_MOVES, SSE_SHIFTS, SSE_SHUFFLES, SSE_STRINGS, CRYPTO];

/** These forms. */
export const VEX: OpcodeTable = vexForms(VECTORS);

/** Every table that the decoder is made from. A row that names a prefix wins over one that does not, whatever the order. */
export const TABLES: readonly OpcodeTable[] = [
  ARITHMETIC,
  SHIFTS,
  MULTIPLY,
  MOVES,
  STACK,
  CONTROL,
  BITS,
  BMI,
  STRINGS,
  SEGMENTS,
  SYSTEM,
  FLAG_CONTROL,
  X87,
  ...VECTORS,
  VEX,
  AVX_MOVES,
  AVX_PERMUTE,
  FMA,
];
