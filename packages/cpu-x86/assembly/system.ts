/** The helpers behind system instructions, exceptions and paging: what of them the module exports. */
export { tlb_fill, translate_debug, invlpg } from './paging';
export { raise, raise_if, into, software_interrupt, misaligned } from './raise';
export { update_block_flags, end_shadow } from './block-flags';
export { compute_flags, read_eflags, write_eflags, cli, sti, pushf_value, popf } from './flags';
export { load_segment, check_segment, load_gdt, load_idt, load_ldtr, load_tr, lar, lsl, verr, verw } from './segments';
export { code_long, code_quad } from './code-bytes';
export { fault, interrupt } from './exceptions';
export { far_jump, far_call, far_return } from './far-control';
export { interrupt_return } from './interrupt-return';
export { check_io } from './task-state';
export { syscall, sysret, sysenter, sysexit, swapgs } from './system-calls';
export { read_cr, write_cr, clts, lmsw, invpcid, wbinvd } from './control-registers';
export { xgetbv, xrstor, xsave, xsetbv } from './xsave';
export { read_dr, write_dr, single_step, watch_code, watch_data, watch_end } from './debug-registers';
export { div64, idiv64, cmpxchg16b, crc32, rcl, rcr, bcd, bound, enter, pdep, pext } from './arithmetic';
export { rep_movs, rep_stos } from './strings';
export { rep_cmps, rep_scas } from './string-search';
export { tlb_flush as flush_tlb } from './host';
