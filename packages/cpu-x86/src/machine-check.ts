/** Machine checks (SDM volume 3, chapter 16): an error is noted in its bank, and software is told of what cannot be corrected. */
import type { MachineCheck, MachineCheckOutcome } from '@nandu/core';
import { MC0_CTL, MCE_BANKS, MCG_CTL, MCG_STATUS, type MsrFile } from './msr.js';

const STATUS = { valid: 1n << 63n, overflow: 1n << 62n, uncorrected: 1n << 61n, actionRequired: 1n << 55n } as const;
const IN_PROGRESS = 4n;
const ALL = BigInt.asUintN(64, -1n);

/** What the processor's other parts say and do. */
export interface MachineCheckCpu {
  readonly index: number;
  readonly msrs: MsrFile;
  /** CR4.MCE. */
  readonly takesMachineChecks: boolean;
  /** Exception 18 at the next instruction. */
  raiseMachineCheck(): void;
}

/** Notes an error and tells software of it, if it may be. */
export function machineCheck(cpu: MachineCheckCpu, { bank, status, globalStatus, address, misc }: MachineCheck): MachineCheckOutcome {
  const { msrs, index } = cpu;
  const first = MC0_CTL + 4 * bank;
  const read = (number: number): bigint => msrs.read(number) ?? 0n;
  const refused = (message: string): MachineCheckOutcome => ({ action: 'refused', recursive: false, message: `${message}\n` });
  const note = (value: bigint): void => {
    const overflow = read(first + 1) & STATUS.valid ? STATUS.overflow : 0n;
    msrs.store(first + 2, address);
    msrs.store(first + 3, misc);
    msrs.store(first + 1, value | overflow);
  };

  if (bank >= MCE_BANKS) return refused('Invalid MCE bank number');
  if (!(status & STATUS.valid)) return refused('Invalid MCE status code');
  const inProgress = (read(MCG_STATUS) & IN_PROGRESS) !== 0n;
  if (inProgress && !(status & STATUS.actionRequired)) return { action: 'ignore', recursive: true };

  if (!(status & STATUS.uncorrected)) {
    // An uncorrected error that waits in the bank is worth more.
    const waiting = read(first + 1);
    if (waiting & STATUS.valid && waiting & STATUS.uncorrected) msrs.store(first + 1, waiting | STATUS.overflow);
    else note(status);
    return { action: 'inject', recursive: false };
  }
  if (read(MCG_CTL) !== ALL) return refused(`CPU ${index}: Uncorrected error reporting disabled`);
  if (read(first) !== ALL) return refused(`CPU ${index}: Uncorrected error reporting disabled for bank ${bank}`);
  const cannot = (why: string): MachineCheckOutcome => ({ action: 'reset', recursive: inProgress, message: `CPU ${index}: ${why}, raising triple fault` });
  if (!cpu.takesMachineChecks) return cannot('MCE capability is not enabled');
  if (inProgress) return cannot('Previous MCE still in progress');
  note(status);
  msrs.store(MCG_STATUS, globalStatus);
  cpu.raiseMachineCheck();
  return { action: 'inject', recursive: false };
}
