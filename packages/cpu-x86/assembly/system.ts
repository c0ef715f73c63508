/** The helpers behind system instructions, exceptions and paging: what of them the module exports. */
export { tlb_fill, translate_debug, invlpg } from './paging';
export { raise, software_interrupt, misaligned } from './raise';
export { update_block_flags, end_shadow } from './block-flags';
