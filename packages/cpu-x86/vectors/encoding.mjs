/** What the encoders of all sets share. Rows are those of the decoder's tables: opcode, mnemonic, operands, semantics, attributes. */
import { below } from './random.mjs';

/** Mandatory prefixes, in the order of VEX.pp. */
const PREFIXES = ['NP', '66', 'F3', 'F2'];

/** Takes the mandatory prefix off the words of an opcode; NP if there is none. */
export function takePrefix(words) {
  return PREFIXES.includes(words[0]) && words.length > 1 && !words[1].startsWith('/') ? words.shift() : 'NP';
}

export const prefixBytes = (prefix) => (prefix === 'NP' ? [] : [Number.parseInt(prefix, 16)]);
export const vexPrefix = (prefix) => PREFIXES.indexOf(prefix);

/** Whether the operand that may be either is in memory: where it has to be, or one time in three. */
export function inMemory(operands, attributes, { always = false, never = false } = {}) {
  if (always || attributes.includes('mem') || operands.some((o) => o.startsWith('M'))) return true;
  return !never && !attributes.includes('reg') && !operands.some((o) => /^[UN]/.test(o)) && below(3) === 0;
}

/** ModRM of registers, or of [rdi]. */
export const modRm = (memory, digit, register) => (memory ? (digit << 3) | 7 : 0xc0 | (digit << 3) | register());
