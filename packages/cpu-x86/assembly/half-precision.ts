/** F16C: 16-bit floating point to and from single precision (SDM volume 2, VCVTPH2PS, VCVTPS2PH). */
import { dataMmu, probeWrite } from './guest-memory';
import { Context, DE, A, resultFromA } from './softfloat';
import { packHalf, unpackHalf } from './softfloat-formats';
import { OPERAND_A, RESULT, endLane, finish, handledNanA, packLane, start, startLane, unpackLane } from './sse-state';

/** Always exact; denormals are nothing special, whatever MXCSR.DAZ says. */
export function f16_to_single(env: usize, mark: i32, halves: u64): v128 {
  start(env, mark);
  for (let i: usize = 0; i < 4; i++) {
    startLane();
    unpackHalf(u32(halves >> (u64(i) << 4)) & 0xffff);
    if (!handledNanA()) resultFromA();
    packLane(env + RESULT + (i << 2), false);
    endLane();
  }
  finish(env);
  return v128.load(env + RESULT);
}

/** `control`: bit 2 for the rounding mode of MXCSR, else bits 0-1. Results are never flushed to zero. */
export function f16_from_single(env: usize, mark: i32, control: i32, a: v128): u64 {
  v128.store(env + OPERAND_A, a);
  start(env, mark);
  if (!(control & 4)) Context.rounding = control & 3;
  let halves: u64 = 0;
  for (let i: usize = 0; i < 4; i++) {
    startLane();
    unpackLane(env + OPERAND_A + (i << 2), false);
    if (!handledNanA()) {
      if (A.denormal) Context.flags |= DE;
      resultFromA();
    }
    halves |= u64(packHalf()) << (u64(i) << 4);
    endLane();
  }
  finish(env);
  return halves;
}

/** Faults if a store there would: no flag of MXCSR may be raised then. */
export function f16_probe_store(env: usize, address: u64, bytes: i32): void {
  probeWrite(env, address, bytes, dataMmu(env));
}
