/**
 * Where the x86 state lives in a vCPU block: offsets in bytes from `env`, after the head that the accelerator shares
 * (`tcg/src/env.ts`). Plain constants: both TypeScript and AssemblyScript import this file.
 */

/** 16 general registers, i64, in the order of their encoding: RAX RCX RDX RBX RSP RBP RSI RDI R8-R15. */
export const REGS = 64;
/**
 * Lazy arithmetic flags. CC_OP (i32) says how to get CF PF AF ZF SF OF out of CC_DST, CC_SRC and CC_SRC2 (i64 each); see
 * `flags.ts`. Operands and results are kept zero- or sign-extended, whichever is cheaper: only the low bits of the
 * operation's size count.
 */
export const CC_OP = 192;
/** i32: direction flag as the step of string instructions, 1 or -1. */
export const DF = 196;
export const CC_DST = 200;
export const CC_SRC = 208;
export const CC_SRC2 = 216;
/** i32: EFLAGS without CF PF AF ZF SF OF and DF (those bits are 0 here; bit 1 is always 1). */
export const EFLAGS = 224;
/** i32: not zero while interrupts are blocked until the next instruction ends: one of INHIBIT_*. Mirrored in HF_INHIBIT. */
export const INHIBIT = 228;
/** By STI; by MOV SS or POP SS, which also hold back what the debug registers and TF ask for. */
export const INHIBIT_BY_STI = 1;
export const INHIBIT_BY_SS = 2;

/** Segment registers, 24 bytes each, in the order of their encoding: ES CS SS DS FS GS, then LDTR, TR. */
export const SEGMENTS = 256;
export const SEGMENT_SIZE = 24;
/** Within one: i64 base; i32 limit in bytes (granularity applied); i32 selector; i32 attributes: bits 8-23 of the descriptor's high dword in place. */
export const SEG_BASE = 0;
export const SEG_LIMIT = 8;
export const SEG_SELECTOR = 12;
export const SEG_FLAGS = 16;
export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;
export const LDTR = 6;
export const TR = 7;
/** i64 base, i32 limit. */
export const GDT_BASE = 448;
export const GDT_LIMIT = 456;
export const IDT_BASE = 464;
export const IDT_LIMIT = 472;

/** i64 each. */
export const CR0 = 480;
export const CR2 = 488;
export const CR3 = 496;
export const CR4 = 504;
export const CR8 = 512;
/** DR0-DR7, i64 each. */
export const DR = 520;
export const EFER = 584;
export const STAR = 592;
export const LSTAR = 600;
export const CSTAR = 608;
export const FMASK = 616;
export const KERNEL_GS_BASE = 624;
export const SYSENTER_CS = 632;
export const SYSENTER_ESP = 640;
export const SYSENTER_EIP = 648;
export const TSC_AUX = 656;
export const PAT = 664;
/** i64: guest-physical address mask of page-table entries' address bits (from CPUID's physical address width). */
export const PHYS_MASK = 672;
/** i64: A20 and other address masking; all ones normally. */
export const A20_MASK = 680;
/** i64: bits of CR4 that the CPU model lets software set; i64: the same for EFER. */
export const CR4_ALLOWED = 688;
export const EFER_ALLOWED = 696;

/** The exception that ENV_FAULT announces. i32 vector; i32 error code; i32 1 if it has an error code. */
export const EXC_VECTOR = 704;
export const EXC_ERROR = 708;
export const EXC_HAS_ERROR = 712;
/** i32: KIND_*. */
export const EXC_KIND = 716;
export const KIND_FAULT = 0;
/** INT n. */
export const KIND_INT = 1;
/** INT3 and INTO. */
export const KIND_INT3 = 2;
export const KIND_ICEBP = 3;
export const KIND_EXTERNAL = 4;
export const KIND_NMI = 5;
/** Single step, data breakpoint. */
export const KIND_TRAP = 6;
/** #GP(0), or #SS(0) if the access was through the stack: found out when it is delivered. EXC_NEXT_PC is the address. */
export const KIND_NOT_CANONICAL = 7;
/** i64: where software interrupts and traps return to. */
export const EXC_NEXT_PC = 720;
/** i32: vector of the exception being delivered, or -1: for double and triple faults. */
export const EXC_DELIVERING = 728;
/** i32: 1 while NMIs are blocked (from NMI to IRET). */
export const NMI_BLOCKED = 732;
/** i64: pending debug exception bits for DR6, collected by data breakpoints and single step. */
export const DEBUG_PENDING = 736;
/** i32: 1 after HLT until woken. */
export const HALTED = 744;
/** i32: PENDING_* of what waits for this CPU. Whoever lets it become effective (IF, the end of an NMI's handler) looks at it. */
export const INTERRUPT_PENDING = 748;
/** The local APIC or the 8259 has an interrupt; an NMI came. */
export const PENDING_INTERRUPT = 1;
export const PENDING_NMI = 2;
/** i32: 1 if MOV SS and POP SS hold back instruction breakpoints too, as Intel's processors do. */
export const SS_BLOCKS_CODE_BREAKPOINTS = 752;
/** i32: 1 if the model has 1 GiB pages. */
export const HAS_GIB_PAGES = 756;
/** i64: added to the virtual clock (ns) to get the time-stamp counter, which software can write. */
export const TSC_OFFSET = 760;

