import type { OpcodeTable } from '../decode/opcode-table.js';

/** Every table that the decoder is made from. A row that names a prefix wins over one that does not, whatever the order. */
export const TABLES: readonly OpcodeTable[] = [];
