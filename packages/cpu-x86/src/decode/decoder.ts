/** Bytes to an `Instruction`: prefixes, opcode, ModRM, displacement, immediates (SDM volume 2, chapter 2). */
import type { CodeReader } from '@nandu/tcg';
import { HF_CS32, HF_CS64 } from '../../assembly/layout.js';
import { type CompiledRow, type OpcodeMaps, PREFIX_66, PREFIX_F2, PREFIX_F3, PREFIX_NONE, VEX_MAPS } from './compile.js';
import { type Instruction, NO_SEGMENT } from './instruction.js';
import { type Operand, SIZE_V, SIZE_Z } from './operand.js';

/** Longer instructions raise #GP(0). */
const MAX_LENGTH = 15;

/** What a byte is as a prefix: 0 none, 1-6 segment override + 1, then these. */
const PREFIX_KIND = new Uint8Array(256);
const OPERAND_SIZE = 7;
const ADDRESS_SIZE = 8;
const LOCK = 9;
const REPEAT = 10;
const REX = 11;
[0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65].forEach((byte, segment) => (PREFIX_KIND[byte] = segment + 1));
PREFIX_KIND[0x66] = OPERAND_SIZE;
PREFIX_KIND[0x67] = ADDRESS_SIZE;
PREFIX_KIND[0xf0] = LOCK;
PREFIX_KIND[0xf2] = PREFIX_KIND[0xf3] = REPEAT;
PREFIX_KIND.fill(REX, 0x40, 0x50);
const SEGMENT_FS = 4;
const VEX3 = 0xc4;
const VEX2 = 0xc5;
/** VEX.pp as a repeat prefix. */
const VEX_REPEAT = [0, 0, 0xf3, 0xf2];

/** Base and index of 16-bit addresses by ModRM.rm: BX BP SI DI are 3 5 6 7. */
const BASE_16 = [3, 3, 5, 5, 6, 7, 5, 3];
const INDEX_16 = [6, 7, 6, 7, -1, -1, -1, -1];

/** Gathers have a SIB byte, always. */
function hasVectorIndex({ addressSize, index }: Instruction): boolean {
  return addressSize !== 2 && index >= 0;
}

class TooLong extends Error {}
const TOO_LONG = new TooLong();

export type DecodeResult = 'ok' | 'undefined' | 'too-long';

export class Decoder {
  private code!: CodeReader;
  private at = 0;
  private limit = 0;

  constructor(private readonly maps: OpcodeMaps) {}

  /** Decodes the instruction at `offset` of the reader, which is at `pc`. Lets the reader's CodeFault through. */
  decode(to: Instruction, code: CodeReader, offset: number, pc: number, hflags: number): DecodeResult {
    this.code = code;
    this.at = offset;
    this.limit = offset + MAX_LENGTH;
    to.hflags = hflags;
    to.mode64 = (hflags & HF_CS64) !== 0;
    to.code32 = (hflags & HF_CS32) !== 0;
    to.pc = pc;
    to.row = undefined;
    try {
      this.prefixesAndOpcode(to);
    } catch (error) {
      if (error !== TOO_LONG) throw error;
      this.finish(to, offset);
      return 'too-long';
    }
    this.finish(to, offset);
    return to.row ? 'ok' : 'undefined';
  }

  private finish(to: Instruction, offset: number): void {
    to.length = this.at - offset;
    to.nextPc = to.mode64 ? to.pc + to.length : (to.pc + to.length) >>> 0;
    if (to.row?.branches) {
      const target = to.nextPc + to.immediate;
      to.target = to.operandSize === 8 ? target : to.operandSize === 4 ? target >>> 0 : target & 0xffff;
    }
  }

  private u8(): number {
    if (this.at >= this.limit) throw TOO_LONG;
    return this.code.u8(this.at++);
  }

  private u16(): number {
    const low = this.u8();
    return low | (this.u8() << 8);
  }

