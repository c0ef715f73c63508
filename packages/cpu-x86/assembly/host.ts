/** What the accelerator gives to the target's module: `TargetImports` of tcg/src/target.ts. */
// @ts-ignore: decorator
@external('host', 'phys_read')
export declare function phys_read(physical: u64): usize;
// @ts-ignore: decorator
@external('host', 'phys_write')
export declare function phys_write(physical: u64): usize;
// @ts-ignore: decorator
@external('host', 'tlb_set')
export declare function tlb_set(env: usize, virtual: u64, physical: u64, prot: i32, mmu: i32, pageSize: u64): void;
// @ts-ignore: decorator
@external('host', 'tlb_flush')
export declare function tlb_flush(env: usize, keepGlobal: i32): void;
// @ts-ignore: decorator
@external('host', 'tlb_flush_page')
export declare function tlb_flush_page(env: usize, virtual: u64): void;
// @ts-ignore: decorator
@external('host', 'mmio_read')
export declare function mmio_read(env: usize, physical: u64, size: i32): u64;
// @ts-ignore: decorator
@external('host', 'mmio_write')
export declare function mmio_write(env: usize, physical: u64, size: i32, value: u64): void;

/** As in tcg/src/target.ts, which AssemblyScript cannot import. */
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXECUTE = 4;
export const PROT_GLOBAL = 8;
export const ACCESS_READ = 0;
export const ACCESS_WRITE = 1;
export const ACCESS_EXECUTE = 2;
