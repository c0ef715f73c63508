/** Registers of the local APIC by index: offset / 16 in the xAPIC's page, or MSR - 0x800 in x2APIC mode (SDM volume 3, table 11-1). */
import { TIMER_MODE } from './apic-timer.js';
import { ESR, type LocalApic, LVT, MASKED } from './local-apic.js';
import { DELIVERY } from './message.js';

export const REGISTER = {
  id: 0x02,
  version: 0x03,
  tpr: 0x08,
  arbitration: 0x09,
  ppr: 0x0a,
  eoi: 0x0b,
  remoteRead: 0x0c,
  logicalId: 0x0d,
  destinationFormat: 0x0e,
  spurious: 0x0f,
  isr: 0x10,
  tmr: 0x18,
  irr: 0x20,
  errors: 0x28,
  icrLow: 0x30,
  icrHigh: 0x31,
  lvt: 0x32,
  initialCount: 0x38,
  currentCount: 0x39,
  divide: 0x3e,
  selfIpi: 0x3f,
} as const;

/** Version 0x14 with six LVT entries. */
const VERSION = 0x0005_0014;
/** Position of an LVT entry's registers: 0x32 timer, 0x33 thermal, 0x34 performance, 0x35 LINT0, 0x36 LINT1, 0x37 error. */
const LVT_WRITABLE = [0x7_00ff, 0x1_07ff, 0x1_07ff, 0x1_a7ff, 0x1_a7ff, 0x1_00ff] as const;

/** Undefined: there is no such register, or it cannot be read. */
export function readRegister(apic: LocalApic, index: number): number | undefined {
  if (index >= REGISTER.isr && index < REGISTER.isr + 8) return apic.isr.words[index & 7];
  if (index >= REGISTER.tmr && index < REGISTER.tmr + 8) return apic.tmr.words[index & 7];
  if (index >= REGISTER.irr && index < REGISTER.irr + 8) return apic.irr.words[index & 7];
  if (index >= REGISTER.lvt && index < REGISTER.lvt + 6) return apic.lvt[index - REGISTER.lvt];
  switch (index) {
    case REGISTER.id:
      return apic.isX2apic ? apic.busId : (apic.busId << 24) >>> 0;
    case REGISTER.version:
      return VERSION;
    case REGISTER.tpr:
      return apic.tpr;
    case REGISTER.ppr:
      return apic.processorPriority;
    case REGISTER.arbitration:
    case REGISTER.remoteRead:
      return apic.isX2apic ? undefined : 0;
    case REGISTER.logicalId:
      return apic.logicalId;
    case REGISTER.destinationFormat:
      return apic.destinationFormat;
    case REGISTER.spurious:
      return apic.spurious;
    case REGISTER.errors:
      return apic.errors;
    case REGISTER.icrLow:
      return apic.icrLow;
    case REGISTER.icrHigh:
      return apic.icrHigh;
    case REGISTER.initialCount:
      return apic.timer.initialCount;
    case REGISTER.currentCount:
      return apic.timer.currentCount;
    case REGISTER.divide:
      return apic.timer.divideConfig;
    default:
      return undefined;
  }
}

/** False: there is no such register, or the value is reserved. */
export function writeRegister(apic: LocalApic, index: number, value: number): boolean {
  if (index >= REGISTER.lvt && index < REGISTER.lvt + 6) {
    writeLvt(apic, index - REGISTER.lvt, value);
    return true;
  }
  switch (index) {
    case REGISTER.tpr:
      apic.tpr = value & 0xff;
      apic.update();
      return true;
    case REGISTER.eoi:
      if (apic.isX2apic && value !== 0) return false;
      apic.endOfInterrupt();
      return true;
    case REGISTER.logicalId:
      apic.logicalId = (value & 0xff00_0000) >>> 0;
      return true;
    case REGISTER.destinationFormat:
      apic.destinationFormat = (value | 0x0fff_ffff) >>> 0;
      return true;
    case REGISTER.spurious:
      writeSpurious(apic, value);
      return true;
    case REGISTER.errors: // a write shows what has gathered since the last one
      if (apic.isX2apic && value !== 0) return false;
      apic.errors = apic.pendingErrors;
      apic.pendingErrors = 0;
      return true;
    case REGISTER.icrLow:
      apic.icrLow = value & 0x000c_cfff;
      sendIpi(apic);
      return true;
    case REGISTER.icrHigh:
      apic.icrHigh = (value & 0xff00_0000) >>> 0;
      return true;
    case REGISTER.initialCount:
      apic.timer.setInitialCount(value >>> 0);
      return true;
    case REGISTER.divide:
      apic.timer.setDivideConfig(value);
      return true;
    case REGISTER.selfIpi:
      if (!apic.isX2apic || value > 0xff) return false;
      apic.receive(DELIVERY.fixed, value & 0xff, false);
      return true;
    case REGISTER.id:
      if (apic.isX2apic) return false;
      apic.xapicId = value >>> 24;
      return true;
    default:
      return false;
  }
}

function writeLvt(apic: LocalApic, entry: number, value: number): void {
  // While the APIC is off by software, entries stay masked (11.4.7.2).
  const forced = apic.softwareEnabled ? 0 : MASKED;
  apic.lvt[entry] = (value & (LVT_WRITABLE[entry] as number)) | forced;
  if (entry === LVT.timer) apic.timer.setMode(timerMode(value));
  apic.update();
}

function timerMode(entry: number): number {
  const mode = (entry >>> 17) & 3;
  return mode === 3 ? TIMER_MODE.oneShot : mode;
}

function writeSpurious(apic: LocalApic, value: number): void {
  apic.spurious = value & 0x11ff;
  if (!apic.softwareEnabled) for (const index of apic.lvt.keys()) apic.lvt[index] = (apic.lvt[index] as number) | MASKED;
  apic.update();
}

/** The interrupt command register (11.6.1). */
function sendIpi(apic: LocalApic): void {
  const command = apic.icrLow;
  const vector = command & 0xff;
  const mode = (command >>> 8) & 7;
  const level = (command & 0x8000) !== 0;
  // INIT level de-assert only synchronized arbitration, long ago.
  if (mode === DELIVERY.init && level && !(command & 0x4000)) return;
  if (vector < 16 && (mode === DELIVERY.fixed || mode === DELIVERY.lowestPriority)) return apic.error(ESR.sendIllegalVector);
  switch ((command >>> 18) & 3) {
    case 0: {
      const destination = apic.isX2apic ? apic.icrHigh >>> 0 : apic.icrHigh >>> 24;
      apic.apics.deliver({ destination, logical: (command & 0x800) !== 0, mode, vector, level: false }, apic.isX2apic);
      break;
    }
    case 1:
      apic.receive(mode, vector, false);
      break;
    case 2:
      for (const each of apic.apics.apics) each.receive(mode, vector, false);
      break;
    default:
      for (const each of apic.apics.apics) if (each !== apic) each.receive(mode, vector, false);
  }
}
