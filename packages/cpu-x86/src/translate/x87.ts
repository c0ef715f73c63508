/**
 * x87 instructions (SDM volume 2). What they do is in `assembly/fpu.ts`, by opcode, and for the frequent ones in `fpu-plain.ts`; here is
 * what operands they have. Memory operands are loaded here where they fit registers, so that they take the short way through the TLB.
 */
import type { Helper, Value } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import type { Attribute, OpcodeRow, OpcodeTable, Semantics } from '../decode/opcode-table.js';
import { FP_HELPERS } from '../fp-helpers.js';
import { FP_CONTROL } from '../state.js';
import { EXCEPTION, type Translation } from './translation.js';

const ARITHMETIC = ['fadd', 'fmul', 'fcom', 'fcomp', 'fsub', 'fsubr', 'fdiv', 'fdivr'];
const SUMS = ['fadd', 'fsub', 'fsubr'];
const QUOTIENTS = ['fdiv', 'fdivr'];
/** A format of `x87_push`; the others are bits of opcodes. */
const WIDE_INTEGER = 4;
/** Register forms: opcode, mnemonic, operands for the disassembler. */
const REGISTER_FORMS: readonly (readonly [opcode: string, mnemonic: string, operands: string])[] = [
  ...ARITHMETIC.map((name, i) => [`D8 ${hex(0xc0 + 8 * i)}+i`, name, 'ST,STi'] as const),
  ['D9 C0+i', 'fld', 'STi'],
  ['D9 C8+i', 'fxch', 'STi'],
  ['D9 D0', 'fnop', ''],
  ['D9 D8+i', 'fstp', 'STi'],
  ['D9 E0', 'fchs', ''],
  ['D9 E1', 'fabs', ''],
  ['D9 E4', 'ftst', ''],
  ['D9 E5', 'fxam', ''],
  ...['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'].map((name, i) => [`D9 ${hex(0xe8 + i)}`, name, ''] as const),
  ...[
    'f2xm1',
    'fyl2x',
    'fptan',
    'fpatan',
    'fxtract',
    'fprem1',
    'fdecstp',
    'fincstp',
    'fprem',
    'fyl2xp1',
    'fsqrt',
    'fsincos',
    'frndint',
    'fscale',
    'fsin',
    'fcos',
  ].map((name, i) => [`D9 ${hex(0xf0 + i)}`, name, ''] as const),
  ['DA C0+i', 'fcmovb', 'ST,STi'],
  ['DA C8+i', 'fcmove', 'ST,STi'],
  ['DA D0+i', 'fcmovbe', 'ST,STi'],
  ['DA D8+i', 'fcmovu', 'ST,STi'],
  ['DA E9', 'fucompp', ''],
  ['DB C0+i', 'fcmovnb', 'ST,STi'],
  ['DB C8+i', 'fcmovne', 'ST,STi'],
  ['DB D0+i', 'fcmovnbe', 'ST,STi'],
  ['DB D8+i', 'fcmovnu', 'ST,STi'],
  ['DB E2', 'fnclex', ''],
  ['DB E3', 'fninit', ''],
  ['DB E8+i', 'fucomi', 'ST,STi'],
  ['DB F0+i', 'fcomi', 'ST,STi'],
  ...['fadd', 'fmul', 'fcom', 'fcomp', 'fsubr', 'fsub', 'fdivr', 'fdiv'].map((name, i) => [`DC ${hex(0xc0 + 8 * i)}+i`, name, 'STi,ST'] as const),
  ['DD C0+i', 'ffree', 'STi'],
  ['DD C8+i', 'fxch', 'STi'],
  ['DD D0+i', 'fst', 'STi'],
  ['DD D8+i', 'fstp', 'STi'],
  ['DD E0+i', 'fucom', 'STi'],
  ['DD E8+i', 'fucomp', 'STi'],
  ['DE C0+i', 'faddp', 'STi,ST'],
  ['DE C8+i', 'fmulp', 'STi,ST'],
  ['DE D0+i', 'fcomp', 'STi'],
  ['DE D9', 'fcompp', ''],
  ['DE E0+i', 'fsubrp', 'STi,ST'],
  ['DE E8+i', 'fsubp', 'STi,ST'],
  ['DE F0+i', 'fdivrp', 'STi,ST'],
  ['DE F8+i', 'fdivp', 'STi,ST'],
  ['DF C0+i', 'ffreep', 'STi'],
  ['DF C8+i', 'fxch', 'STi'],
  ['DF D0+i', 'fstp', 'STi'],
  ['DF D8+i', 'fstp', 'STi'],
  ['DF E8+i', 'fucomip', 'ST,STi'],
  ['DF F0+i', 'fcomip', 'ST,STi'],
];