/** x87. Eight physical registers of 16 bytes: i64 significand, then i32 sign (bit 15) and exponent. MMX registers are the significands. */
export const FP_REGS = 768;
/** i32 each: top of stack (0-7); status word without TOP; control word; tag bits, one a physical register, 1 = empty. */
export const FP_TOP = 896;
export const FP_STATUS = 900;
export const FP_CONTROL = 904;
export const FP_EMPTY = 908;
/** i32 opcode, i32 CS, i32 DS, i64 IP, i64 DP of the last non-control instruction. */
export const FP_OPCODE = 912;
export const FP_CS = 916;
export const FP_DS = 920;
export const FP_IP = 928;
export const FP_DP = 936;
/** i32. */
export const MXCSR = 944;

/** XMM0-XMM15, 16 bytes each. */
export const XMM = 1024;
/** Upper halves of YMM0-YMM15. */
export const YMM_HIGH = 1280;
/** i64: XCR0. */
export const XCR0 = 1536;
/** i64: bits of XCR0 that the CPU model lets software set. */
export const XCR0_ALLOWED = 1544;
/** i64 each: PKRU, IA32_PKRS. */
export const PKRU = 1552;
export const PKRS = 1560;
/** Scratch of the FPU and SSE helpers: 256 bytes. */
export const FP_SCRATCH = 1600;
/** Free for the helpers of system instructions: 256 bytes. */
export const SYS_SCRATCH = 1856;

/** CC_OP: the flags themselves, in CC_SRC, at their places in EFLAGS. */
export const CC_FLAGS = 0;
/**
 * Then four a kind, for sizes 1, 2, 4, 8 bytes: CC_ADD + 0..3. DST is always the result. SRC is
 *   ADD, SUB: the second operand (the first is DST - SRC, DST + SRC)
 *   ADC, SBB: the same, and SRC2 is the carry in (0 or 1)
 *   LOGIC: not used (CF = OF = 0, AF = 0)
 *   INC, DEC: CF as it was (0 or 1)
 *   SHL: the operand shifted by count - 1 (CF = its top bit); SAR, for SHR and SAR: the same (CF = its bit 0)
 *   MUL: not zero if the product overflowed (CF = OF = that)
 */
export const CC_ADD = 4;
export const CC_ADC = 8;
export const CC_SUB = 12;
export const CC_SBB = 16;
export const CC_LOGIC = 20;
export const CC_INC = 24;
export const CC_DEC = 28;
export const CC_SHL = 32;
export const CC_SAR = 36;
export const CC_MUL = 40;

export const FLAG_CF = 0x1;
export const FLAG_PF = 0x4;
export const FLAG_AF = 0x10;
export const FLAG_ZF = 0x40;
export const FLAG_SF = 0x80;
export const FLAG_TF = 0x100;
export const FLAG_IF = 0x200;
export const FLAG_DF = 0x400;
export const FLAG_OF = 0x800;
export const FLAG_IOPL = 0x3000;
export const FLAG_NT = 0x4000;
export const FLAG_RF = 0x1_0000;
export const FLAG_VM = 0x2_0000;
export const FLAG_AC = 0x4_0000;
export const FLAG_VIF = 0x8_0000;
export const FLAG_VIP = 0x10_0000;
export const FLAG_ID = 0x20_0000;
export const FLAGS_ARITHMETIC = 0x8d5;

