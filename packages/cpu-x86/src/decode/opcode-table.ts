/**
 * The format of opcode tables: one row an encoding, written as in the manual's opcode maps (SDM volume 2, appendix A).
 *
 *   ['81 /7', 'cmp', 'Ev,Iz', cmp, 'reads']
 *
 * OPCODE, in this order, separated by blanks:
 *   NP 66 F3 F2    a mandatory prefix, or none at all (NP). Without one of these, any prefix goes: 66 is then the operand
 *                  size, F2/F3 are what the semantics make of `t.rep`, or nothing. A row that names one wins over one that does not.
 *   0F | 0F 38 | 0F 3A   the opcode map; with VEX before it all, the instruction has a VEX prefix (with L 0 unless an attribute
 *                  says otherwise), which says the rest
 *   81             the opcode; `50+r` stands for eight (register in the low bits), `70+cc` for sixteen (condition there)
 *   /7             ModRM.reg is 7
 *   D0             a third byte: ModRM is exactly that; `C0+i` stands for eight
 *
 * MNEMONIC: `cc` at its end becomes the condition; `cbw|cwde|cdqe` are the names for operand sizes of 16, 32, 64 bits.
 *
 * OPERANDS: a letter and a size. What the semantics are called with, in the order of operands:
 *   E  ModRM.rm, general register or memory      G  ModRM.reg, general register     Z  general register in the opcode
 *   B  VEX.vvvv, general register
 *   R  ModRM.rm, general register only           M  memory only; without a size, or with `t` (10 bytes) or `p` (far pointer):
 *                                                   its linear address (i64), unchecked: see `t.linear`
 *   V  ModRM.reg, XMM     W  ModRM.rm, XMM or memory     U  ModRM.rm, XMM only
 *   H  VEX.vvvv, XMM      L  bits 4-7 of an immediate byte, XMM
 *   P  ModRM.reg, MMX     Q  ModRM.rm, MMX or memory     N  ModRM.rm, MMX only
 *   I  immediate (`Ibs`: a byte, sign-extended to the operand size)         O  memory at an address in the instruction
 *   S  ModRM.reg, a segment register's selector          1  the number one
 *   AL CL AX DX rAX: these registers (rAX: of operand size)
 * and those for the disassembler only, which the semantics do not get as values: J (`t.target`), A (`t.farSelector`,
 * `t.immediate`), C and D (`t.reg`), X and Y (string operands), names of segment registers, ST, STi, r(SP)-like text in lower case.
 *
 * SIZES and types of the values:
 *   b w d      1, 2, 4 bytes: i32, zero-extended     q  8 bytes: i64
 *   v          operand size: i32, or i64 for 64 bits   z  the same, but immediates have at most 4 bytes (sign-extended to v)
 *   y          4 or 8 bytes, by REX.W
 *   dq ps pd   16 bytes: v128. In memory they must be aligned, except with the attribute 'unaligned'. With VEX.L, 32 bytes:
 *              the semantics work on halves then, one after the other (see translate/halves.ts)
 *   o          16 bytes whatever VEX.L says
 *   sv dv      4 and 8 bytes in memory, of registers the whole: v128, with zeros above what comes from memory
 *   ss sd      4 and 8 bytes: f32 and f64. In an XMM register: the lowest lane; writing keeps the others
 *   V, W, U with d and q: i32 and i64 of the lowest lane; writing keeps the others. P, Q, N: q is i64, d is its low i32.
 *
 * SEMANTICS: called with the loaded operands; what it returns is stored in the first. Flags and registers that it sets by
 * `t` are set after that store. Bits of a result above the operand's size are ignored.
 */
import type { Value } from '@nandu/tcg';
import type { Translation } from '../translate/translation.js';

/** What semantics with nothing to store return. */
export const NO_RESULT = undefined;

export type Semantics = (t: Translation, ...operands: Value[]) => Value | undefined | void;

/** Names of CPUID features that rows may depend on; without the feature the row does not exist. */
export type Feature =
  | 'cmov'
  | 'cx8'
  | 'cx16'
  | 'popcnt'
  | 'lzcnt'
  | 'bmi1'
  | 'bmi2'
  | 'movbe'
  | 'fsgsbase'
  | 'rdtscp'
  | 'syscall'
  | 'sysenter'
  | 'clflushopt'
  | 'clwb'
  | 'rdpid'
  | 'rdrand'
  | 'rdseed'
  | 'smap'
  | 'pku'
  | 'invpcid'
  | 'monitor'
  | 'xsave'
  | 'lahf'
  | 'adx'
  | 'fxsr'
  | 'mmx'
  | 'sse'
  | 'sse2'
  | 'sse3'
  | 'ssse3'
  | 'sse4.1'
  | 'sse4.2'
  | 'sse4a'
  | 'aes'
  | 'pclmulqdq'
  | 'sha'
  | 'avx'
  | 'avx2'
  | 'fma'
  | 'f16c'
  | 'xsaveopt'
  | 'xsavec'
  | 'xgetbv1'
  | '3dnowprefetch';

export type Attribute =
  /** The first operand is only read, and nothing stored; or only written, and not loaded (the semantics get the others). Else both. */
  | 'reads'
  | 'writes'
  /** The semantics load and store everything themselves and get no values. */
  | 'raw'
  /** LOCK is allowed if the first operand is in memory. */
  | 'lock'
  /** ModRM must be memory; must be a register. */
  | 'mem'
  | 'reg'
  /** Not in 64-bit mode; only there. Else the row does not exist. */
  | 'not64'
  | 'only64'
  /** REX.W must be 0; must be 1 (outside 64-bit mode it is 0). */
  | 'w0'
  | 'w1'
  /** VEX.L must be 1; may be either. Else it must be 0. */
  | 'l1'
  | 'l01'
  /** VEX.vvvv names a register although no operand in the table does. */
  | 'vvvv'
  /** The index of the memory operand is a vector register. */
  | 'vsib'
  /** In 64-bit mode the operand size is 64 bits unless 66 makes it 16; is always 64 bits. */
  | 'default64'
  | 'force64'
  /** #GP(0) unless CPL is 0; #UD in real and virtual-8086 mode; #GP(0) in virtual-8086 mode unless IOPL is 3. */
  | 'cpl0'
  | 'protected'
  | 'iopl-vm'
  /**
   * x87: #NM if CR0.EM or TS. MMX: #UD if EM, #NM if TS. SSE: #UD if EM or not CR4.OSFXSR, #NM if TS. AVX: #UD outside protected
   * mode or unless CR4.OSXSAVE and XCR0 enable it, #NM if TS. XSAVE: #UD unless CR4.OSXSAVE, #NM if TS.
   */
  | 'x87'
  | 'mmx'
  | 'sse'
  | 'avx'
  | 'xsave'
  /** 16-byte memory operands need no alignment. */
  | 'unaligned'
  | `cpuid:${Feature}`;

export type OpcodeRow = readonly [opcode: string, mnemonic: string, operands: string, semantics: Semantics, ...attributes: Attribute[]];
export type OpcodeTable = readonly OpcodeRow[];
