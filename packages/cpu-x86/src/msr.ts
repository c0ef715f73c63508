/** Model-specific registers (SDM volume 4; AMD64 manual volume 2, appendix A): one table; what is not in it is #GP(0). */
import * as L from '../assembly/layout.js';
import type { CpuState } from './cpu-state.js';
import { hasFeature } from './cpuid-features.js';
import type { CpuModel } from './models.js';

/** Answers for a register; writing answers false where the value is not allowed. */
export interface Msr {
  read(): bigint | undefined;
  write(value: bigint): boolean;
}

/** What registers need besides the vCPU block. */
export interface MsrServices {
  readonly state: CpuState;
  readonly model: CpuModel;
  readTsc(): bigint;
  writeTsc(value: bigint): void;
  readTscAdjust(): bigint;
  writeTscAdjust(value: bigint): void;
  readApicBase(): bigint;
  writeApicBase(value: bigint): boolean;
  readTscDeadline(): bigint;
  writeTscDeadline(value: bigint): void;
  /** Translations are stale (EFER.NXE changed). */
  flushTlb(): void;
  /** Block flags are (EFER, segment bases). */
  stateChanged(): void;
}

const EFER_LME = 1n << 8n;
const EFER_LMA = 1n << 10n;
const EFER_NXE = 1n << 11n;
const CR0_PG = 1n << 31n;
const APIC_BASE_X2APIC = 1n << 10n;

/** Machine-check banks: control, status, address and miscellaneous register of each. */
export const MCE_BANKS = 10;
export const MCG_STATUS = 0x17a;
export const MCG_CTL = 0x17b;
const MCG_CAP = 0x100_010an;
export const MC0_CTL = 0x400;
/** Bits of a bank's control that are known to be switched one by one, by Linux on old processors. Others come as all or none. */
const MC_CTL_SINGLE_BITS = 0x401n;
const HWCR = 0xc001_0015;
const HWCR_MC_STATUS_WRITABLE = 1n << 18n;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const VARIABLE_MTRRS = 8;
const FIXED_MTRRS = [0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f];
/** 8 variable ranges, fixed ranges, write-combining. */
const MTRR_CAP = BigInt(VARIABLE_MTRRS | 0x100 | 0x400);

/** Registers that only hold what is written: number, reset value, mask of bits that stick. */
const STORED: readonly (readonly [number: number, reset: bigint, mask?: bigint])[] = [
  [MCG_STATUS, 0n],
  [MCG_CTL, ~0n],
  [0x1d9, 0n, 0x3n], // DEBUGCTL: LBR, BTF
  [0x2ff, 0n, 0xcffn], // MTRR default type
  ...FIXED_MTRRS.map((number) => [number, 0n] as const),
  ...Array.from({ length: 2 * VARIABLE_MTRRS }, (_, i) => [0x200 + i, 0n] as const),
  ...Array.from({ length: 2 * MCE_BANKS }, (_, i) => [MC0_CTL + 4 * (i >> 1) + 2 + (i & 1), 0n] as const), // address, miscellaneous
];

/** AMD's own, which system software reads and changes bits of without asking CPUID: system, hardware and erratum configuration. */
const STORED_AMD: readonly (readonly [number: number, reset: bigint, mask?: bigint])[] = [
  [0xc001_0010, 0n],
  // HWCR: the time-stamp counter counts at the rate of P0.
  [HWCR, 0x100_0000n],
  [0xc001_001f, 0n],
  [0xc001_0055, 0n],
  [0xc001_0112, 0n],
  [0xc001_0113, 0n],
  [0xc001_0114, 0n],
  [0xc001_0140, 0n],
  [0xc001_0141, 0n],
  // Four counters of events, which every AMD64 processor has and writes without asking. None of ours ever counts.
  ...Array.from({ length: 8 }, (_, i) => [0xc001_0000 + i, 0n, 0n] as const),
  [0xc001_1020, 0n],
  [0xc001_1021, 0n],
  [0xc001_1022, 0n],
  [0xc001_1023, 0n],
  [0xc001_1029, 0n],
  [0xc001_102a, 0n],
];