/** ENV_BLOCK_FLAGS: what translation depends on. Kept true by `updateBlockFlags` in system.ts after any change of what it mirrors. */
export const HF_CPL = 0x3;
/** CS.D, SS.B, and CS.L while EFER.LMA. */
export const HF_CS32 = 0x4;
export const HF_SS32 = 0x8;
export const HF_CS64 = 0x10;
/** CR0.PE, EFLAGS.VM, EFLAGS.TF, EFER.LMA. */
export const HF_PE = 0x20;
export const HF_VM = 0x40;
export const HF_TF = 0x80;
export const HF_LMA = 0x100;
/** CR0.TS, .EM, .MP, .NE. */
export const HF_TS = 0x200;
export const HF_EM = 0x400;
export const HF_MP = 0x800;
/** CR4.OSFXSR, CR4.OSXSAVE, CR4.FSGSBASE, CR4.UMIP. */
export const HF_OSFXSR = 0x1000;
export const HF_OSXSAVE = 0x2000;
export const HF_FSGSBASE = 0x4000;
export const HF_UMIP = 0x8000;
/**
 * Outside 64-bit mode: ES, SS or DS is not flat (base 0, limit 4 GiB, writable data): bases and limits count. Always set in
 * real and virtual-8086 mode, never in 64-bit mode. Accesses through CS, FS and GS outside 64-bit mode always need both.
 */
export const HF_ADDSEG = 0x1_0000;
/** Supervisor accesses to user pages fault: CR4.SMAP and not EFLAGS.AC. */
export const HF_SMAP = 0x2_0000;
/** Interrupts are blocked for one instruction: the block has just one. */
export const HF_INHIBIT = 0x4_0000;
/** Some data or I/O breakpoint of DR7 is on: accesses are to be watched. */
export const HF_BREAKPOINTS = 0x8_0000;
/** EFLAGS.RF suppresses instruction breakpoints for one instruction. */
export const HF_RF = 0x10_0000;
/** CPL 3, and alignment checking is on (CR0.AM and EFLAGS.AC). */
export const HF_ALIGN = 0x20_0000;
/** EFLAGS.IOPL, bits 22-23. */
export const HF_IOPL_SHIFT = 22;
/** Added to the format that an SSE helper works on: it is the lower half of a 256-bit instruction, whose upper half comes next. */
export const LOWER_OF_TWO = 4;
/** XSAVE, XSAVEOPT (only what is in use), XSAVEC (that, and without gaps). */
export const XSAVE_ALL = 0;
export const XSAVE_IN_USE = 1;
export const XSAVE_COMPACTED = 2;
/** What a fused multiply-add negates: the product, the addend of even lanes, of odd lanes. */
export const FUSED_NEGATE_PRODUCT = 1;
export const FUSED_NEGATE_EVEN = 2;
export const FUSED_NEGATE_ODD = 4;
/**
 * What an x87 operation does beside computing (the register that it writes is in bits 0-2, the other one in bits 3-5, both counted
 * from the top): it pops; the first or the second operand changes its sign, or, in a division, they trade places.
 */
export const X87_POPS = 0x40;
export const X87_NEGATE_TO = 0x80;
export const X87_NEGATE_FROM = 0x100;
/** Beside the bytes of an element: REPE, not REPNE. */
export const STRING_WHILE_EQUAL = 16;
/** Instructions with a VEX prefix may use vectors: protected mode, CR4.OSXSAVE, SSE and AVX state enabled in XCR0. */
export const HF_AVX = 0x100_0000;
/** CR4.TSD, CR4.PCE, CR4.VME are asked by helpers. CR0.WP, CR4.SMEP: by tlb_fill. */

/** MMU indexes of data accesses, and of fetches (from FETCH_KERNEL on), whose entries data are not to displace. */
export const MMU_KERNEL = 0;
export const MMU_USER = 1;
export const MMU_KERNEL_NO_SMAP = 2;
export const MMU_FETCH_KERNEL = 3;
export const MMU_FETCH_USER = 4;

/** Own reason to leave: a triple fault. */
export const EXIT_TRIPLE_FAULT = 16;
/** A near branch to an address that is not canonical: #GP(0) at `pc`, with nothing else done. */
export const EXIT_NOT_CANONICAL = 17;
