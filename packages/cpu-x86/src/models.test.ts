import { apicIdOf, Cpuid, type CpuTopology } from './cpuid.js';
import { hasFeature } from './cpuid-features.js';
import { MODELS, parseCpuModel } from './models.js';
import { HelperHost } from './testing/helper-host.js';

const SEED: CpuTopology = { sockets: 2, dies: 1, cores: 2, threads: 1 };

function cpuidOf(model: string, topology = SEED, index = 0) {
  return new Cpuid(parseCpuModel(model), topology, apicIdOf(index, topology), {
    osxsave: () => false,
    ospke: () => false,
    apicEnabled: () => true,
    xcr0: () => 1,
  });
}

function text(...words: number[]): string {
  return String.fromCharCode(...words.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff)));
}

describe('CPUID', () => {
  it('shows qemu64 as QEMU 7.2 does', () => {
    const cpuid = cpuidOf('qemu64');
    const { eax, ebx, ecx, edx } = cpuid.read(0, 0);
    expect([eax, text(ebx, edx, ecx)]).toEqual([0xd, 'AuthenticAMD']);
    expect(cpuid.read(1, 0)).toEqual({ eax: 0x60fb1, ebx: 0x0002_0800, ecx: 0x8000_2001, edx: 0x178b_fbfd });
    const brand = [0x8000_0002, 0x8000_0003, 0x8000_0004].flatMap((leaf) => Object.values(cpuid.read(leaf, 0)));
    expect(text(...brand).replaceAll('\0', '')).toBe('QEMU Virtual CPU version 2.5+');
    expect(cpuid.read(0x8000_0008, 0).eax).toBe(0x3028);
    const hypervisor = cpuid.read(0x4000_0000, 0);
    expect(text(hypervisor.ebx, hypervisor.ecx, hypervisor.edx)).toBe('TCGTCGTCGTCG');
  });

  it('places processors in sockets and cores', () => {
    expect([0, 1, 2, 3].map((index) => apicIdOf(index, SEED))).toEqual([0, 1, 2, 3]);
    expect([0, 1, 2, 3].map((index) => apicIdOf(index, { ...SEED, cores: 3 }))).toEqual([0, 1, 2, 4]);
    expect(cpuidOf('max', SEED, 2).read(0xb, 1)).toEqual({ eax: 1, ebx: 2, ecx: 0x201, edx: 2 });
  });

  it('gives nothing beyond the last leaf of an AMD model, and the last basic one on Intel', () => {
    expect(cpuidOf('qemu64').read(0x20, 0)).toEqual({ eax: 0, ebx: 0, ecx: 0, edx: 0 });
    const intel = cpuidOf('Nehalem');
    expect(intel.read(0x20, 0)).toEqual(intel.read(0xb, 0));
  });
});

