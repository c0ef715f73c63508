/** Random instructions from the opcode tables, in 64- or 32-bit mode, with what must be known to compare their results. */

import { compileTables } from '../../dist/src/decode/compile.js';
import { Decoder } from '../../dist/src/decode/decoder.js';
import { Instruction } from '../../dist/src/decode/instruction.js';
import { MODE_32, MODE_64 } from '../../dist/src/testing/snippet-machine.js';
import { TABLES } from '../../dist/src/translate/tables.js';
import { ARITHMETIC, UNDEFINED } from './undefined-flags.mjs';

export const CODE = 0x10_0000;
/** Two pages; memory operands are around the middle. */
export const DATA = 0x18_0000;
export const MIDDLE = DATA + 0x1000;
/** Longest snippet that the native runner takes. */
const MAX_BYTES = 40;

/** Control transfers, privileged ones, and those whose result depends on the machine. */
const SKIPPED =
  /^(hlt|in|out|ins.*|outs.*|cli|sti|[sl][gi]dt|sldt|str|smsw|lldt|ltr|lmsw|invlpg|invpcid|sys.*|int.*|icebp|iret.*|jmpf?|callf?|retf?|jcc|loop.*|jrcxz|rd.*|wr.*|cpuid|swapgs|lar|lsl|verr|verw|l[defgs]s|pause|clts|invd|wbinvd|xgetbv|xsetbv|monitor|mwait|popf.*|clac|stac|ud.|fwait)$/;
const OTHER_STATE = ['cpl0', 'x87', 'mmx', 'sse'];

/** Those that read flags: not after others have left them undefined. */
const READERS = /^(adc|sbb|adcx|adox|rc[lr]|ro[lr]|set|cmov|lahf|pushf|cmc|stc|clc|bt|cmps|scas|inc|dec|daa|das|aaa|aas|salc|sh|sa)/;
/** Those that define no flag, or not all of them. */
const KEEPERS =
  /^(adcx|adox|bt|sahf|push|pop|leave|enter|mov|lea|xchg|bswap|set|cmov|nop|not|stos|lods|cbw|cwd|std|cld|xlatb|.fence|clflush|clwb|prefetch|crc32|lahf|cmpxchg.+b|ro|rc|sh|sa|mulx|pdep|pext|rorx|arpl|bound|inc|dec)/;
const INTERESTING = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

export class Snippets {
  constructor({ seed = 1, is32 = false, only, features }) {
    this.state = seed >>> 0;
    this.is32 = is32;
    this.mode = is32 ? MODE_32 : MODE_64;
    this.decoder = new Decoder(compileTables(TABLES, features));
    this.rows = [...new Set(TABLES.flat())].filter((row) => this.suits(row, features, only ? new RegExp(`^(${only})$`) : /./));
  }

  suits([, mnemonic, operands, , ...attributes], features, only) {
    return (
      !attributes.includes(this.is32 ? 'only64' : 'not64') &&
      !attributes.some((a) => OTHER_STATE.includes(a) || (a.startsWith('cpuid:') && !features.has(a.slice(6)))) &&
      !mnemonic.split('|').some((name) => SKIPPED.test(name)) &&
      only.test(mnemonic) &&
      !/\b[CD]d\b|Sw|\b[ecsdfg]s\b|Mp/.test(operands)
    );
  }

  random(below) {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    let x = this.state;
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    return ((x ^ (x >>> 12)) >>> 0) % below;
  }
  chance(percent) {
    return this.random(100) < percent;
  }
  pick(list) {
    return list[this.random(list.length)];
  }

  /** One case: code, registers, flags, data, and which flags it leaves undefined. */
  next(most) {
    for (;;) {
      const instructions = [];
      let undefinedFlags = 0;
      for (let i = 1 + this.random(most); i > 0; i--) {
        const made = this.instruction();
        if (undefinedFlags && READERS.test(made.name)) break;
        const own = UNDEFINED.get(made.name) ?? 0;
        undefinedFlags = KEEPERS.test(made.name) ? undefinedFlags | own : own;
        instructions.push(made);
      }
      const code = instructions.flatMap((made) => made.bytes);
      if (code.length === 0 || code.length > MAX_BYTES) continue;
      return {
        code,
        undefinedFlags,
        names: instructions.map((made) => `${made.row[0]} ${made.row[1]} ${made.row[2]}`),
        registers: this.registers(instructions),
        flags: (this.random(0x1000) & ARITHMETIC) | (this.chance(20) ? 0x400 : 0) | 0x202,
        data: Array.from({ length: 512 }, () => (this.chance(30) ? this.pick([0, 255, 127, 128]) : this.random(256))),
      };
    }
  }

