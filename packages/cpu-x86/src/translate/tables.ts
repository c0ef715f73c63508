import type { OpcodeTable } from '../decode/opcode-table.js';
import { ARITHMETIC } from './arithmetic.js';
import { BITS } from './bits.js';
import { CONTROL } from './control.js';
import { FLAG_CONTROL } from './flag-control.js';
import { MOVES } from './moves.js';
import { MULTIPLY } from './multiply.js';
import { SEGMENTS } from './segments.js';
import { SHIFTS } from './shifts.js';
import { STACK } from './stack.js';
import { STRINGS } from './strings.js';
import { SYSTEM } from './system.js';

/** Every table that the decoder is made from. A row that names a prefix wins over one that does not, whatever the order. */
export const TABLES: readonly OpcodeTable[] = [
  ARITHMETIC, SHIFTS, MULTIPLY, MOVES, STACK, CONTROL, BITS, STRINGS, SEGMENTS, SYSTEM, FLAG_CONTROL,
];
