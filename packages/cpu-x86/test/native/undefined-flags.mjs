/** What the manual says nothing of (SDM volume 2, "Flags Affected" of each instruction). */

export const [CF, PF, AF, ZF, SF, OF] = [1, 4, 0x10, 0x40, 0x80, 0x800];
export const ARITHMETIC = CF | PF | AF | ZF | SF | OF;

/** Flags that an instruction leaves undefined, by mnemonic; of shifts, where the count is neither 0 nor 1. */
export const UNDEFINED = new Map(
  [
    ['and or xor test', AF],
    ['mul imul', SF | ZF | AF | PF],
    ['div idiv', ARITHMETIC],
    ['shl shr sar shld shrd', AF | OF],
    ['rol ror rcl rcr', OF],
    ['bt bts btr btc tzcnt lzcnt', OF | SF | AF | PF],
    ['bsf bsr', ARITHMETIC & ~ZF],
    ['daa das', OF],
    ['aaa aas', ARITHMETIC & ~(AF | CF)],
    ['aam aad', OF | AF | CF],
    ['andn blsr blsi blsmsk bzhi', AF | PF],
    ['bextr', AF | SF | PF],
  ].flatMap(([names, flags]) => names.split(' ').map((name) => [name, flags])),
);