/** Forms that read 2, 4 or 8 bytes. */
const LOADING_FORMS: readonly (readonly [opcode: string, mnemonic: string, operand: string])[] = [
  ...ARITHMETIC.flatMap(
    (name, i) =>
      [
        [`D8 /${i}`, name, 'Md'],
        [`DC /${i}`, name, 'Mq'],
        [`DA /${i}`, `fi${name.slice(1)}`, 'Md'],
        [`DE /${i}`, `fi${name.slice(1)}`, 'Mw'],
      ] as const,
  ),
  ['D9 /0', 'fld', 'Md'],
  ['DD /0', 'fld', 'Mq'],
  ['DB /0', 'fild', 'Md'],
  ['DF /0', 'fild', 'Mw'],
  ['DF /5', 'fild', 'Mq'],
];

/** Forms that store, or whose operand is larger; bytes, -1 and -2 for the environment and the whole state; whether they write. */
const MEMORY_FORMS: readonly (readonly [opcode: string, mnemonic: string, bytes: number, writes: boolean])[] = [
  ['D9 /2', 'fst', 4, true],
  ['D9 /3', 'fstp', 4, true],
  ['DD /2', 'fst', 8, true],
  ['DD /3', 'fstp', 8, true],
  ['DB /1', 'fisttp', 4, true],
  ['DB /2', 'fist', 4, true],
  ['DB /3', 'fistp', 4, true],
  ['DB /7', 'fstp', 10, true],
  ['DD /1', 'fisttp', 8, true],
  ['DF /1', 'fisttp', 2, true],
  ['DF /2', 'fist', 2, true],
  ['DF /3', 'fistp', 2, true],
  ['DF /4', 'fbld', 10, false],
  ['DF /6', 'fbstp', 10, true],
  ['DF /7', 'fistp', 8, true],
  ['D9 /4', 'fldenv', -1, false],
  ['D9 /6', 'fnstenv', -1, true],
  ['DD /4', 'frstor', -2, false],
  ['DD /6', 'fnsave', -2, true],
];

export const X87: OpcodeTable = [
  ...REGISTER_FORMS.map(
    ([opcode, mnemonic, operands]): OpcodeRow => [opcode, mnemonic, operands, registerSemantics(mnemonic, operands), 'raw', 'x87', ...featureOf(mnemonic)],
  ),
  ...LOADING_FORMS.map(([opcode, mnemonic, operand]): OpcodeRow => [opcode, mnemonic, operand, loadingSemantics(mnemonic, opcode), 'reads', 'x87']),
  ...MEMORY_FORMS.map(
    ([opcode, mnemonic, bytes, writes]): OpcodeRow => [opcode, mnemonic, 'M', (t) => memoryForm(t, bytes, writes), 'raw', 'mem', 'x87', ...featureOf(mnemonic)],
  ),
  ['DB /5', 'fld', 'M', pushExtended, 'raw', 'mem', 'x87'],
  ['D9 /5', 'fldcw', 'Mw', (t, a) => void t.callHelper(FP_HELPERS.x87_set_control, a!), 'reads', 'x87'],
  ['D9 /7', 'fnstcw', 'Mw', controlWord, 'writes', 'x87'],
  ['DD /7', 'fnstsw', 'Mw', (t) => t.callHelper(FP_HELPERS.x87_status), 'writes', 'x87'],
  ['DF E0', 'fnstsw', 'AX', (t) => t.callHelper(FP_HELPERS.x87_status), 'writes', 'x87'],
  // Once for the 8087, the 287 and its extensions; without effect since.
  ...['DB E0', 'DB E1', 'DB E4'].map((opcode): OpcodeRow => [opcode, 'fnop', '', () => undefined, 'raw', 'x87']),
  ['9B', 'fwait', '', fwait],
];

function hex(byte: number): string {
  return byte.toString(16).toUpperCase();
}

function featureOf(mnemonic: string): Attribute[] {
  if (mnemonic === 'fisttp') return ['cpuid:sse3'];
  return /^fcmov|^fu?comip?$/.test(mnemonic) ? ['cpuid:cmov'] : [];
}

/** The low 3 bits of the first byte, and ModRM. */
function fop(t: Translation): Value {
  return t.ir.i32(((t.opcode & 7) << 8) | t.modrm);
}