  registers(instructions) {
    const values = Array.from({ length: 16 }, () =>
      this.chance(40)
        ? this.pick(INTERESTING)
        : this.chance(30)
          ? BigInt(this.random(70))
          : (BigInt(this.random(2 ** 32)) << 32n) | BigInt(this.random(2 ** 32)),
    );
    const near = () => BigInt(MIDDLE + this.random(128) - 64);
    values[this.is32 ? 5 : 15] = BigInt(MIDDLE);
    values[this.is32 ? 3 : 14] = BigInt(this.random(16));
    values[4] = BigInt(MIDDLE + this.random(8) * 8);
    if (instructions.some((made) => made.isString)) [values[6], values[7], values[1]] = [near(), near(), BigInt(this.random(10))];
    if (instructions.some((made) => made.name === 'xlatb')) values[3] = BigInt(MIDDLE - 128);
    if (instructions.some((made) => made.name === 'leave' || made.name === 'enter')) values[5] = BigInt(MIDDLE + 16);
    return this.is32 ? values.map((value) => BigInt.asUintN(32, value)) : values;
  }

  /** Random bytes that decode as a random row. */
  instruction() {
    for (;;) {
      const row = this.pick(this.rows);
      const bytes = row[0].startsWith('VEX') ? this.vex(row) : this.plain(row);
      for (let i = 0; i < 16; i++) bytes.push(this.chance(30) ? this.pick([0, 1, 255, 127, 128]) : this.random(256));
      const decoded = new Instruction();
      if (this.decoder.decode(decoded, { u8: (offset) => bytes[offset] }, 0, 0, this.mode) !== 'ok' || decoded.row.source !== row) continue;
      return { row, name: row[1].replace(/cc$/, ''), bytes: bytes.slice(0, decoded.length), isString: /\b[XY]/.test(row[2]) };
    }
  }

  plain(row) {
    const [opcodeText, , operands, , ...attributes] = row;
    const words = opcodeText.split(' ');
    const prefix = words.length > 1 && ['NP', '66', 'F3', 'F2'].includes(words[0]) ? words.shift() : undefined;
    const isMemory = !attributes.includes('reg') && (attributes.includes('mem') || /M/.test(operands) || this.chance(45));
    let rex = this.is32 || this.chance(30) ? 0 : 0x40 | this.random(16);
    if (isMemory && !this.is32) rex |= 0x41;
    if (attributes.includes('w1')) rex |= 0x48;
    if (attributes.includes('w0')) rex &= ~8;
    const bytes = [];
    if (isMemory && attributes.includes('lock') && this.chance(15)) bytes.push(0xf0);
    if (prefix === '66' || (prefix !== 'NP' && this.chance(20))) bytes.push(0x66);
    if (prefix === 'F2' || prefix === 'F3') bytes.push(Number.parseInt(prefix, 16));
    if (/\b[XY]/.test(operands) && this.chance(50)) bytes.push(this.pick([0xf2, 0xf3]));
    if (this.chance(5)) bytes.push(0x67);
    if (rex) bytes.push(rex);
    while (words[0] === '0F' || (bytes.at(-1) === 0x0f && /^3[8A]$/.test(words[0]) && words.length > 1)) bytes.push(Number.parseInt(words.shift(), 16));
    const [opcode, range] = words.shift().split('+');
    bytes.push(Number.parseInt(opcode, 16) + (range === 'r' ? this.random(8) : range === 'cc' ? this.random(16) : 0));
    const last = words.shift();
    if (last?.startsWith('/')) bytes.push(...this.modrm(Number(last[1]), isMemory, rex));
    else if (last) bytes.push(Number.parseInt(last, 16));
    else if (/\b[EGMR]/.test(operands)) bytes.push(...this.modrm(this.random(8), isMemory, rex));
    return bytes;
  }

  vex(row) {
    const words = row[0].split(' ');
    const isMemory = this.chance(45);
    const high = this.is32 ? 0xe0 : (this.random(4) << 6) | (isMemory ? 0 : this.random(2) << 5);
    const map = words[3] === '38' ? 2 : 3;
    const last = (this.random(2) << 7) | ((this.is32 ? 8 | this.random(8) : this.random(16)) << 3) | ['NP', '66', 'F3', 'F2'].indexOf(words[1]);
    const digit = words[5] ? Number(words[5][1]) : this.random(8);
    return [0xc4, high | map, last, Number.parseInt(words[4], 16), ...this.modrm(digit, isMemory, 0x41)];
  }

  /** Memory is addressed from R15 (EBP), now and then with a small index in R14 (EBX). */
  modrm(digit, isMemory, rex) {
    if (!isMemory) return [0xc0 | (digit << 3) | this.random(8)];
    const base = this.is32 ? 5 : 7;
    const index = this.is32 ? 3 : rex & 2 ? 6 : 4;
    if (this.chance(20) && (this.is32 || rex & 2)) return [0x44 | (digit << 3), (this.random(4) << 6) | (index << 3) | base, (this.random(64) - 32) & 255];
    return [0x40 | base | (digit << 3), (this.chance(30) ? (this.random(12) - 6) * 16 : this.random(220) - 110) & 255];
  }
}
