/**
 * Instructions of SSE with a VEX prefix (SDM volume 2, under each mnemonic: VADDPS and so on). What they compute stands in the rows
 * of the SSE tables; what the prefix changes is operands, vector lengths, and that upper halves are cleared: that stands here.
 */
import type { Value } from '@nandu/tcg';
import type { Attribute, OpcodeRow, OpcodeTable, Semantics } from '../decode/opcode-table.js';
import { byHalves, type HalvesOptions } from './halves.js';
import type { Translation } from './translation.js';
import { pick } from './vectors.js';

/**
 * Operands: `three`, the first source is VEX.vvvv; `two`, as without VEX; `shift`, the destination is VEX.vvvv; `merge`, three
 * between registers, two with memory.
 * Lengths: 128 bits only; scalar (VEX.L is ignored); 256 bits too, with AVX or with AVX2.
 */
type Operands = 'three' | 'two' | 'shift' | 'merge';
type Lengths = '128' | 'scalar' | 'avx' | 'avx2';
type Form = readonly [operands: Operands, lengths: Lengths, mnemonics: string, options?: Partial<HalvesOptions>];

const FORMS: readonly Form[] = [
  ['three', 'avx', 'addps addpd subps subpd mulps mulpd divps divpd minps minpd maxps maxpd cmpps cmppd'],
  ['three', 'avx', 'haddps haddpd hsubps hsubpd addsubps addsubpd dpps andps andpd andnps andnpd orps orpd xorps xorpd'],
  ['three', 'avx', 'unpcklps unpcklpd unpckhps unpckhpd shufps'],
  ['three', 'avx', 'shufpd blendpd', { immediateStep: 2 }],
  ['three', 'avx', 'blendps', { immediateStep: 4 }],
  ['three', '128', 'dppd movlps movlpd movhps movhpd movhlps movlhps pinsrb pinsrw pinsrd insertps'],
  ['three', '128', 'aesenc aesenclast aesdec aesdeclast pclmulqdq'],
  ['three', 'scalar', 'addss addsd subss subsd mulss mulsd divss divsd minss minsd maxss maxsd sqrtss sqrtsd rcpss rsqrtss'],
  ['three', 'scalar', 'cmpss cmpsd roundss roundsd cvtsi2ss cvtsi2sd cvtss2sd cvtsd2ss'],
  ['merge', 'scalar', 'movss movsd'],
  ['two', 'scalar', 'ucomiss ucomisd comiss comisd cvtss2si cvtsd2si cvttss2si cvttsd2si'],
  ['two', 'avx', 'sqrtps sqrtpd rcpps rsqrtps roundps roundpd movups movupd movaps movapd movdqa movdqu movsldup movshdup'],
  ['two', 'avx', 'movntps movntpd movntdq lddqu cvtdq2ps cvtps2dq cvttps2dq cvtps2pd cvtdq2pd'],
  ['two', 'avx', 'cvtpd2ps cvtpd2dq cvttpd2dq', { join: lowHalves }],
  ['two', 'avx', 'movmskps', { join: bitsAbove(4) }],
  ['two', 'avx', 'movmskpd', { join: bitsAbove(2) }],
  ['two', '128', 'movd movq pextrb pextrw pextrd extractps pcmpestrm pcmpestri pcmpistrm pcmpistri phminposuw maskmovdqu'],
  ['two', '128', 'ldmxcsr stmxcsr aesimc aeskeygenassist'],

  ['three', 'avx2', 'paddb paddw paddd paddq paddsb paddsw paddusb paddusw psubb psubw psubd psubq psubsb psubsw psubusb psubusw'],
  ['three', 'avx2', 'pand pandn por pxor pavgb pavgw pminub pminuw pminud pminsb pminsw pminsd pmaxub pmaxuw pmaxud pmaxsb pmaxsw pmaxsd'],
  ['three', 'avx2', 'pcmpeqb pcmpeqw pcmpeqd pcmpeqq pcmpgtb pcmpgtw pcmpgtd pcmpgtq psignb psignw psignd'],
  ['three', 'avx2', 'pmullw pmulld pmulhw pmulhuw pmulhrsw pmuludq pmuldq pmaddwd pmaddubsw psadbw'],
  ['three', 'avx2', 'phaddw phaddd phaddsw phsubw phsubd phsubsw packsswb packssdw packuswb packusdw pshufb palignr pblendw'],
  ['three', 'avx2', 'punpcklbw punpcklwd punpckldq punpcklqdq punpckhbw punpckhwd punpckhdq punpckhqdq'],
  ['three', 'avx2', 'mpsadbw', { immediateStep: 3 }],
  ['three', 'avx2', 'psllw pslld psllq psrlw psrld psrlq psraw psrad', { shared: true }],
  ['shift', 'avx2', 'psllw pslld psllq psrlw psrld psrlq psraw psrad pslldq psrldq'],
  ['two', 'avx2', 'pabsb pabsw pabsd pshufd pshufhw pshuflw movntdqa'],
  ['two', 'avx2', 'pmovsxbw pmovsxbd pmovsxbq pmovsxwd pmovsxwq pmovsxdq pmovzxbw pmovzxbd pmovzxbq pmovzxwd pmovzxwq pmovzxdq'],
  ['two', 'avx2', 'pmovmskb', { join: bitsAbove(16) }],
];

