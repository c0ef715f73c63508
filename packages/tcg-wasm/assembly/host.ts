/** What the accelerator does in TypeScript. Guest-physical addresses come as f64: exact, and no bigint has to be made. */

/** Address in linear memory of a page of guest RAM | RAM_*; 0 if it is none. (frame) */
// @ts-ignore: decorator
@external('host', 'ram_page')
export declare function ramPage(frame: f64): u32;
// @ts-ignore: decorator
@external('host', 'mmio_read')
export declare function mmioRead(physical: f64, size: i32): u32;
// @ts-ignore: decorator
@external('host', 'mmio_read8')
export declare function mmioRead8(physical: f64): u64;
// @ts-ignore: decorator
@external('host', 'mmio_write')
export declare function mmioWrite(physical: f64, value: u32, size: i32): void;
// @ts-ignore: decorator
@external('host', 'mmio_write8')
export declare function mmioWrite8(physical: f64, value: u64): void;
/**
 * `size` bytes at `linear`, of which code was translated, are about to be written. Drops that code and returns 0; or, if
 * `env` is given and it is running that very code, returns 1 and drops nothing.
 */
// @ts-ignore: decorator
@external('host', 'code_written')
export declare function codeWritten(linear: u32, size: i32, env: u32): i32;
