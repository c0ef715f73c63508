/** Reasons to leave the interpreter that the accelerator handles itself; besides EXIT_* of the contract. */

/** The block at pc became hot. */
export const EXIT_HOT = 8;
/** The jump at ENV_LINK_SITE is to be linked to the block at pc. */
export const EXIT_LINK = 9;
/** The instruction at pc is to run in a block of its own (ENV_ALONE). */
export const EXIT_ALONE = 10;
/** i32 at env: address of the micro-op to be linked. */
export const ENV_LINK_SITE = 60;