  private s32(): number {
    const low = this.u16();
    return low | (this.u16() << 16);
  }

  private u64(): bigint {
    const low = this.s32() >>> 0;
    return (BigInt(this.s32() >>> 0) << 32n) | BigInt(low);
  }

  private prefixesAndOpcode(to: Instruction): void {
    const { mode64 } = to;
    to.rep = 0;
    to.lock = false;
    to.has66 = false;
    to.segmentOverride = NO_SEGMENT;
    to.rex = 0;
    let has67 = false;
    let byte = this.u8();
    for (let kind = PREFIX_KIND[byte]!; kind !== 0; kind = PREFIX_KIND[byte]!) {
      if (kind === REX) {
        if (!mode64) break;
        to.rex = byte;
      } else {
        // REX counts only right before the opcode.
        to.rex = 0;
        if (kind === OPERAND_SIZE) to.has66 = true;
        else if (kind === ADDRESS_SIZE) has67 = true;
        else if (kind === LOCK) to.lock = true;
        else if (kind === REPEAT) to.rep = byte;
        else if (!mode64 || kind - 1 >= SEGMENT_FS) to.segmentOverride = kind - 1;
      }
      byte = this.u8();
    }
    to.rexW = (to.rex & 8) !== 0;
    if (mode64) to.addressSize = has67 ? 4 : 8;
    else to.addressSize = to.code32 !== has67 ? 4 : 2;

    to.map = 0;
    to.vex = false;
    if (byte === 0x0f) {
      byte = this.u8();
      to.map = 1;
      if (byte === 0x38 || byte === 0x3a) {
        to.map = byte === 0x38 ? 2 : 3;
        byte = this.u8();
      }
    } else if ((byte === VEX2 || byte === VEX3) && (mode64 || this.code.u8(this.at) >= 0xc0)) {
      if (!this.vex(to, byte)) return;
      byte = this.u8();
    }
    to.opcode = byte;
    to.opcodeRegister = (byte & 7) | ((to.rex & 1) << 3);
    const slot = this.maps[to.map]![byte];
    if (!slot) return;
    const prefix = to.rep === 0xf3 ? PREFIX_F3 : to.rep === 0xf2 ? PREFIX_F2 : to.has66 ? PREFIX_66 : PREFIX_NONE;
    const modrm = slot.hasModrm ? this.u8() : 0;
    const row = to.vex ? slot.selectVex(mode64, to.vexW, to.vexL, prefix, modrm) : slot.select(mode64, to.rexW, prefix, modrm);
    if (!row || (to.vex && !row.usesVvvv && to.vvvv !== 0)) return;

    if (mode64) to.operandSize = row.size64 === 2 || to.rexW ? 8 : to.has66 ? 2 : row.size64 ? 8 : 4;
    else to.operandSize = to.code32 !== to.has66 ? 4 : 2;
    if (row.hasModrm) this.modrm(to, modrm, row);
    if (row.vsib && !hasVectorIndex(to)) return;
    for (const operand of row.immediates) this.immediate(to, operand);
    to.row = row;
  }

  /**
   * The rest of a VEX prefix (SDM volume 2, 2.3.5), as the prefixes that it stands for. False if it cannot be one: after REX,
   * LOCK or a mandatory prefix, for maps that do not exist. Outside 64-bit mode it is told from LES
   * and LDS by what would be a register as their memory operand.
   */
  private vex(to: Instruction, first: number): boolean {
    if (to.rex || to.lock || to.rep || to.has66) return false;
    const second = this.u8();
    const last = first === VEX2 ? second & 0x7f : this.u8();
    const map = first === VEX2 ? 1 : second & 0x1f;
    const inverted = first === VEX2 ? second | 0x60 : second;
    if (map < 1 || map > 3) return false;
    to.vex = true;
    to.vexL = (last >> 2) & 1;
    to.vexW = (last & 0x80) !== 0;
    if (to.mode64) {
      to.rexW = to.vexW;
      to.rex = 0x40 | (((inverted ^ 0xe0) >> 5) & 7);
      to.vvvv = ((last >> 3) & 15) ^ 15;
    } else {
      to.vvvv = ((last >> 3) & 7) ^ 7;
    }
    to.has66 = (last & 3) === 1;
    to.rep = VEX_REPEAT[last & 3]!;
    to.map = VEX_MAPS + map;
    return true;
  }

