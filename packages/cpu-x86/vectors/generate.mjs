/**
 * Makes floating-point.json.gz, avx.json.gz and integer.json.gz: for every row of the x87, MMX and SSE tables, of those with a VEX
 * prefix, and of the integer tables, some random instructions with edge operands, and what a real CPU makes of them (see `recordedOn`
 * there). Needs the compiled package, gcc, and a CPU with AVX2, FMA, F16C, BMI and ADX; x86-64 Linux.
 *
 *     node vectors/generate.mjs floating-point|avx|integer [records per row] [seed]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { inMemory, modRm, prefixBytes, takePrefix, vexPrefix } from './encoding.mjs';
import { encodeInteger, integerRows, registersFor, undefinedFlags } from './integer.mjs';
import { below, integers, one, random64, seed } from './random.mjs';

const HERE = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const SET = process.argv[2] ?? 'floating-point';
const SETS = {
  avx: [['avx-moves', 'AVX_MOVES'], ['avx-permute', 'AVX_PERMUTE'], ['fma', 'FMA'], ['tables', 'VEX']],
  'floating-point': [
    ['sse-float', 'SSE_FLOAT'], ['sse-integer', 'SSE_INTEGER'], ['sse-moves', 'SSE_MOVES'], ['sse-shift', 'SSE_SHIFTS'],
    ['sse-shuffle', 'SSE_SHUFFLES'], ['sse-strings', 'SSE_STRINGS'], ['crypto', 'CRYPTO'], ['x87', 'X87'],
  ],
  integer: [['arithmetic', 'ARITHMETIC'], ['shifts', 'SHIFTS'], ['bits', 'BITS'], ['bmi', 'BMI'], ['multiply', 'MULTIPLY'], ['moves', 'MOVES'], ['flag-control', 'FLAG_CONTROL']],
};
/** Vectors of each of the integer tables, however many rows it has; but no more than so many of a row. */
const [OF_A_TABLE, OF_A_ROW] = [2000, 160];
/** Approximations and transcendental functions differ between makers; these reach what a test cannot see. */
const LEFT_OUT = /^(rcp|rsqrt|f2xm1|fyl2x|fyl2xp1|fptan|fpatan|fsin|fcos|fsincos|fprem1?|fldcw|fnstcw|fldenv|fnstenv|fnsave|frstor|fninit|fwait|v?rcp|vrsqrt|vldmxcsr)/;
const STATE = 368;
const [STATE_IN, STATE_OUT] = [24, 24 + STATE];
const RECORD = 24 + 2 * STATE;
/** Field, offset in the state, bytes. */
const FIELDS = [['gpr', 0, 32], ['flags', 32, 8], ['mxcsr', 40, 4], ['fsw', 44, 2], ['ftw', 46, 2], ['st', 48, 128], ['xmm', 176, 64], ['memory', 240, 64], ['upper', 304, 64]];

seed(process.argv[4] ?? 1);

/** A floating-point number as bits: zeros, denormals, infinities, NaNs, the largest, ties, and ordinary ones near 1. */
function float(exponentBits, fractionBits) {
  const all = (1n << BigInt(exponentBits)) - 1n;
  const bias = all >> 1n;
  const fraction = random64() & ((1n << BigInt(fractionBits)) - 1n);
  const top = 1n << BigInt(fractionBits - 1);
  const [exponent, significand] = one([
    () => [0n, 0n], () => [0n, fraction >> BigInt(below(fractionBits))], () => [all, 0n], () => [all, fraction | top], () => [all, (fraction & (top - 1n)) | 1n],
    () => [all - 1n, one([fraction, top * 2n - 1n])], () => [1n, one([fraction, 0n])], () => [bias + BigInt(below(fractionBits + 12)), fraction],
    ...Array(5).fill(() => [bias + BigInt(below(6) - 3), one([fraction, 0n, top, 1n, top * 2n - 1n])]),
  ])();
  return (BigInt(below(2)) << BigInt(exponentBits + fractionBits)) | (exponent << BigInt(fractionBits)) | significand;
}

function half(kind) {
  if (kind === 'single') return float(8, 23) | (float(8, 23) << 32n);
  if (kind === 'half') return [0n, 16n, 32n, 48n].reduce((value, at) => value | (float(5, 10) << at), 0n);
  if (kind === 'double') return float(11, 52);
  if (kind === 'text') return Array.from({ length: 8 }).reduce((value) => (value << 8n) | BigInt(one([0, 1, 2, 3, 1, 2])), 0n);
  return integers();
}

