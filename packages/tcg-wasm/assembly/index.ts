export { check_page, find_block, find_region } from './find-block';
export { load_slow, load_slow16, mmio_read, mmio_write, store_slow, store_slow16 } from './slow-access';
export { forget_pages, phys_read, phys_write, tlb_flush, tlb_flush_page, tlb_protect, tlb_reset, tlb_set } from './tlb';
