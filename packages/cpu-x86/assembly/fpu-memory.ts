/** Guest memory for instructions that store several pieces: all or nothing. */
import { faulted, loadGuest8, storeGuest8 } from './guest-memory';

/** Faults now if some byte of [address, address + size) cannot be written, so that a store in pieces is never left half done. */
export function probeWrite(env: usize, address: u64, size: i32, mmu: i32): void {
  const last = address + u64(size - 1);
  if (((address ^ last) & ~0xfff) == 0) return;
  const first = loadGuest8(env, address, mmu);
  if (faulted(env)) return;
  storeGuest8(env, address, first, mmu);
  if (faulted(env)) return;
  const end = loadGuest8(env, last, mmu);
  if (faulted(env)) return;
  storeGuest8(env, last, end, mmu);
}
