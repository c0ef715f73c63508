/** What a guest's page tables map (SDM volume 3, chapter 4), for people who look at them: nothing is set or checked on the way. */

/** Bits of an entry. */
export const PTE = { present: 0x1n, write: 0x2n, user: 0x4n, large: 0x80n } as const;
const CR0_PG = 1n << 31n;
const CR4_PSE = 1n << 4n;
const CR4_PAE = 1n << 5n;
const EFER_LMA = 1n << 10n;

export interface PagingRegisters {
  readonly cr0: bigint;
  readonly cr3: bigint;
  readonly cr4: bigint;
  readonly efer: bigint;
}

/** Reads guest-physical memory. */
export type ReadPhysical = (address: number, into: Uint8Array) => void;

export interface Mapping {
  /** First address, as the tables count: below 2^48 and not sign-extended. */
  readonly virtual: bigint;
  readonly bytes: bigint;
  readonly entry: bigint;
  /** Bits of the entry that are an address (and, in 32-bit and PAE modes, what QEMU shows along with it). */
  readonly frame: bigint;
  /** Present, write and user bits, as all levels together allow; those of a PAE page directory's pointers are reserved. */
  readonly rights: bigint;
}

interface Level {
  /** Address bits that an entry of this level covers. */
  readonly shift: bigint;
  readonly entries: number;
  /** The bits shown of an entry that maps a page itself; 0 where none can. */
  readonly frame: bigint;
  /** Whether this level's entries have a say in rights. */
  readonly limits: boolean;
}

/** A paging mode: from the root down to pages of 4 KiB. */
interface Mode {
  readonly entryBytes: 4 | 8;
  readonly root: bigint;
  readonly tables: bigint;
  readonly levels: readonly Level[];
}

const from = (bit: bigint): bigint => BigInt.asUintN(64, -1n << bit);
const bits = (first: bigint, end: bigint): bigint => (1n << end) - (1n << first);

const LONG: Mode = {
  entryBytes: 8,
  root: bits(12n, 50n),
  tables: bits(12n, 50n),
  levels: [
    { shift: 39n, entries: 512, frame: 0n, limits: true },
    { shift: 30n, entries: 512, frame: bits(30n, 50n), limits: true },
    { shift: 21n, entries: 512, frame: bits(21n, 50n), limits: true },
    { shift: 12n, entries: 512, frame: bits(12n, 50n), limits: true },
  ],
};
const PAE: Mode = {
  entryBytes: 8,
  root: bits(5n, 32n),
  tables: bits(12n, 50n),
  levels: [
    { shift: 30n, entries: 4, frame: 0n, limits: false },
    { shift: 21n, entries: 512, frame: from(20n), limits: true },
    { shift: 12n, entries: 512, frame: from(12n), limits: true },
  ],
};
const TWO_LEVELS: Mode = {
  entryBytes: 4,
  root: bits(12n, 32n),
  tables: bits(12n, 32n),
  levels: [
    { shift: 22n, entries: 1024, frame: from(21n), limits: true },
    { shift: 12n, entries: 1024, frame: from(12n), limits: true },
  ],
};

function modeOf({ cr4, efer }: PagingRegisters): Mode {
  if (efer & EFER_LMA) return LONG;
  if (cr4 & CR4_PAE) return PAE;
  return cr4 & CR4_PSE ? TWO_LEVELS : { ...TWO_LEVELS, levels: TWO_LEVELS.levels.map((level) => (level.shift === 12n ? level : { ...level, frame: 0n })) };
}

/** A guest may make tables that point at themselves: more than these nobody wants to see. */
const MAX_TABLES = 4096;

export const isPaging = ({ cr0 }: PagingRegisters): boolean => (cr0 & CR0_PG) !== 0n;

/** Shows every page that is mapped, by address; false if there were too many tables to look at all of them. */
export function eachMapping(registers: PagingRegisters, read: ReadPhysical, show: (mapping: Mapping) => void): boolean {
  const { levels, entryBytes, root, tables } = modeOf(registers);
  let budget = MAX_TABLES;

  function walk(depth: number, table: bigint, base: bigint, rights: bigint): void {
    if (budget === 0) return;
    budget--;
    const { shift, entries, frame, limits } = levels[depth]!;
    const bytes = new Uint8Array(entries * entryBytes);
    read(Number(table), bytes);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < entries; i++) {
      const entry = entryBytes === 8 ? view.getBigUint64(i * 8, true) : BigInt(view.getUint32(i * 4, true));
      if (!(entry & PTE.present)) continue;
      const virtual = base + (BigInt(i) << shift);
      const allowed = limits ? rights & entry : rights;
      const isPage = depth === levels.length - 1 || (frame !== 0n && (entry & PTE.large) !== 0n);
      if (isPage) show({ virtual, bytes: 1n << shift, entry, frame, rights: allowed });
      else walk(depth + 1, entry & tables, virtual, allowed);
    }
  }

  walk(0, registers.cr3 & root, 0n, PTE.present | PTE.write | PTE.user);
  return budget > 0;
}
