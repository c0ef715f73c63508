/** AES-NI, PCLMULQDQ and the SHA extensions (SDM volume 2, under each mnemonic). */
import type { Value } from '@nandu/tcg';
import type { OpcodeTable } from '../decode/opcode-table.js';
import { FP_HELPERS, type FpHelperName } from '../fp-helpers.js';
import { XMM } from '../state.js';
import type { Translation } from './translation.js';
import { highHalf, immediate, lowHalf } from './vectors.js';

export const CRYPTO: OpcodeTable = [
  ['66 0F 38 DB', 'aesimc', 'Vdq,Wdq', (t, value) => call(t, 'aes_inverse_mix', value!), 'writes', 'sse', 'cpuid:aes'],
  ['66 0F 38 DC', 'aesenc', 'Vdq,Wdq', aesRound('aes_encrypt', false), 'sse', 'cpuid:aes'],
  ['66 0F 38 DD', 'aesenclast', 'Vdq,Wdq', aesRound('aes_encrypt', true), 'sse', 'cpuid:aes'],
  ['66 0F 38 DE', 'aesdec', 'Vdq,Wdq', aesRound('aes_decrypt', false), 'sse', 'cpuid:aes'],
  ['66 0F 38 DF', 'aesdeclast', 'Vdq,Wdq', aesRound('aes_decrypt', true), 'sse', 'cpuid:aes'],
  ['66 0F 3A DF', 'aeskeygenassist', 'Vdq,Wdq,Ib', keyAssist, 'writes', 'sse', 'cpuid:aes'],
  ['66 0F 3A 44', 'pclmulqdq', 'Vdq,Wdq,Ib', carryless, 'sse', 'cpuid:pclmulqdq'],

  ['NP 0F 38 C8', 'sha1nexte', 'Vdq,Wdq', (t, a, b) => call(t, 'sha1_next', a!, b!), 'sse', 'cpuid:sha'],
  ['NP 0F 38 C9', 'sha1msg1', 'Vdq,Wdq', sha1Schedule, 'sse', 'cpuid:sha'],
  ['NP 0F 38 CA', 'sha1msg2', 'Vdq,Wdq', (t, a, b) => call(t, 'sha1_schedule', a!, b!), 'sse', 'cpuid:sha'],
  ['NP 0F 38 CB', 'sha256rnds2', 'Vdq,Wdq', (t, a, b) => call(t, 'sha256_rounds', a!, b!, t.get(XMM[0]!)), 'sse', 'cpuid:sha'],
  ['NP 0F 38 CC', 'sha256msg1', 'Vdq,Wdq', (t, a, b) => call(t, 'sha256_schedule1', a!, b!), 'sse', 'cpuid:sha'],
  ['NP 0F 38 CD', 'sha256msg2', 'Vdq,Wdq', (t, a, b) => call(t, 'sha256_schedule2', a!, b!), 'sse', 'cpuid:sha'],
  ['NP 0F 3A CC', 'sha1rnds4', 'Vdq,Wdq,Ib', (t, a, b) => call(t, 'sha1_rounds', t.ir.i32(immediate(t) & 3), a!, b!), 'sse', 'cpuid:sha'],
];

function call(t: Translation, name: FpHelperName, ...operands: Value[]): Value {
  return t.callHelper(FP_HELPERS[name], ...operands);
}

/** AES rounds; `last` leaves the columns unmixed. Also for the forms with a VEX prefix. */
export function aesRound(name: 'aes_encrypt' | 'aes_decrypt', last: boolean) {
  return (t: Translation, ...[state, key]: Value[]): Value => call(t, name, t.ir.i32(last ? 1 : 0), state!, key!);
}

export function keyAssist(t: Translation, value: Value): Value {
  return call(t, 'aes_key_assist', t.ir.i32(immediate(t)), value);
}

/** Bits 0 and 4 of the immediate choose the halves. */
export function carryless(t: Translation, a: Value, b: Value): Value {
  const { ir } = t;
  return call(t, 'carryless_multiply', immediate(t) & 1 ? highHalf(ir, a) : lowHalf(ir, a), immediate(t) & 0x10 ? highHalf(ir, b) : lowHalf(ir, b));
}

/** Each word xor the one two places on: dwords 1 and 0 of the first operand, then 3 and 2 of the second. */
function sha1Schedule(t: Translation, a: Value, b: Value): Value {
  const { ir } = t;
  // Bytes 8-15 of the result belong to dwords 3 and 2 of `a`, whose partners are its dwords 1 and 0.
  return ir.op('v128.xor', a, ir.shuffle(b, a, [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]));
}