/**
 * Intel's: feature control (locked); MISC_ENABLE, which begins with fast strings and keeps what software enables, without effect:
 * thermal control, SpeedStep, MONITOR, limit of CPUID, xTPR, execute disable.
 */
const STORED_INTEL: readonly (readonly [number: number, reset: bigint, mask?: bigint])[] = [
  [0x17, 0n, 0n],
  [0x3a, 1n, 0n],
  [0x1a0, 1n, 0x4_00c5_0009n],
  [0x198, 0n, 0n],
  [0x19c, 0n, 0n],
];

export class MsrFile {
  private readonly rows = new Map<number, Msr>();
  private readonly stored = new Map<number, bigint>();
  private readonly resetValues: (readonly [number, bigint])[] = [];

  constructor(private readonly services: MsrServices) {
    this.addState();
    this.addStored();
    this.addComputed();
  }

  read(number: number): bigint | undefined {
    return this.rows.get(number)?.read();
  }

  write(number: number, value: bigint): boolean {
    return this.rows.get(number)?.write(value) ?? false;
  }

  /** As the processor itself sets a register that it keeps, whatever software may write there. */
  store(number: number, value: bigint): void {
    this.stored.set(number, BigInt.asUintN(64, value));
  }

  /** Power-on; INIT leaves these registers alone. */
  reset(): void {
    for (const [number, value] of this.resetValues) this.stored.set(number, value);
  }

  /** Registers that live in the vCPU block, with the check that a write must pass. */
  private addState(): void {
    const { state } = this.services;
    const any = (): boolean => true;
    const canonical = (value: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(48, value)) === value;
    const narrow = (value: bigint): boolean => value >> 32n === 0n;
    const has = (feature: string): boolean => hasFeature(this.services.model.words, feature);
    const rows: readonly (readonly [number: number, offset: number, allowed: (value: bigint) => boolean, present?: boolean])[] = [
      [0x174, L.SYSENTER_CS, any, has('sep')],
      [0x175, L.SYSENTER_ESP, canonical, has('sep')],
      [0x176, L.SYSENTER_EIP, canonical, has('sep')],
      [0x277, L.PAT, patValid],
      [0xc000_0081, L.STAR, any, has('syscall')],
      [0xc000_0082, L.LSTAR, canonical, has('syscall')],
      [0xc000_0083, L.CSTAR, canonical, has('syscall')],
      [0xc000_0084, L.FMASK, narrow, has('syscall')],
      [0xc000_0100, L.SEGMENTS + L.FS * L.SEGMENT_SIZE + L.SEG_BASE, canonical, has('lm')],
      [0xc000_0101, L.SEGMENTS + L.GS * L.SEGMENT_SIZE + L.SEG_BASE, canonical, has('lm')],
      [0xc000_0102, L.KERNEL_GS_BASE, canonical, has('lm')],
      [0xc000_0103, L.TSC_AUX, narrow, has('rdtscp') || has('rdpid')],
    ];
    for (const [number, offset, allowed, present = true] of rows) {
      if (!present) continue;
      this.rows.set(number, {
        read: () => state.u64(offset),
        write: (value) => {
          if (!allowed(value)) return false;
          state.setU64(offset, value);
          return true;
        },
      });
    }
  }

  private addStored(): void {
    const own = this.services.model.vendor === 'AuthenticAMD' ? STORED_AMD : STORED_INTEL;
    for (const [number, reset, mask = ~0n] of [...STORED, ...own]) this.addRegister(number, reset, mask);
    for (let bank = 0; bank < MCE_BANKS; bank++) {
      const control = MC0_CTL + 4 * bank;
      this.addRegister(control, ~0n, ~0n, (value) => value === 0n || (value | MC_CTL_SINGLE_BITS) === ALL_ONES);
      // A status can only be cleared, but for AMD's way to try out handlers.
      this.addRegister(control + 1, 0n, ~0n, (value) => value === 0n || ((this.stored.get(HWCR) ?? 0n) & HWCR_MC_STATUS_WRITABLE) !== 0n);
    }
  }

