/** The helpers behind system instructions, exceptions and paging. */
export function tlb_fill(env: usize, virtual: u64, access: i32, mmu: i32): i32 {
  return 0;
}
