/** The common case of DIV and IDIV by 64 bits as IR, for compiled code: RDX is only the extension of RAX, so 64 bits do. */
import type { Helper } from '@nandu/tcg';
import { REGISTERS } from './state.js';

const [RAX, , RDX] = REGISTERS as [(typeof REGISTERS)[0], unknown, (typeof REGISTERS)[0]];

/** Argument: the divisor. */
export function quickDivide(signed: boolean): NonNullable<Helper['quick']> {
  return (ir, [divisor]) => {
    const [low, high] = [ir.get(RAX!), ir.get(RDX!)];
    const isExtended = ir.eq(high, signed ? ir.shrS(low, ir.i64(63)) : ir.i64(0));
    // Signed: neither 0 nor -1, whose quotient may not fit.
    const isSafe = signed ? ir.ltU(ir.i64(1), ir.add(divisor!, ir.i64(1))) : ir.ne(divisor!, ir.i64(0));
    const by = ir.select(isSafe, divisor!, ir.i64(1));
    const quotient = ir.op(signed ? 'i64.div_s' : 'i64.div_u', low, by);
    const remainder = ir.sub(low, ir.mul(quotient, by));
    return {
      holds: ir.and(isExtended, isSafe),
      sets: [
        [RAX!, quotient],
        [RDX!, remainder],
      ],
    };
  };
}