/** 80 bits: now and then an encoding that means nothing. */
function extended(buffer, at) {
  const bits = float(15, 63);
  const exponent = bits >> 63n;
  const integerBit = (exponent & 0x7fffn) === 0n ? below(8) === 0 : below(20) !== 0;
  buffer.writeBigUInt64LE((bits & 0x7fff_ffff_ffff_ffffn) | (integerBit ? 1n << 63n : 0n), at);
  buffer.writeUInt16LE(Number(exponent), at + 8);
}

function kindOf(mnemonic) {
  if (/^v?pcmp[ei]str/.test(mnemonic)) return 'text';
  if (/^vcvtph/.test(mnemonic)) return 'half';
  if (/^v?cvt(si|pi|dq)/.test(mnemonic)) return 'integer';
  if (/^v?cvtt?(ps|ss)2|(ps|ss)$/.test(mnemonic)) return 'single';
  return /^v?cvtt?(pd|sd)2|(pd|sd)$/.test(mnemonic) ? 'double' : 'integer';
}

/** One instruction of a row: prefix, REX.W at random where it matters, registers 0-3 or [rdi]. */
function encode(row) {
  return row[0].startsWith('VEX') ? encodeVex(row) : encodeLegacy(row);
}

/** The same with a VEX prefix of three bytes. The index of a gather is register 3, its mask 1, its destination 0. */
function encodeVex([opcode, , operandText, , ...attributes]) {
  const [, prefix, , ...rest] = opcode.split(' ');
  const map = rest[0] === '38' || rest[0] === '3A' ? (rest.shift() === '38' ? 2 : 3) : 1;
  const operands = operandText === '' ? [] : operandText.split(',');
  const has = (name) => attributes.includes(name);
  const gathers = has('vsib');
  const w = has('w1') ? 1 : has('w0') ? 0 : operands.some((o) => /^[EG]y/.test(o)) ? below(2) : 0;
  const l = has('l1') ? 1 : has('l01') ? below(2) : 0;
  const vvvv = gathers ? 1 : operands.some((o) => o.startsWith('H')) ? below(4) : 0;
  const bytes = [0xc4, 0xe0 | map, (w << 7) | ((vvvv ^ 15) << 3) | (l << 2) | vexPrefix(prefix), Number.parseInt(rest[0], 16)];
  if (operands.length === 0) return bytes;
  const digit = rest[1]?.startsWith('/') ? Number(rest[1].slice(1)) : below(4);
  const memory = inMemory(operands, attributes);
  if (gathers) bytes.push(0x04, 0x1f);
  else bytes.push(modRm(memory, digit, () => below(4)));
  if (operands.some((o) => /^(Ib|L)/.test(o))) bytes.push(rest[0] === '60' || rest[0] === '61' ? below(128) : below(256) & (operands.some((o) => o.startsWith('L')) ? 0x3f : 0xff));
  return bytes;
}

function encodeLegacy([opcode, mnemonic, operandText, , ...attributes]) {
  const words = opcode.split(' ');
  const prefix = takePrefix(words);
  const operands = operandText.split(',');
  const isX87 = attributes.includes('x87');
  const bytes = prefixBytes(prefix);
  if (!isX87 && operands.some((o) => /^[EG]y/.test(o)) && below(2)) bytes.push(0x48);
  let digit = below(4);
  let third;
  words.forEach((word, i) => {
    if (word.startsWith('/')) digit = Number(word.slice(1));
    else if (isX87 && i === 1) third = Number.parseInt(word, 16) + (word.endsWith('+i') ? below(8) : 0);
    else bytes.push(Number.parseInt(word, 16));
  });
  const memory = inMemory(operands, attributes, { always: isX87 && third === undefined });
  bytes.push(third ?? modRm(memory, digit, () => below(4)));
  if (operands.includes('Ib')) bytes.push(mnemonic.startsWith('pcmp') ? below(128) : below(256));
  return bytes;
}

/** A record with the code, RAX to RBX, and random flags. */
function recordOf(code, registers) {
  const record = Buffer.alloc(RECORD);
  record[0] = code.length;
  record.set(code, 8);
  registers.forEach((value, i) => record.writeBigUInt64LE(value, STATE_IN + 8 * i));
  record.writeBigUInt64LE(0x202n | (random64() & 0x8d5n), STATE_IN + 32);
  return record;
}

const four = (value) => Array.from({ length: 4 }, value);

