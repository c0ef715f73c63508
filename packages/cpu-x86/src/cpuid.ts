/** The leaves of CPUID (SDM volume 2, CPUID; AMD64 manual volume 3, appendix E), as QEMU 7.2 fills them. */
import { xsaveLeaf } from './cpuid-xsave.js';
import type { CpuModel } from './models.js';

/** Where a processor sits; all counts are what one of the next larger unit holds. */
export interface CpuTopology {
  readonly sockets: number;
  readonly dies: number;
  readonly cores: number;
  readonly threads: number;
}

export interface CpuidRegisters {
  eax: number;
  ebx: number;
  ecx: number;
  edx: number;
}

type Leaf = (subleaf: number) => Partial<CpuidRegisters>;

/** Bits that hold a number below `count`. */
function widthOf(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}

/** APIC id of processor `index`, counted thread by thread: each unit's number has a field of its own. */
export function apicIdOf(index: number, { dies, cores, threads }: CpuTopology): number {
  const thread = index % threads;
  const core = Math.floor(index / threads) % cores;
  const die = Math.floor(index / (threads * cores)) % dies;
  const socket = Math.floor(index / (threads * cores * dies));
  const coreShift = widthOf(threads);
  const dieShift = coreShift + widthOf(cores);
  return (socket << (dieShift + widthOf(dies))) | (die << dieShift) | (core << coreShift) | thread;
}

/** Three 4-byte strings of a vendor, as EBX, EDX, ECX. */
function vendorWords(text: string): { ebx: number; edx: number; ecx: number } {
  const [ebx, edx, ecx] = [0, 4, 8].map((at) => word(text, at));
  return { ebx: ebx!, edx: edx!, ecx: ecx! };
}
function word(text: string, at: number): number {
  let value = 0;
  for (let i = 3; i >= 0; i--) value = (value << 8) | (text.charCodeAt(at + i) || 0);
  return value >>> 0;
}

/** Of leaf 7's ECX: CR4.PKE is set. */
const OSPKE = 1 << 4;

/** A cache for leaf 4: type 1 data, 2 instructions, 3 both. */
interface Cache {
  readonly type: number;
  readonly level: number;
  readonly ways: number;
  readonly sets: number;
  /** Processors that share it. */
  readonly shared: number;
  readonly edx: number;
}

export class Cpuid {
  private readonly leaves: ReadonlyMap<number, Leaf>;
  readonly signature: number;

  constructor(
    private readonly model: CpuModel,
    private readonly topology: CpuTopology,
    readonly apicId: number,
    /** Asked on every CPUID: bits that mirror CR4, XCR0 and the APIC. */
    private readonly now: { osxsave(): boolean; ospke(): boolean; apicEnabled(): boolean; xcr0(): number },
  ) {
    const { family, model: number, stepping } = model;
    const extended = Math.max(0, family - 15);
    this.signature = (extended << 20) | ((number >> 4) << 16) | (Math.min(family, 15) << 8) | ((number & 15) << 4) | stepping;
    this.leaves = new Map(Object.entries(this.table()).map(([leaf, make]) => [Number(leaf), make]));
  }

  /** What the guest gets for `leaf` and `subleaf`. Leaves beyond the last are those of the last basic one (Intel) or zero (AMD). */
  read(leaf: number, subleaf: number): CpuidRegisters {
    const result: CpuidRegisters = { eax: 0, ebx: 0, ecx: 0, edx: 0 };
    const { level, xlevel, vendor } = this.model;
    let chosen = leaf;
    if (leaf >= 0x8000_0000 ? leaf > xlevel : leaf >= 0x4000_0000 ? leaf > 0x4000_0001 || !this.model.showsAccelerator : leaf > level) {
      if (vendor === 'AuthenticAMD') return result;
      chosen = level;
    }
    return Object.assign(result, this.leaves.get(chosen)?.(subleaf));
  }

  private get perSocket(): number {
    const { dies, cores, threads } = this.topology;
    return dies * cores * threads;
  }