/** Only these demand an aligned operand in memory. */
const ALIGNED = new Set('movaps movapd movdqa movntps movntpd movntdq movntdqa'.split(' '));
/** Features that an SSE row keeps: AVX comes on top. */
const KEPT: readonly string[] = ['cpuid:aes', 'cpuid:pclmulqdq'];
const BY_MNEMONIC = new Map<string, Form[]>();
for (const form of FORMS) {
  for (const mnemonic of form[2].split(' ')) BY_MNEMONIC.set(mnemonic, [...(BY_MNEMONIC.get(mnemonic) ?? []), form]);
}

/** The rows with a VEX prefix that follow from tables of SSE. */
export function vexForms(tables: readonly OpcodeTable[]): OpcodeTable {
  return tables.flat().flatMap((row) => {
    const [, mnemonic, operands, , ...attributes] = row;
    // MMX has the same mnemonics. Of two forms, a shift by an immediate is the one whose destination is ModRM.rm.
    if (!attributes.includes('sse')) return [];
    const forms = BY_MNEMONIC.get(mnemonic) ?? [];
    const form = forms.find(([shape]) => forms.length === 1 || (shape === 'shift') === operands.startsWith('U'));
    return form ? rowsOf(row, form) : [];
  });
}

function rowsOf(row: OpcodeRow, [shape, lengths, , options = {}]: Form): OpcodeRow[] {
  const [opcode, mnemonic, operandText, semantics, ...attributes] = row;
  const [first, ...others] = operandText.split(',') as [string, ...string[]];
  const own: Attribute[] = ['avx', ...attributes.filter((a) => KEPT.includes(a) || a === 'mem' || a === 'reg')];
  if (!ALIGNED.has(mnemonic)) own.push('unaligned');
  const stored = !attributes.includes('reads');
  const written = attributes.includes('writes');
  const make = (shapeNow: Exclude<Operands, 'merge'>, texts: readonly string[], ...more: Attribute[]): OpcodeRow[] => {
    // What the semantics get: all; all but the destination; neither the destination nor the source that is only merged.
    const skipped = !stored ? 0 : written ? (shapeNow === 'three' ? 2 : 1) : shapeNow === 'two' ? 0 : 1;
    const all: HalvesOptions = { ...options, arguments: range(texts.length).slice(skipped), reads: !stored };
    const isRaw = attributes.includes('raw');
    const meaning = (narrow: boolean): Semantics => (isRaw ? semantics : byHalves(semantics, all, narrow));
    const line = (narrow: boolean, ...extra: Attribute[]): OpcodeRow => [
      `VEX ${opcode}`,
      `v${mnemonic}`,
      texts.join(),
      meaning(narrow),
      'raw',
      ...own,
      ...more,
      ...extra,
    ];
    if (lengths === 'avx') return [line(false, 'cpuid:avx', 'l01')];
    if (lengths === 'avx2') return [line(true, 'cpuid:avx'), line(false, 'cpuid:avx2', 'l1')];
    return [line(true, 'cpuid:avx', ...(lengths === 'scalar' ? (['l01'] as const) : []))];
  };
  // A register whose lowest lane is replaced has as its other lanes those of VEX.vvvv.
  if (shape === 'merge') {
    const register = [first, 'Ho', ...others].map((text) => text.replace(/^W/, 'U'));
    const memory = [first, ...others].map((text) => text.replace(/^W/, 'M'));
    return [...make('three', register, 'reg'), ...make('two', memory, 'mem')];
  }
  if (shape === 'shift') return make('shift', [`H${first.slice(1)}`, first, ...others]);
  // Stores of halves of a register have the mnemonics of loads.
  if (shape === 'three' && first.startsWith('V')) return make('three', [first, /^V[dq]$/.test(first) ? 'Ho' : `H${first.slice(1)}`, ...others]);
  return make('two', [first, ...others]);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** The low quadwords of both results, side by side. */
function lowHalves(t: Translation, [low, high]: readonly Value[]): Value {
  return pick(t.ir, low!, high!, 8, [0, 2]);
}

function bitsAbove(count: number): NonNullable<HalvesOptions['join']> {
  return ({ ir }, [low, high]) => ir.or(low!, ir.shl(high!, ir.i32(count)));
}
