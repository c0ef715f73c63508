/**
 * The helpers behind floating point: declared here for the translator, implemented in `assembly/fpu*.ts` and `assembly/sse*.ts`.
 * `fop` is the x87's opcode, `format` one of PS PD SS SD (0-3), addresses are linear.
 */
import { CODE_CHANGED, type Global, type Helper, type Touches, type ValueType } from '@nandu/tcg';
import { quickArithmetic, quickCompareFlags, quickFromInteger, quickToInteger } from './quick-fp.js';
import { CC_DST, CC_OP, CC_SRC, CC_SRC2, FP_CONTROL, FP_EMPTY, FP_STATUS, FP_TOP, MMX, MMX_TOPS, MXCSR, XMM, YMM_HIGH } from './state.js';

type Row = readonly [params: string, result: ValueType | '', faults: boolean, reads: Touches, writes: Touches];

const MXCSR_ONLY: readonly Global[] = [MXCSR];
const FLAGS: readonly Global[] = [CC_OP, CC_SRC];
/** Of helpers that store to guest memory, and write no register. */
const MEMORY: readonly Global[] = [CODE_CHANGED];

const X87: readonly Global[] = [FP_TOP, FP_STATUS, FP_CONTROL, FP_EMPTY, ...MMX, ...MMX_TOPS];
const X87_AND_FLAGS: readonly Global[] = [...X87, CC_OP, CC_DST, CC_SRC, CC_SRC2];