describe('-cpu', () => {
  it.each(Object.keys(MODELS))('%s claims nothing that is not implemented', (name) => {
    const model = parseCpuModel(name);
    for (const feature of ['svm', 'vmx', 'la57', 'rtm', 'avx512f']) expect(hasFeature(model.words, feature)).toBe(false);
    expect(model.warnings.length).toBe(model.missing.length);
  });

  it.each([
    ['Haswell-noTSX', { vendor: 'GenuineIntel', family: 6, model: 60, stepping: 1, brand: 'Intel Core Processor (Haswell, no TSX)', missing: [] }],
    ['EPYC-v1', { vendor: 'AuthenticAMD', family: 23, model: 1, stepping: 2, level: 0xd, xlevel: 0x8000_001e }],
    ['Nehalem-v1', { family: 6, model: 26, level: 11, missing: [] }],
    ['qemu64', { family: 15, model: 107, xlevel: 0x8000_000a, physicalBits: 40, missing: [] }],
    ['pentium3', { physicalBits: 36 }],
    ['kvm64,vendor=AuthenticAMD,family=23,model=0x31,stepping=2,model-id=Mine', { vendor: 'AuthenticAMD', family: 23, model: 49, stepping: 2, brand: 'Mine' }],
    ['Conroe,+fsgsbase', { level: 10 }],
    ['486,+smep', { level: 7 }],
    ['qemu64,level=3,phys-bits=45', { level: 3, physicalBits: 45 }],
    ['core2duo,min-level=0x10', { level: 16 }],
  ])('%s', (text, expected) => {
    expect(parseCpuModel(text)).toMatchObject(expected);
  });

  it('takes features off and on, whatever the order', () => {
    const model = parseCpuModel('qemu64,+popcnt,sse4_2=on,popcnt=off,-nx,hypervisor=off');
    expect(['popcnt', 'sse4.2', 'nx', 'hypervisor'].map((name) => hasFeature(model.words, name))).toEqual([true, true, false, false]);
    expect(model.translated.has('popcnt')).toBe(true);
  });

  it("warns in QEMU's words of what it cannot do, unless check=off", () => {
    const warnings = [
      "TCG doesn't support requested feature: CPUID.07H:EBX.avx512f [bit 16]",
      "TCG doesn't support requested feature: MSR(48BH).vmx-ept [bit 1]",
    ];
    expect(parseCpuModel('max,+vmx-ept,+avx512f').warnings).toEqual(warnings);
    expect(parseCpuModel('max,+avx512f,check=off').warnings).toEqual([]);
    expect(parseCpuModel('Haswell').warnings).toEqual(
      [4, 11].map((bit) => `TCG doesn't support requested feature: CPUID.07H:EBX.${bit === 4 ? 'hle' : 'rtm'} [bit ${bit}]`),
    );
    // QEMU's own code has SVM, so a model that has it says nothing; who asks for it is told.
    expect(parseCpuModel('qemu64').warnings).toEqual([]);
    expect(parseCpuModel('qemu64,+svm').warnings).toEqual(["TCG doesn't support requested feature: CPUID.80000001H:ECX.svm [bit 2]"]);
  });

  it.each([
    ['z80', "unable to find CPU model 'z80'"],
    ['Haswell-v9', "unable to find CPU model 'Haswell-v9'"],
    ['host', "CPU model 'host' requires KVM or HVF"],
    ['max,+nonsense', "Property 'max-x86_64-cpu.nonsense' not found"],
    ['max,nonsense=1', "can't apply global max-x86_64-cpu.nonsense=1: Property 'max-x86_64-cpu.nonsense' not found"],
    ['qemu64,sse4_2=maybe', "can't apply global qemu64-x86_64-cpu.sse4-2=maybe: Parameter 'sse4-2' expects 'on' or 'off'"],
    ['qemu64,vendor=abc', "can't apply global qemu64-x86_64-cpu.vendor=abc: Property '.vendor' doesn't take value 'abc'"],
    ['qemu64,family=999', "can't apply global qemu64-x86_64-cpu.family=999: Property .family doesn't take value 999 (minimum: 0, maximum: 270)"],
    ['qemu64,stepping=20', "can't apply global qemu64-x86_64-cpu.stepping=20: Property .stepping doesn't take value 20 (minimum: 0, maximum: 15)"],
    ['qemu64,level=-1', "can't apply global qemu64-x86_64-cpu.level=-1: Parameter 'level' expects uint32_t"],
    ['qemu64,phys-bits=60', 'phys-bits should be between 32 and 52  (but is 60)'],
    ['Haswell,enforce', "TCG doesn't support requested features"],
  ])('%s is refused', (text, message) => {
    expect(() => parseCpuModel(text)).toThrow(new Error(message));
  });
});

it.each([
  { model: 'max,phys-bits=36,host-phys-bits=off', value: 0xf_fee0_0800n, asked: true },
  { model: 'max,phys-bits=36,host-phys-bits=off', value: 0x10_fee0_0800n, asked: false },
  { model: 'max,+x2apic', value: 0xfee0_0c00n, asked: true },
  { model: 'max,-x2apic', value: 0xfee0_0c00n, asked: false },
])('$model: whether the APIC is asked about a base of $value: $asked', ({ model, value, asked }) => {
  const heard: bigint[] = [];
  const { cpu } = new HelperHost(model, { writeApicBase: (base) => heard.push(base) > 0 });
  expect(cpu.msrs.write(0x1b, value)).toBe(asked);
  expect(heard).toEqual(asked ? [value] : []);
});

describe('MSRs', () => {
  const { cpu } = new HelperHost();
  const rows: readonly { what: string; number: number; value: bigint; taken: boolean }[] = [
    { what: 'LSTAR', number: 0xc000_0082, value: 0xffff_ffff_8100_0000n, taken: true },
    { what: 'LSTAR that is not canonical', number: 0xc000_0082, value: 0x8000_0000_0000n, taken: false },
    { what: 'EFER with NXE', number: 0xc000_0080, value: 0x801n, taken: true },
    { what: 'EFER with a reserved bit', number: 0xc000_0080, value: 0x1_0000n, taken: false },
    { what: 'PAT', number: 0x277, value: 0x0407_0506_0007_0106n, taken: true },
    { what: 'PAT with memory type 2', number: 0x277, value: 2n, taken: false },
    { what: 'MTRRcap, which is read-only', number: 0xfe, value: 0n, taken: false },
    { what: 'no such register', number: 0x1234, value: 0n, taken: false },
    { what: "a bank's control, all bits", number: 0x404, value: 0xffff_ffff_ffff_ffffn, taken: true },
    { what: "a bank's control, some bits", number: 0x404, value: 0xaaaa_aaaan, taken: false },
    { what: "a bank's status, to clear it", number: 0x405, value: 0n, taken: true },
    { what: "a bank's status", number: 0x405, value: 1n, taken: false },
  ];
  it.each(rows)('writing $what: $taken', ({ number, value, taken }) => {
    expect(cpu.msrs.write(number, value)).toBe(taken);
    if (taken) expect(cpu.msrs.read(number)).toBe(value);
  });
});