  /** A register that keeps the bits of `mask`. */
  private addRegister(number: number, reset: bigint, mask: bigint, allowed: (value: bigint) => boolean = () => true): void {
    const value = BigInt.asUintN(64, reset);
    this.resetValues.push([number, value]);
    this.stored.set(number, value);
    this.rows.set(number, {
      read: () => this.stored.get(number)!,
      write: (written) => {
        if (!allowed(written)) return false;
        const kept = this.stored.get(number)! & ~mask;
        this.stored.set(number, BigInt.asUintN(64, (written & mask) | kept));
        return true;
      },
    });
  }

  private addComputed(): void {
    const { services } = this;
    const { state, model } = services;
    const constant = (value: bigint, writable = false): Msr => ({ read: () => value, write: () => writable });
    const rows: Record<number, Msr> = {
      0x10: { read: () => services.readTsc(), write: (value) => (services.writeTsc(value), true) },
      0x1b: { read: () => services.readApicBase(), write: (value) => this.writeApicBase(value) },
      0x79: { read: () => undefined, write: () => true },
      // The revision of the microcode; writing 0 before CPUID is how it is asked for.
      0x8b: constant(model.vendor === 'AuthenticAMD' ? 0x100_0065n : 0x1_0000_0000n, true),
      0xfe: constant(MTRR_CAP),
      0x179: constant(MCG_CAP),
      0xc000_0080: { read: () => state.u64(L.EFER), write: (value) => this.writeEfer(value) },
    };
    if (hasFeature(model.words, 'tsc-adjust')) {
      rows[0x3b] = { read: () => services.readTscAdjust(), write: (value) => (services.writeTscAdjust(value), true) };
    }
    if (hasFeature(model.words, 'tsc-deadline')) {
      rows[0x6e0] = { read: () => services.readTscDeadline(), write: (value) => (services.writeTscDeadline(value), true) };
    }
    if (hasFeature(model.words, 'pks')) rows[0x6e1] = { read: () => state.u64(L.PKRS), write: (value) => this.writePkrs(value) };
    for (const [number, row] of Object.entries(rows)) this.rows.set(Number(number), row);
  }

  /** The address has as many bits as physical ones have; x2APIC mode exists where CPUID says so. */
  private writeApicBase(value: bigint): boolean {
    const { model, writeApicBase } = this.services;
    if (value >> BigInt(model.physicalBits) !== 0n) return false;
    if (value & APIC_BASE_X2APIC && !hasFeature(model.words, 'x2apic')) return false;
    return writeApicBase(value);
  }

  /** Rights of supervisor pages by their protection keys: two bits each of 16. */
  private writePkrs(value: bigint): boolean {
    if (value >> 32n !== 0n) return false;
    this.services.state.setU64(L.PKRS, value);
    this.services.flushTlb();
    return true;
  }

  private writeEfer(value: bigint): boolean {
    const { state } = this.services;
    const old = state.u64(L.EFER);
    // LMA cannot be written; software that writes back what it read sets it all the same.
    if (value & ~(state.u64(L.EFER_ALLOWED) | EFER_LMA)) return false;
    if ((value ^ old) & EFER_LME && state.u64(L.CR0) & CR0_PG) return false;
    state.setU64(L.EFER, (value & ~EFER_LMA) | (old & EFER_LMA));
    if ((value ^ old) & EFER_NXE) this.services.flushTlb();
    this.services.stateChanged();
    return true;
  }
}

/** Memory types 0, 1 and 4 to 7 in each byte. */
function patValid(value: bigint): boolean {
  for (let i = 0n; i < 64n; i += 8n) {
    const type = (value >> i) & 0xffn;
    if (type > 7n || type === 2n || type === 3n) return false;
  }
  return true;
}