const ROWS = {
  /** An x87 instruction without memory operand: fop. */
  x87_register: ['i32', '', true, X87, X87],
  /** Those that move by EFLAGS. */
  x87_move_if: ['i32', '', true, X87_AND_FLAGS, X87],
  /** fop, and X87_* with the registers. */
  x87_add: ['i32 i32', '', true, X87, X87],
  x87_multiply: ['i32 i32', '', true, X87, X87],
  x87_divide: ['i32 i32', '', true, X87, X87],
  x87_square_root: ['i32', '', true, X87, X87],
  /** fop, i of ST(i) (, how many registers are popped). */
  x87_push_register: ['i32 i32', '', true, X87, X87],
  x87_exchange: ['i32 i32', '', true, X87, X87],
  x87_store_register: ['i32 i32 i32', '', true, X87, X87],
  x87_compare: ['i32 i32 i32', '', true, X87, X87],
  x87_compare_to_flags: ['i32 i32 i32', '', true, X87, [...X87, ...FLAGS]],
  /** One that reads 2, 4 or 8 bytes: fop, value, address. */
  x87_load: ['i32 i64 i64', '', true, X87, X87],
  /** An operation with m32 or m64: fop, its reg field, value, address. */
  x87_with_memory: ['i32 i32 i64 i64', '', true, X87, X87],
  /** fop, format, value, address. */
  x87_push: ['i32 i32 i64 i64', '', true, X87, X87],
  /** fop, significand, sign and exponent, address. */
  x87_push_extended: ['i32 i64 i32 i64', '', true, X87, X87],
  /** One that stores, or whose operand is larger: fop, address, 1 for the 32-bit form of environments, 1 for real mode's. */
  x87_memory: ['i32 i64 i32 i32', '', true, X87, [...X87, ...MEMORY]],
  x87_set_control: ['i32', '', true, X87, X87],
  x87_status: ['', 'i32', false, X87, 'none'],
  /** #MF if an exception is pending. */
  x87_wait: ['', '', true, X87, 'none'],
  /** Address, 1 with REX.W, XMM registers that there are. */
  x87_fxsave: ['i64 i32 i32', '', true, 'all', MEMORY],
  x87_fxrstor: ['i64 i32 i32', '', true, 'all', 'all'],

  sse_load_mxcsr: ['i32', '', true, 'none', MXCSR_ONLY],
  /** Address, data, mask (low and high halves). */
  sse_masked_store: ['i64 i64 i64 i64 i64', '', true, 'none', MEMORY],
  sse_minimum_position: ['i64 i64', 'i64', false, 'none', 'none'],
  /** Format, first and second operand -> the first with its lanes replaced. */
  sse_add: ['i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_subtract: ['i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_multiply: ['i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_divide: ['i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_minimum: ['i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_maximum: ['i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_square_root: ['i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_add_subtract: ['i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  /** 1 to subtract, format. */
  sse_horizontal: ['i32 i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  /** Format, immediate. */
  sse_round: ['i32 i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_dot_product: ['i32 i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_compare: ['i32 i32 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  /** Format (PS or PD), 1 for UCOMIS -> flags at their places. */
  sse_compare_flags: ['i32 i32 v128 v128', 'i32', true, MXCSR_ONLY, MXCSR_ONLY],
  /** 1 for double precision, bytes of the integer, 1 to truncate, bits -> the integer. */
  sse_to_integer: ['i32 i32 i32 i64', 'i64', true, MXCSR_ONLY, MXCSR_ONLY],
  /** 1 for double precision, integer -> bits. */
  sse_from_integer: ['i32 i64', 'i64', true, MXCSR_ONLY, MXCSR_ONLY],
  /** 1 for double precision, lanes (, 1 to truncate). */
  sse_from_integers: ['i32 i32 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  sse_to_integers: ['i32 i32 i32 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  /** 1 for single to double, lanes. */
  sse_convert: ['i32 i32 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  /** 1 for RSQRT, lanes. */
  sse_approximate: ['i32 i32 v128 v128', 'v128', false, 'none', 'none'],
  /** #PF unless so many bytes from the address on may be stored to. */
  avx_probe_store: ['i64 i32', '', true, 'none', 'none'],
  /** Address, a bit for each element of 16 bytes that is wanted, bytes of an element; others are 0. */
  avx_masked_load: ['i64 i32 i32', 'v128', true, 'none', 'none'],
  /** Address, a bit for each element that is stored, bytes of an element, both halves of the data. */
  avx_masked_store: ['i64 i32 i32 v128 v128', '', true, 'none', MEMORY],
  /** Registers, scale and sizes; address size and segment (see assembly/avx-memory.ts); offset without the index, segment base. */
  avx_gather: ['i32 i32 i64 i64', '', true, 'all', [...XMM, ...YMM_HIGH]],
  /** How many registers. */
  avx_zero_upper: ['i32', '', false, 'none', YMM_HIGH],
  avx_zero_all: ['i32', '', false, 'none', [...XMM, ...YMM_HIGH]],
  /** Format, what is negated (FUSED_*), factors, addend. */
  avx_fused: ['i32 i32 v128 v128 v128', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  /** Mark alone, four half-precision numbers; mark, immediate, four single-precision ones. */
  f16_to_single: ['i32 i64', 'v128', true, MXCSR_ONLY, MXCSR_ONLY],
  f16_from_single: ['i32 i32 v128', 'i64', true, MXCSR_ONLY, MXCSR_ONLY],
  /** Address, bytes: before flags are raised. */
  f16_probe_store: ['i64 i32', '', true, 'none', 'none'],
  /** Address, XSAVE_* kind, 1 for 64-bit pointers. The components are in EDX:EAX. */
  xsave: ['i64 i32 i32', '', true, 'all', MEMORY],
  xrstor: ['i64 i32', '', true, 'all', 'all'],
  /** Immediate, 1 for explicit lengths, the lengths, operands -> the result as bits; sets the flags. */
  sse_compare_strings: ['i32 i32 i64 i64 v128 v128', 'i32', false, 'none', FLAGS],

  /** 1 for the last round, state, round key; round constant, state. */
  aes_encrypt: ['i32 v128 v128', 'v128', false, 'none', 'none'],
  aes_decrypt: ['i32 v128 v128', 'v128', false, 'none', 'none'],
  aes_inverse_mix: ['v128', 'v128', false, 'none', 'none'],
  aes_key_assist: ['i32 v128', 'v128', false, 'none', 'none'],
  carryless_multiply: ['i64 i64', 'v128', false, 'none', 'none'],
  /** Group of rounds (0-3), first and second operand; the same without it; for the rounds of SHA-256 also the words. */
  sha1_rounds: ['i32 v128 v128', 'v128', false, 'none', 'none'],
  sha1_next: ['v128 v128', 'v128', false, 'none', 'none'],
  sha1_schedule: ['v128 v128', 'v128', false, 'none', 'none'],
  sha256_rounds: ['v128 v128 v128', 'v128', false, 'none', 'none'],
  sha256_schedule1: ['v128 v128', 'v128', false, 'none', 'none'],
  sha256_schedule2: ['v128 v128', 'v128', false, 'none', 'none'],
} as const satisfies Record<string, Row>;

export type FpHelperName = keyof typeof ROWS;

/** The status word's summary of unmasked exceptions. */
const X87_PENDING = 0x80;

const QUICK: Partial<Record<string, Helper['quick']>> = {
  // Only a store that goes on in the next page needs a look.
  avx_probe_store: (ir, [address, bytes]) => ({ holds: ir.ltU(ir.and(ir.wrap(address!), ir.i32(0xfff)), ir.i32(0x1001 - ir.constantOf(bytes!)!)) }),
  x87_wait: (ir) => ({ holds: ir.eqz(ir.and(ir.get(FP_STATUS), ir.i32(X87_PENDING))) }),
  sse_add: quickArithmetic('add'),
  sse_subtract: quickArithmetic('sub'),
  sse_multiply: quickArithmetic('mul'),
  sse_divide: quickArithmetic('div'),
  sse_square_root: quickArithmetic('sqrt'),
  sse_compare_flags: quickCompareFlags,
  sse_from_integer: quickFromInteger,
  sse_to_integer: quickToInteger,
};

function declare(name: string, [params, result, mayFault, reads, writes]: Row): Helper {
  return {
    name,
    where: 'wasm',
    params: params === '' ? [] : (params.split(' ') as ValueType[]),
    ...(result === '' ? {} : { result }),
    reads,
    writes,
    mayFault,
    ...(Array.isArray(writes) && writes.includes(CODE_CHANGED) ? { stores: true } : {}),
    ...(QUICK[name] ? { quick: QUICK[name] } : {}),
  };
}

export const FP_HELPERS = Object.fromEntries(Object.entries(ROWS).map(([name, row]) => [name, declare(name, row as unknown as Row)])) as Readonly<
  Record<FpHelperName, Helper>
>;
