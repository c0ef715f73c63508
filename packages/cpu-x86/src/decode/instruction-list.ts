/** docs/instructions.md: every encoding of the decoder's tables, by the mnemonic of the manual. */
import { FEATURES, TRANSLATED } from '../cpuid-features.js';
import type { OpcodeRow, OpcodeTable } from './opcode-table.js';

const HEAD = `# Instructions

Every encoding that the processor knows, made from the decoder's tables by \`node packages/cpu-x86/scripts/list-instructions.mjs\`; a test
holds it to them. An opcode is written as in the manual's maps: \`NP\`, \`66\`, \`F3\`, \`F2\` are mandatory prefixes (NP: none of them),
\`/7\` is ModRM.reg, \`50+r\` stands for eight opcodes, \`70+cc\` for sixteen, \`VEX\` for an instruction with that prefix. Operands are
those of the opcode maps (SDM volume 2, appendix A). Without the CPUID feature of a row, its bytes are what they were before: another
instruction, or #UD. Everything here is complete, exceptions and flags included, except where the last column says something else.

`;

/** What attributes say about a row, in words. */
const REMARKS: readonly (readonly [attribute: string, text: string])[] = [
  ['not64', 'not in 64-bit mode'],
  ['only64', '64-bit mode only'],
  ['cpl0', 'level 0 only'],
  ['protected', 'not in real and virtual-8086 mode'],
  ['lock', 'LOCK allowed'],
  ['w0', 'W 0'],
  ['w1', 'W 1'],
  ['l1', 'L 1'],
  ['l01', 'L 0 or 1'],
];
const WITHOUT_EFFECT = /^(nop|prefetch|clflush|clwb|[lms]fence|wbinvd|invd)/;
const REFUSED = /^ud[012]$/;

/** Instruction sets that CPUID never claims here. */
const ABSENT: Readonly<Record<string, string>> = {
  'AVX-512': 'avx512f',
  AMX: 'amx-tile',
  '3DNow! (but for its prefetches)': '3dnow',
  SSE4a: 'sse4a',
  'XOP, FMA4, TBM, LWP': 'xop',
  VMX: 'vmx',
  SVM: 'svm',
  'TSX (HLE, RTM)': 'rtm',
  MPX: 'mpx',
  SGX: 'sgx',
  'MONITOR and MWAIT': 'monitor',
  'protection keys': 'pku',
  'GFNI, VAES, VPCLMULQDQ': 'gfni',
  'AVX, AVX2': 'avx',
  'FMA, F16C': 'fma',
  'XSAVE and its relatives': 'xsave',
  'MOVDIRI, MOVDIR64B': 'movdiri',
  'WAITPKG, CLDEMOTE, SERIALIZE': 'waitpkg',
  'CLZERO, WBNOINVD': 'clzero',
};

export function instructionList(tables: readonly OpcodeTable[]): string {
  const names = new Map<string, string>(TRANSLATED.map(([cpuid, feature]) => [feature, cpuid]));
  const rows = tables.flat().map((row) => line(row, names));
  rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const absent = Object.entries(ABSENT).filter(([, feature]) => !FEATURES.get(feature)?.implemented);
  return `${HEAD}${rows.length} encodings.

| Mnemonic | Opcode | Operands | CPUID | Remarks |
| --- | --- | --- | --- | --- |
${rows.map(({ text }) => `${text}\n`).join('')}
## What is not there

CPUID never claims these, and their encodings are #UD: ${absent.map(([name]) => name).join('; ')}.
`;
}

function line([opcode, mnemonic, operands, , ...attributes]: OpcodeRow, names: ReadonlyMap<string, string>) {
  const has = (name: string) => (attributes as readonly string[]).includes(name);
  const needs = attributes.filter((a) => a.startsWith('cpuid:')).map((a) => names.get(a.slice(6)) ?? a.slice(6));
  const remarks = REMARKS.filter(([attribute]) => has(attribute)).map(([, text]) => text);
  if (WITHOUT_EFFECT.test(mnemonic)) remarks.push('no effect beyond its exceptions');
  if (needs.some((feature) => !FEATURES.get(feature)?.implemented)) remarks.push('CPUID never claims it, so #UD');
  if (REFUSED.test(mnemonic)) remarks.push('#UD by definition');
  const name = mnemonic.replaceAll('|', ', ');
  return {
    key: `${name.toLowerCase()} ${opcode}`,
    text: `| ${name} | \`${opcode}\` | ${operands ? `\`${operands}\`` : ''} | ${needs.join(', ')} | ${remarks.join('; ')} |`,
  };
}
