/**
 * Random encodings of rows of the integer tables, with registers RAX to RBX (and AH to BH) or [rdi], and which flags the manual leaves
 * undefined after them.
 */
import { CF, OF, UNDEFINED } from '../test/native/undefined-flags.mjs';
import { inMemory, modRm, prefixBytes, takePrefix, vexPrefix } from './encoding.mjs';
import { below, one, random64 } from './random.mjs';

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
  const prefix = takePrefix(words);
  const operands = operandText === '' ? [] : operandText.split(',');
  const has = (letter) => operands.some((operand) => operand.length > 1 && operand.endsWith(letter));
  const wide = attributes.includes('w1') ? true : attributes.includes('w0') ? false : below(2) === 1;
  const isByte = /^(AL|[EGZ]b)/.test(operands[0] ?? '');
  const isWord = prefix === 'NP' && !vex && !wide && (has('v') || operands.includes('rAX') || operands.length === 0) && below(3) === 0;
  const size = isByte ? 1 : wide ? 8 : isWord ? 2 : 4;

  const hasModRm = operands.some((operand) => /^[EGMBUN]/.test(operand));
  const memory = hasModRm && inMemory(operands, attributes, { never: onlyRegister(row) });
  // Without REX, byte registers 4 to 7 are AH to BH.
  const register = (kind) => below(operands.some((o) => o.startsWith(kind) && o.endsWith('b')) && !wide && !vex ? 8 : 4);
  let digit = register('G');
  const opcodeBytes = [];
  for (const word of words) {
    if (word.startsWith('/')) digit = Number(word.slice(1));
    else opcodeBytes.push(Number.parseInt(word, 16) + (word.endsWith('+r') ? register('Z') : word.endsWith('+cc') ? below(16) : 0));
  }
  const operandByte = hasModRm ? [modRm(memory, digit, () => register('E'))] : [];
  const count = below(3) === 0 ? below(256) : below(size * 8 + 2);
  const immediate = operands.flatMap((operand) => {
    const bytes = { Ib: 1, Ibs: 1, Iz: Math.min(size, 4), Iv: size }[operand];
    return bytes === undefined ? [] : bytes === 1 ? [count] : [...Array(bytes).keys()].map(() => one([0, 1, 0x7f, 0x80, 0xff, below(256)]));
  });
  if (vex) {
    const map = opcodeBytes[1] === 0x38 ? 2 : 3;
    const vvvv = operands.some((operand) => operand.startsWith('B')) ? below(4) : 0;
    const last = ((wide ? 1 : 0) << 7) | ((vvvv ^ 15) << 3) | vexPrefix(prefix);
    return { bytes: [0xc4, 0xe0 | map, last, ...opcodeBytes.slice(2), ...operandByte, ...immediate], size, count: undefined };
  }
  const lock = memory && attributes.includes('lock') && below(4) === 0 ? [0xf0] : [];
  const prefixes = [...lock, ...(isWord ? [0x66] : []), ...prefixBytes(prefix), ...(wide ? [0x48] : [])];
  return { bytes: [...prefixes, ...opcodeBytes, ...operandByte, ...immediate], size, count: operands.includes('1') ? 1 : operands.includes('Ib') ? count : undefined };
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
  const usual = UNDEFINED.get(mnemonic) ?? 0;
  if (!/^(sh[lr]d?|sar|ro[lr]|rc[lr])$/.test(mnemonic)) return usual;
  const by = (count ?? cl) & (size === 8 ? 63 : 31);
  if (by === 0) return 0;
  if (/^sh[lr]d$/.test(mnemonic) && by > size * 8) return -1;
  return (by === 1 ? usual & ~OF : usual) | (/^sh[lr]$/.test(mnemonic) && by >= size * 8 ? CF : 0);
}