  private modrm(to: Instruction, modrm: number, row: CompiledRow): void {
    const { rex } = to;
    to.modrm = modrm;
    to.mod = row.modrmIsRegister ? 3 : modrm >> 6;
    to.reg = ((modrm >> 3) & 7) | ((rex & 4) << 1);
    to.rm = (modrm & 7) | ((rex & 1) << 3);
    to.ipRelative = false;
    if (to.mod === 3) return;
    to.index = -1;
    to.scale = 0;
    to.displacement = 0;
    if (to.addressSize === 2) this.address16(to);
    else this.address(to, row.vsib);
  }

  private address(to: Instruction, vectorIndex: boolean): void {
    const rm = to.rm & 7;
    to.base = to.rm;
    let wide = to.mod === 2;
    if (rm === 4) {
      const sib = this.u8();
      const index = ((sib >> 3) & 7) | ((to.rex & 2) << 2);
      // No index, unless it is a vector.
      if (index !== 4 || vectorIndex) {
        to.index = index;
        to.scale = sib >> 6;
      }
      to.base = (sib & 7) | ((to.rex & 1) << 3);
      if ((sib & 7) === 5 && to.mod === 0) {
        to.base = -1;
        wide = true;
      }
    } else if (rm === 5 && to.mod === 0) {
      to.base = -1;
      to.ipRelative = to.mode64;
      wide = true;
    }
    if (wide) to.displacement = this.s32();
    else if (to.mod === 1) to.displacement = (this.u8() << 24) >> 24;
  }

  private address16(to: Instruction): void {
    const rm = to.rm & 7;
    if (rm === 6 && to.mod === 0) {
      to.base = -1;
      to.displacement = this.u16();
      return;
    }
    to.base = BASE_16[rm]!;
    to.index = INDEX_16[rm]!;
    if (to.mod === 1) to.displacement = (this.u8() << 24) >> 24;
    else if (to.mod === 2) to.displacement = this.u16();
  }

  private immediate(to: Instruction, operand: Operand): void {
    const bytes = this.immediateBytes(to, operand);
    if (operand.kind === 'O') {
      to.wideImmediate = bytes === 8;
      if (bytes === 8) to.immediate64 = this.u64();
      else to.displacement = bytes === 4 ? this.s32() >>> 0 : this.u16();
      return;
    }
    if (operand.isSecondImmediate) {
      to.immediate2 = this.u8();
      return;
    }
    to.immediateAt = this.at;
    to.wideImmediate = bytes === 8;
    const signed = operand.signedByte || operand.kind === 'J';
    if (bytes === 1) {
      const value = this.u8();
      to.immediate = signed ? (value << 24) >> 24 : value;
    } else if (bytes === 2) {
      const value = this.u16();
      to.immediate = signed ? (value << 16) >> 16 : value;
    } else if (bytes === 4) {
      to.immediate = this.s32();
    } else {
      to.immediate64 = this.u64();
    }
    if (operand.kind === 'A') to.farSelector = this.u16();
  }

  /** An immediate's bytes in the code. */
  private immediateBytes(to: Instruction, operand: Operand): number {
    if (operand.kind === 'O') return to.addressSize;
    if (operand.signedByte || operand.isSecondImmediate || operand.kind === 'L') return 1;
    if (operand.kind === 'A' || operand.size === SIZE_Z) return Math.min(to.operandSize, 4);
    return operand.size === SIZE_V ? to.operandSize : operand.size;
  }
}
