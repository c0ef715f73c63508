/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SSE4.2; SDM volume 2, 4.1). */
import { CC_FLAGS, CC_OP, CC_SRC, FLAG_CF, FLAG_OF, FLAG_SF, FLAG_ZF } from './layout';
import { OPERAND_A, OPERAND_B } from './sse-state';

/** Elements of the operands, as bytes or words, signed if the control says so. */
function element(at: usize, control: i32, i: i32): i32 {
  if (control & 1) return control & 2 ? i32(load<i16>(at + (usize(i) << 1))) : i32(load<u16>(at + (usize(i) << 1)));
  return control & 2 ? i32(load<i8>(at + usize(i))) : i32(load<u8>(at + usize(i)));
}

/** Elements before the first zero. */
function implicitLength(at: usize, control: i32, most: i32): i32 {
  for (let i = 0; i < most; i++) {
    if (element(at, control, i) == 0) return i;
  }
  return most;
}

function explicitLength(value: i64, most: i32): i32 {
  const magnitude: u64 = value < 0 ? u64(0 - value) : u64(value);
  return magnitude > u64(most) ? most : i32(magnitude);
}

/** Whether elements i of a and j of b count as equal; what is past an end has rules by aggregation (SDM volume 2, table 4-7). */
function matchesWithin(env: usize, control: i32, aggregation: i32, i: i32, j: i32, lengthA: i32, lengthB: i32): bool {
  const validA = i < lengthA;
  const validB = j < lengthB;
  if (validA && validB) return element(env + OPERAND_A, control, i) == element(env + OPERAND_B, control, j);
  if (aggregation == 2) return validA == validB;
  if (aggregation == 3) return !validA;
  return false;
}

/** Bit j: what the aggregation says of element j of b. */
function aggregate(env: usize, control: i32, most: i32, lengthA: i32, lengthB: i32): i32 {
  const aggregation = (control >> 2) & 3;
  let bits: i32 = 0;
  for (let j = 0; j < most; j++) {
    let holds = false;
    if (aggregation == 0) {
      for (let i = 0; i < lengthA && !holds; i++) holds = matchesWithin(env, control, 0, i, j, lengthA, lengthB);
    } else if (aggregation == 1) {
      if (j < lengthB) {
        const value = element(env + OPERAND_B, control, j);
        for (let i = 0; i + 1 < lengthA && !holds; i += 2) {
          holds = value >= element(env + OPERAND_A, control, i) && value <= element(env + OPERAND_A, control, i + 1);
        }
      }
    } else if (aggregation == 2) {
      holds = matchesWithin(env, control, 2, j, j, lengthA, lengthB);
    } else {
      holds = true;
      for (let i = 0; i + j < most && holds; i++) holds = matchesWithin(env, control, 3, i, i + j, lengthA, lengthB);
    }
    if (holds) bits |= 1 << j;
  }
  return bits;
}

/** Bits of the result, after polarity (bits 4-5 of the control). Sets the flags. */
export function sse_compare_strings(env: usize, control: i32, explicit: i32, lengthA: i64, lengthB: i64, a: v128, b: v128): i32 {
  v128.store(env + OPERAND_A, a);
  v128.store(env + OPERAND_B, b);
  const most = control & 1 ? 8 : 16;
  const countA = explicit ? explicitLength(lengthA, most) : implicitLength(env + OPERAND_A, control, most);
  const countB = explicit ? explicitLength(lengthB, most) : implicitLength(env + OPERAND_B, control, most);
  const all = (1 << most) - 1;
  let bits = aggregate(env, control, most, countA, countB);
  const polarity = (control >> 4) & 3;
  if (polarity == 1) bits ^= all;
  else if (polarity == 3) bits ^= (1 << countB) - 1;
  const flags = (bits ? FLAG_CF : 0) | (countB < most ? FLAG_ZF : 0) | (countA < most ? FLAG_SF : 0) | (bits & 1 ? FLAG_OF : 0);
  store<i32>(env + CC_OP, CC_FLAGS);
  store<i64>(env + CC_SRC, i64(flags));
  return bits;
}