function makeRecord(row) {
  const code = encode(row);
  const kind = kindOf(row[1]);
  const isX87 = row.includes('x87');
  const record = recordOf(code, four(() => (kind === 'text' ? BigInt.asUintN(64, BigInt(below(40) - 20)) : integers())));
  const at = (offset) => STATE_IN + offset;
  record.writeUInt32LE(0x1f80 | (below(4) << 13) | one([0, 0x8000]) | one([0, 0x40]) | below(64), at(40));
  record.writeUInt16LE((below(8) << 11) | one([0, 0x4700]), at(44));
  record.writeUInt16LE(isX87 ? one([0x3f, 0x7f, 0x55, 0xff]) : below(256), at(46));
  for (let i = 0; i < 8; i++) {
    if (isX87) extended(record, at(48 + 16 * i));
    else if (row.includes('mmx') || row[2].match(/[PQN]q/)) record.writeBigUInt64LE(half(kind), at(48 + 16 * i));
  }
  for (let i = 0; i < 8; i++) record.writeBigUInt64LE(isX87 ? 0n : half(kind), at(176 + 8 * i));
  if (SET === 'avx') for (let i = 0; i < 8; i++) record.writeBigUInt64LE(half(kind), at(304 + 8 * i));
  // Indexes that stay in the memory: doublewords, every other one zero, so that quadwords are as small.
  if (row.includes('vsib')) for (let i = 0; i < 4; i++) record.writeBigUInt64LE(BigInt(below(56)), at((i < 2 ? 176 + 48 : 304 + 48 - 16) + 8 * i));
  for (let i = 0; i < (SET === 'avx' ? 8 : 2); i++) record.writeBigUInt64LE(half(isX87 ? one(['single', 'double', 'integer']) : kind), at(240 + 8 * i));
  if (isX87 && /^(fld|fbld)$/.test(row[1])) extended(record, at(240));
  return record;
}

function fieldsOf(record, start, unless) {
  const fields = {};
  for (const [name, offset, bytes] of FIELDS) {
    const field = record.subarray(start + offset, start + offset + bytes);
    const same = unless === undefined ? field.every((byte) => byte === 0) : field.equals(record.subarray(unless + offset, unless + offset + bytes));
    if (!same) fields[name] = field.toString('hex').replace(/(00)+$/, '');
  }
  return fields;
}

function makeIntegerRecord(row) {
  const [, mnemonic] = row;
  const encoded = encodeInteger(row);
  const registers = registersFor(mnemonic, four(integers));
  const record = recordOf(encoded.bytes, registers);
  record.writeUInt32LE(0x1f80, STATE_IN + 40);
  for (let i = 0; i < 2; i++) record.writeBigUInt64LE(integers(), STATE_IN + 240 + 8 * i);
  return { record, mnemonic, undefined: undefinedFlags(mnemonic, encoded, Number(registers[1] & 0xffn)) };
}

async function tablesOf(set) {
  const tables = [];
  for (const [file, name] of SETS[set]) tables.push((await import(join(HERE, `../dist/src/translate/${file}.js`)))[name]);
  return tables;
}

/** { record, mnemonic, undefined: flags } of every vector of the set. */
async function make(set, ofARow) {
  const tables = await tablesOf(set);
  if (set !== 'integer') {
    const rows = tables.flat().filter((row) => !LEFT_OUT.test(row[1]));
    return rows.flatMap((row) => Array.from({ length: ofARow }, () => ({ record: makeRecord(row), mnemonic: row[1], undefined: 0 })));
  }
  const count = (rows) => Math.min(OF_A_TABLE, OF_A_ROW * rows.length);
  const all = tables.map(integerRows).flatMap((rows) => Array.from({ length: count(rows) }, (_, i) => makeIntegerRecord(rows[i % rows.length])));
  return all.filter((vector) => vector.undefined >= 0);
}

const made = await make(SET, Number(process.argv[3] ?? 2));
const records = made.map(({ record }) => record);
const directory = mkdtempSync(join(tmpdir(), 'vectors-'));
const file = join(directory, 'records');
writeFileSync(file, Buffer.concat(records));
execFileSync('gcc', ['-O1', '-mno-red-zone', '-o', join(directory, 'record'), join(HERE, 'record.c')]);
execFileSync(join(directory, 'record'), [file]);
const filled = readFileSync(file);
const lines = made.flatMap(({ mnemonic, undefined: unknown }, i) => {
  const record = filled.subarray(i * RECORD, (i + 1) * RECORD);
  // What ends in #DE is left out.
  if (SET === 'integer' && record[1]) return [];
  const left = { name: mnemonic, code: record.subarray(8, 8 + record[0]).toString('hex'), ...(unknown ? { undefined: unknown } : {}) };
  return [JSON.stringify({ ...left, ...(record[1] ? { trap: record[1] } : {}), in: fieldsOf(record, STATE_IN), out: fieldsOf(record, STATE_OUT, STATE_IN) })];
});
const cpu = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
const text = `{ "recordedOn": ${JSON.stringify(cpu)}, "vectors": [\n${lines.join(',\n')}\n] }\n`;
writeFileSync(join(HERE, `${SET}.json.gz`), gzipSync(text, { level: 9 }));
console.log(`${lines.length} vectors`);