  private table(): Record<number, Leaf> {
    const { model, topology, apicId, perSocket } = this;
    const { words } = model;
    const several = perSocket > 1;
    const isAmd = model.vendor === 'AuthenticAMD';
    return {
      0: () => ({ eax: model.level, ...vendorWords(model.vendor) }),
      1: () => {
        let edx = words['1.edx'];
        let ecx = words['1.ecx'];
        if (several) edx |= 1 << 28;
        if (!this.now.apicEnabled()) edx &= ~(1 << 9);
        if (this.now.osxsave()) ecx |= 1 << 27;
        return { eax: this.signature, ebx: ((apicId << 24) | ((several ? perSocket : 0) << 16) | (8 << 8)) >>> 0, ecx: ecx >>> 0, edx: edx >>> 0 };
      },
      /** Descriptors of caches: 4 MiB L2; L1 of 32 KiB each. AMD has leaves of its own for them. */
      2: () => (isAmd ? {} : { eax: 1, ecx: 0x4d, edx: 0x2c_307d }),
      4: (subleaf) => (isAmd ? {} : this.cache(subleaf)),
      /** MWAIT, if there were one: extensions enumerated, interrupts end it even while disabled. */
      5: () => ({ ecx: 3 }),
      6: () => ({ eax: words['6.eax'] }),
      7: (subleaf) => (subleaf === 0 ? { ebx: words['7.ebx'], ecx: (words['7.ecx'] | (this.now.ospke() ? OSPKE : 0)) >>> 0, edx: words['7.edx'] } : {}),
      0xb: (subleaf) => {
        const threadBits = widthOf(topology.threads);
        const socketBits = threadBits + widthOf(topology.cores) + widthOf(topology.dies);
        const common = { ecx: subleaf & 0xff, edx: apicId };
        if (subleaf === 0) return { ...common, eax: threadBits, ebx: topology.threads, ecx: common.ecx | 0x100 };
        if (subleaf === 1) return { ...common, eax: socketBits, ebx: perSocket, ecx: common.ecx | 0x200 };
        return common;
      },
      0xd: (subleaf) => xsaveLeaf(model, subleaf, this.now.xcr0()),
      0x4000_0000: () => {
        const { ebx, edx, ecx } = vendorWords('TCGTCGTCGTCG');
        return { eax: 0x4000_0001, ebx, ecx: edx, edx: ecx };
      },
      0x8000_0000: () => ({ eax: model.xlevel, ...vendorWords(model.vendor) }),
      0x8000_0001: () => {
        let ecx = words['80000001.ecx'];
        if (several && model.vendor !== 'GenuineIntel') ecx |= 2;
        return { eax: this.signature, ecx: ecx >>> 0, edx: words['80000001.edx'] };
      },
      0x8000_0002: () => this.brand(0),
      0x8000_0003: () => this.brand(16),
      0x8000_0004: () => this.brand(32),
      /** AMD's descriptions of TLBs and caches. */
      0x8000_0005: () => ({ eax: 0x01ff_01ff, ebx: 0x01ff_01ff, ...this.amdCaches.first }),
      0x8000_0006: () => ({ ebx: 0x4200_4200, ...this.amdCaches.further }),
      0x8000_0007: () => ({ edx: words['80000007.edx'] }),
      0x8000_0008: () => ({ eax: (48 << 8) | model.physicalBits, ecx: several ? (widthOf(perSocket) << 12) | (perSocket - 1) : 0 }),
    };
  }

  /** L1 of data and instructions as ECX and EDX of leaf 80000005, L2 and L3 as those of 80000006: those of Zen by family and model. */
  private get amdCaches() {
    const { family, model } = this.model;
    // 64 KiB in 2 ways each; 512 KiB in 16 ways, 16 MiB.
    if (family < 23) return { first: { ecx: 0x4002_0140, edx: 0x4002_0140 }, further: { ecx: 0x0200_8140, edx: 0x0080_8140 } };
    // 32 KiB in 8 ways, and 64 KiB in 4 or 32 KiB in 8; 512 KiB in 8 ways; 8, 16 or 32 MiB.
    const l3 = family === 25 ? 0x0100_8140 : model === 49 ? 0x0080_8140 : 0x0040_8140;
    return { first: { ecx: 0x2008_0140, edx: l3 === 0x0040_8140 ? 0x4004_0140 : 0x2008_0140 }, further: { ecx: 0x0200_6140, edx: l3 } };
  }

  private brand(at: number): CpuidRegisters {
    const text = this.model.brand;
    return { eax: word(text, at), ebx: word(text, at + 4), ecx: word(text, at + 8), edx: word(text, at + 12) };
  }

  private cache(subleaf: number): Partial<CpuidRegisters> {
    const { cores, threads, dies } = this.topology;
    const caches: readonly Cache[] = [
      { type: 1, level: 1, ways: 8, sets: 64, shared: 1, edx: 1 },
      { type: 2, level: 1, ways: 8, sets: 64, shared: 1, edx: 1 },
      { type: 3, level: 2, ways: 16, sets: 4096, shared: threads, edx: 1 },
      { type: 3, level: 3, ways: 16, sets: 16384, shared: cores * threads * dies, edx: 6 },
    ];
    const cache = caches[subleaf];
    if (!cache) return {};
    const { type, level, ways, sets, shared, edx } = cache;
    const power = (count: number): number => 1 << widthOf(count);
    return {
      eax: (type | (level << 5) | (1 << 8) | ((power(shared) - 1) << 14) | ((power(cores * dies) - 1) << 26)) >>> 0,
      ebx: (63 | ((ways - 1) << 22)) >>> 0,
      ecx: sets - 1,
      edx,
    };
  }
}
