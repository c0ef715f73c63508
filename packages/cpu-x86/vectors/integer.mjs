/**
 * Random encodings of rows of the integer tables, with registers RAX to RBX (and AH to BH) or [rdi], and which flags the manual leaves
 * undefined after them (SDM volume 2, "Flags Affected" of each).
 */
import { below, one, random64 } from './random.mjs';

const FLAG = { CF: 1, PF: 4, AF: 0x10, ZF: 0x40, SF: 0x80, OF: 0x800 };
const flags = (names) => names.split(' ').reduce((sum, name) => sum | (name && FLAG[name]), 0);

/** Addresses, segments and RSI or RSP as operands: what they are differs between the recorder and the test. */
const ADDRESSES = /^(lea|xlatb)$/;
const isEncodable = ([opcode, mnemonic, operands, , ...attributes]) =>
  !attributes.includes('not64') && !ADDRESSES.test(mnemonic) && !/O[bv]|S[wW]/.test(operands) && !/^(9[BC]|FA|FB)/.test(opcode);
/** The bit offset in a register reaches memory far away. */
const onlyRegister = ([, mnemonic, operands]) => /^bt/.test(mnemonic) && operands === 'Ev,Gv';

export function integerRows(rows) {
  // Rows with a condition are 16 instructions.
  return rows.filter(isEncodable).flatMap((row) => (row[0].endsWith('+cc') ? [row, row, row, row] : [row]));
}

/** { bytes, size: of the operands, count: of a shift as an immediate }. */
export function encodeInteger(row) {
  const [opcode, , operandText, , ...attributes] = row;
  const vex = opcode.startsWith('VEX');
  const words = opcode.split(' ').slice(vex ? 1 : 0);
  const prefix = ['NP', '66', 'F3', 'F2'].includes(words[0]) && words.length > 1 && !words[1].startsWith('/') ? words.shift() : 'NP';
  const operands = operandText === '' ? [] : operandText.split(',');
  const has = (letter) => operands.some((operand) => operand.length > 1 && operand.endsWith(letter));
  const wide = attributes.includes('w1') ? true : attributes.includes('w0') ? false : below(2) === 1;
  const isByte = /^(AL|[EGZ]b)/.test(operands[0] ?? '');
  const isWord = prefix === 'NP' && !vex && !wide && (has('v') || operands.includes('rAX') || operands.length === 0) && below(3) === 0;
  const size = isByte ? 1 : wide ? 8 : isWord ? 2 : 4;

  const registerOnly = attributes.includes('reg') || onlyRegister(row);
  const hasModRm = operands.some((operand) => /^[EGMBUN]/.test(operand));
  const memory = hasModRm && (attributes.includes('mem') || operands.some((o) => /^M/.test(o)) || (!registerOnly && below(3) === 0));
  // Without REX, byte registers 4 to 7 are AH to BH.
  const register = (kind) => below(operands.some((o) => o.startsWith(kind) && o.endsWith('b')) && !wide && !vex ? 8 : 4);
  let digit = register('G');
  const opcodeBytes = [];
  for (const word of words) {
    if (word.startsWith('/')) digit = Number(word.slice(1));
    else opcodeBytes.push(Number.parseInt(word, 16) + (word.endsWith('+r') ? register('Z') : word.endsWith('+cc') ? below(16) : 0));
  }
  const modRm = hasModRm ? [memory ? (digit << 3) | 7 : 0xc0 | (digit << 3) | register('E')] : [];
  const count = below(3) === 0 ? below(256) : below(size * 8 + 2);
  const immediate = operands.flatMap((operand) => {
    const bytes = { Ib: 1, Ibs: 1, Iz: Math.min(size, 4), Iv: size }[operand];
    return bytes === undefined ? [] : bytes === 1 ? [count] : [...Array(bytes).keys()].map(() => one([0, 1, 0x7f, 0x80, 0xff, below(256)]));
  });
  if (vex) {
    const map = opcodeBytes[1] === 0x38 ? 2 : 3;
    const vvvv = operands.some((operand) => operand.startsWith('B')) ? below(4) : 0;
    const last = ((wide ? 1 : 0) << 7) | ((vvvv ^ 15) << 3) | ['NP', '66', 'F3', 'F2'].indexOf(prefix);
    return { bytes: [0xc4, 0xe0 | map, last, ...opcodeBytes.slice(2), ...modRm, ...immediate], size, count: undefined };
  }
  const lock = memory && attributes.includes('lock') && below(4) === 0 ? [0xf0] : [];
  const prefixes = [...lock, ...(isWord ? [0x66] : []), ...(prefix === 'NP' ? [] : [Number.parseInt(prefix, 16)]), ...(wide ? [0x48] : [])];
  return { bytes: [...prefixes, ...opcodeBytes, ...modRm, ...immediate], size, count: operands.includes('1') ? 1 : operands.includes('Ib') ? count : undefined };
}

/** Registers of which division makes something more often than #DE. */
export function registersFor(mnemonic, registers) {
  if (/^i?div$/.test(mnemonic)) registers[2] = one([0n, BigInt(below(1000)), mnemonic === 'idiv' ? -1n : 0n]);
  // Bits to take: from and how many.
  if (/^(bextr|bzhi)$/.test(mnemonic)) registers[below(4)] = BigInt(below(70) | (below(70) << 8));
  if (/^(sh|sa|ro|rc)/.test(mnemonic) && below(2)) registers[1] = (random64() & ~0xffn) | BigInt(below(66));
  return registers.map((value) => BigInt.asUintN(64, value));
}

/** The flags that nothing is said of; all of them, as -1, where even the result is undefined. */
export function undefinedFlags(mnemonic, { size, count }, cl) {
  if (/^(and|or|xor|test)$/.test(mnemonic)) return FLAG.AF;
  if (/^i?mul$/.test(mnemonic)) return flags('SF ZF AF PF');
  if (/^i?div$/.test(mnemonic)) return flags('CF OF SF ZF AF PF');
  if (/^bs[fr]$/.test(mnemonic)) return flags('CF OF SF AF PF');
  if (/^bt/.test(mnemonic)) return flags('OF SF AF PF');
  if (/^[lt]zcnt$/.test(mnemonic)) return flags('OF SF AF PF');
  if (mnemonic === 'bextr') return flags('SF AF PF');
  if (/^(bzhi|blsi|blsr|blsmsk|andn)$/.test(mnemonic)) return flags('AF PF');
  const shift = /^(shl|shr|sar|shld|shrd)$/.test(mnemonic);
  if (!shift && !/^(rol|ror|rcl|rcr)$/.test(mnemonic)) return 0;
  const by = (count ?? cl) & (size === 8 ? 63 : 31);
  if (by === 0) return 0;
  if (/^sh[lr]d$/.test(mnemonic) && by > size * 8) return -1;
  return (shift ? FLAG.AF : 0) | (by === 1 ? 0 : FLAG.OF) | (/^sh[lr]$/.test(mnemonic) && by >= size * 8 ? FLAG.CF : 0);
}
