/** The helpers behind system instructions, exceptions and paging: what of them the module exports. */
export { tlb_fill, translate_debug, invlpg } from './paging';
export { raise, software_interrupt, misaligned } from './raise';
export { update_block_flags, end_shadow } from './block-flags';
export { compute_flags, read_eflags, write_eflags, cli, sti, pushf_value, popf } from './flags';
export { load_segment, check_segment, load_gdt, load_idt, load_ldtr, load_tr, lar, lsl, verr, verw } from './segments';
