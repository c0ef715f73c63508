/** One decoded instruction: what its bytes say, before anybody asks what it does. The decoder fills one of these again and again. */
import type { CompiledRow } from './compile.js';

/** Segment override: none. Otherwise ES CS SS DS FS GS are 0-5. */
export const NO_SEGMENT = -1;

export class Instruction {
  /** Block flags (HF_*) that it was decoded under. */
  hflags = 0;
  /** Bytes of an address or operand without prefixes: 2, 4 or 8 is the mode. */
  mode64 = false;
  code32 = false;

  /** Where it starts and what follows it, as RIP or EIP (a negative number for a canonical address in the upper half). */
  pc = 0;
  nextPc = 0;
  length = 0;

  /** F2, F3 or 0, the last of them. */
  rep = 0;
  lock = false;
  has66 = false;
  segmentOverride = NO_SEGMENT;
  /** The REX prefix, 0 if there is none. */
  rex = 0;
  rexW = false;
  /** Bytes: 2, 4 or 8. */
  operandSize = 4;
  addressSize = 4;

  /** Last byte of the opcode. */
  opcode = 0;
  /** There is a VEX prefix: its register (0 where none is named), L (vectors of 256 bits) and W as they stand, in any mode. */
  vex = false;
  vvvv = 0;
  vexL = 0;
  vexW = false;
  /** Opcode map: 0 one byte, 1 0F, 2 0F 38, 3 0F 3A; with VEX 4 more. */
  map = 0;
  modrm = 0;
  mod = 0;
  /** ModRM.reg with REX.R, ModRM.rm with REX.B (a register number if mod is 3), register in the opcode with REX.B. */
  reg = 0;
  rm = 0;
  opcodeRegister = 0;

  /** Memory operand: registers or -1; IP-relative ones have `displacement` from `nextPc`. */
  base = -1;
  index = -1;
  scale = 0;
  displacement = 0;
  ipRelative = false;

  /** The immediate, sign-extended where the operand asks for that; those of 8 bytes (`wideImmediate`) are in `immediate64`. */
  immediate = 0;
  wideImmediate = false;
  immediate64 = 0n;
  /** Where the (first) immediate is, as an offset of the reader's. */
  immediateAt = 0;
  /** A second immediate (ENTER), and the selector of a far pointer. */
  immediate2 = 0;
  farSelector = 0;
  /** Target of a relative branch. */
  target = 0;

  /** The row that matched; undefined if none did. */
  row: CompiledRow | undefined;

  /** ModRM.rm is a register. */
  get isRegister(): boolean {
    return this.mod === 3;
  }
}
