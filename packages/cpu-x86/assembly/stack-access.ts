/**
 * Whether an instruction got at an address through the stack segment. In 64-bit mode SS has no base and no limit, so nobody
 * keeps track while code runs; it only decides between #SS and #GP for an address that is not canonical (SDM volume 2,
 * 64-bit mode exceptions of any instruction), which is rare enough to look at the bytes of the instruction again.
 */
import { ENV_PC } from '../../tcg/src/env';
import { phys_read } from './host';
import * as L from './layout';
import { translate_debug } from './paging';
import * as S from './state';

const MAX_LENGTH = 15;
/** An implicit access is this near the stack pointer, at most: a few pushes. */
const STACK_REACH: u64 = 64;

let at: u64 = 0;

/** The next byte of the instruction, or -1 if it is not mapped. */
function next(env: usize): i32 {
  const physical = translate_debug(env, at++);
  if (physical < 0) return -1;
  const place = phys_read(physical as u64);
  return place ? (load<u8>(place) as i32) : -1;
}

/** For the instruction at `pc`, in 64-bit mode, with the registers as they were before it. */
export function isStackAccess(env: usize, virtual: u64): bool {
  at = load<u64>(env, ENV_PC);
  let rex = 0;
  let otherSegment = false;
  let opcode = next(env);
  for (let i = 0; i < MAX_LENGTH; i++) {
    if ((opcode & ~0xf) == 0x40) rex = opcode;
    else if (opcode == 0x64 || opcode == 0x65) otherSegment = true;
    else if (!isPlainPrefix(opcode)) break;
    opcode = next(env);
  }
  if (opcode < 0) return false;
  if (opcode == 0xc4 || opcode == 0xc5) return !otherSegment && isVexBasedOnStack(env, opcode);
  let twoBytes = false;
  let hasModrm: bool;
  if (opcode == 0x0f) {
    opcode = next(env);
    twoBytes = true;
    hasModrm = hasModrmAfter0F(opcode);
    if (opcode == 0x38 || opcode == 0x3a) next(env);
  } else {
    hasModrm = hasModrmByte(opcode);
  }
  const modrm = hasModrm ? next(env) : -1;
  if (usesStack(opcode, twoBytes, modrm)) {
    if (opcode == 0xc9 && !twoBytes) return true;
    if (virtual - load<u64>(env + 4 * 8, L.REGS) + STACK_REACH < 2 * STACK_REACH) return true;
  }
  if (modrm < 0 || modrm >= 0xc0 || otherSegment) return false;
  return isBasedOnStack(env, modrm, rex);
}

/** Behind the first byte of a VEX prefix: two or one more, the opcode, and ModRM in all instructions that access memory (SDM volume 2, 2.3). */
function isVexBasedOnStack(env: usize, prefix: i32): bool {
  const first = next(env);
  const isLong = prefix == 0xc4;
  if (isLong) next(env);
  next(env);
  const modrm = next(env);
  // B is inverted.
  const rex = isLong && (first & 0x20) == 0 ? 1 : 0;
  return modrm >= 0 && modrm < 0xc0 && isBasedOnStack(env, modrm, rex);
}

function isPlainPrefix(byte: i32): bool {
  return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 || (byte & ~0x18) == 0x26;
}

/** The memory operand's base is RSP or RBP. */
function isBasedOnStack(env: usize, modrm: i32, rex: i32): bool {
  if (rex & 1) return false;
  const rm = modrm & 7;
  if (rm == 5) return modrm >= 0x40;
  if (rm != 4) return false;
  const base = next(env) & 7;
  return base == 4 || (base == 5 && modrm >= 0x40);
}

function hasModrmByte(opcode: i32): bool {
  if (opcode < 0x40) return (opcode & 7) < 4;
  if (opcode >= 0x80 && opcode < 0x90) return true;
  switch (opcode) {
    case 0x63: case 0x69: case 0x6b: case 0xc0: case 0xc1: case 0xc6: case 0xc7: case 0xd0: case 0xd1: case 0xd2: case 0xd3:
    case 0xf6: case 0xf7: case 0xfe: case 0xff:
      return true;
    default:
      return opcode >= 0xd8 && opcode < 0xe0;
  }
}

function hasModrmAfter0F(opcode: i32): bool {
  if (opcode < 0x10) return opcode < 4 || opcode == 0x0d;
  if (opcode >= 0x30 && opcode < 0x40) return opcode == 0x38 || opcode == 0x3a;
  if (opcode >= 0x80 && opcode < 0x90) return false;
  if (opcode >= 0xc8 && opcode < 0xd0) return false;
  return opcode != 0x77 && (opcode & ~8) != 0xa0 && (opcode & ~8) != 0xa1 && opcode != 0xa2 && opcode != 0xaa;
}

/** PUSH, POP, CALL, RET, ENTER, LEAVE, IRET and the like. */
function usesStack(opcode: i32, twoBytes: bool, modrm: i32): bool {
  if (twoBytes) return (opcode & ~9) == 0xa0;
  if (opcode >= 0x50 && opcode < 0x60) return true;
  switch (opcode) {
    case 0x68: case 0x6a: case 0x8f: case 0x9c: case 0x9d: case 0xc2: case 0xc3: case 0xc8: case 0xc9: case 0xca: case 0xcb:
    case 0xcf: case 0xe8:
      return true;
    case 0xff: {
      const digit = (modrm >> 3) & 7;
      return digit == 2 || digit == 3 || digit == 6;
    }
    default:
      return false;
  }
}