/** Which helper a register form calls. All are told the opcode, for the cases that they leave to the general one. */
function registerSemantics(mnemonic: string, operands: string): Semantics {
  const plain = mnemonic.replace(/p+$/, '');
  const pops = mnemonic.length - plain.length;
  if (SUMS.includes(plain)) return operation(FP_HELPERS.x87_add, plain, operands, pops);
  if (plain === 'fmul') return operation(FP_HELPERS.x87_multiply, plain, operands, pops);
  if (QUOTIENTS.includes(plain)) return operation(FP_HELPERS.x87_divide, plain, operands, pops);
  if (/^fu?comi$/.test(plain)) {
    return (t) => {
      t.callHelper(FP_HELPERS.x87_compare_to_flags, fop(t), register(t), t.ir.i32(pops));
      t.flagsUnknown();
    };
  }
  if (/^fu?com$/.test(plain)) return (t) => void t.callHelper(FP_HELPERS.x87_compare, fop(t), register(t), t.ir.i32(pops));
  if (plain.startsWith('fcmov')) return (t) => void t.callHelper(FP_HELPERS.x87_move_if, fop(t));
  if (plain === 'fst') return (t) => void t.callHelper(FP_HELPERS.x87_store_register, fop(t), register(t), t.ir.i32(pops));
  if (mnemonic === 'fld') return (t) => void t.callHelper(FP_HELPERS.x87_push_register, fop(t), register(t));
  if (mnemonic === 'fxch') return (t) => void t.callHelper(FP_HELPERS.x87_exchange, fop(t), register(t));
  if (mnemonic === 'fsqrt') return (t) => void t.callHelper(FP_HELPERS.x87_square_root, fop(t));
  return (t) => void t.callHelper(FP_HELPERS.x87_register, fop(t));
}

/** i of ST(i). */
function register(t: Translation): Value {
  return t.ir.i32(t.modrm & 7);
}

function operation(helper: Helper, mnemonic: string, operands: string, pops: number): Semantics {
  // The result replaces the first operand: that is the minuend and dividend unless the mnemonic ends in R.
  const negates = mnemonic === 'fsub' ? L.X87_NEGATE_FROM : mnemonic.endsWith('r') ? L.X87_NEGATE_TO : 0;
  const form = negates | (pops ? L.X87_POPS : 0);
  return (t) => {
    const i = t.modrm & 7;
    t.callHelper(helper, fop(t), t.ir.i32(form | (operands === 'STi,ST' ? i : i << 3)));
  };
}

/** Which helper a form calls whose operand was loaded; bits 1-2 of the opcode's first byte tell the operand's format. */
function loadingSemantics(mnemonic: string, opcode: string): Semantics {
  const isReal = !mnemonic.startsWith('fi');
  if (mnemonic === 'fld' || mnemonic === 'fild') {
    const format = opcode === 'DF /5' ? WIDE_INTEGER : (Number.parseInt(opcode, 16) >> 1) & 3;
    return (t, value) => void t.callHelper(FP_HELPERS.x87_push, fop(t), t.ir.i32(format), wide(t, value), t.linear(0));
  }
  const reg = ARITHMETIC.indexOf(mnemonic);
  if (isReal && !mnemonic.startsWith('fcom')) {
    return (t, value) => void t.callHelper(FP_HELPERS.x87_with_memory, fop(t), t.ir.i32(reg), wide(t, value), t.linear(0));
  }
  return (t, value) => void t.callHelper(FP_HELPERS.x87_load, fop(t), wide(t, value), t.linear(0));
}

function wide({ ir }: Translation, value: Value): Value {
  return ir.typeOf(value) === 'i64' ? value : ir.extendU(value);
}

/** FLD m80. */
function pushExtended(t: Translation): void {
  const { ir } = t;
  const address = t.linear(10);
  const significand = t.loadLinear(address, 8);
  const top = t.loadLinear(ir.add(address, ir.i64(8)), 2);
  t.callHelper(FP_HELPERS.x87_push_extended, fop(t), significand, top, address);
}

function memoryForm(t: Translation, bytes: number, writes: boolean): void {
  const { ir } = t;
  const wide = t.operandSize !== 2;
  const real = !(t.hflags & L.HF_PE) || (t.hflags & L.HF_VM) !== 0;
  const environment = wide ? 28 : 14;
  const size = bytes > 0 ? bytes : bytes === -1 ? environment : environment + 80;
  t.callHelper(FP_HELPERS.x87_memory, fop(t), t.linearForHelper(size, writes), ir.i32(wide ? 1 : 0), ir.i32(real ? 1 : 0));
}

function controlWord(t: Translation): Value {
  return t.get(FP_CONTROL);
}

/** FWAIT: #NM if both MP and TS are set. */
function fwait(t: Translation): void {
  if (t.hflags & L.HF_MP && t.hflags & L.HF_TS) return t.raise(EXCEPTION.NM);
  t.callHelper(FP_HELPERS.x87_wait);
}
