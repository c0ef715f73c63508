/** What travels between APICs (SDM volume 3, 11.6.1 and 11.11): who is meant, how, and with which vector. */
export const DELIVERY = { fixed: 0, lowestPriority: 1, smi: 2, nmi: 4, init: 5, startup: 6, extInt: 7 } as const;

export interface ApicMessage {
  /** An APIC id, or a set of logical ids. */
  readonly destination: number;
  readonly logical: boolean;
  /** One of DELIVERY. */
  readonly mode: number;
  readonly vector: number;
  readonly level: boolean;
}

/** The message that a write to 0xfeexxxxx means. */
export function messageFromMsi(address: number, data: number): ApicMessage {
  return {
    destination: (address >>> 12) & 0xff,
    logical: (address & 4) !== 0,
    mode: (data >>> 8) & 7,
    vector: data & 0xff,
    level: (data & 0x8000) !== 0,
  };
}
