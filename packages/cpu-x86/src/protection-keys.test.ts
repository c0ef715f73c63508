/** Protection keys: what PKRU and IA32_PKRS forbid, and the page faults that say so (SDM volume 3A, 4.6.2 and 4.7). */
import * as L from '../assembly/layout.js';
import { HelperHost } from './testing/helper-host.js';
import { enterLongMode, LONG_MODE as W } from './testing/long-mode.js';

const [READ, WRITE, EXECUTE] = [0, 1, 2];
const USER_PAGE = 7n;
const SUPERVISOR_PAGE = 3n;
const PAGE = 0x4_5000;
const KEY = 5;
const PKRS = 0x6e1;
const CR4_PKE = 1n << 22n;
const CR4_PKS = 1n << 24n;
const CR0_WP = 0x1_0000n;
const NO_ACCESS = 1;
const NO_WRITE = 2;
const GP = { vector: 13, error: 0 };
const UD = { vector: 6, error: undefined };
/** Pages by their key, and what is denied to it. */
const denied = (bits: number): number => bits << (2 * KEY);
const fault = (error: number) => ({ vector: 14, error });

function hostWith(page: bigint, cr4: bigint): HelperHost {
  const host = new HelperHost();
  enterLongMode(host, host.cpu, 0x1_0000);
  host.write64(W.pt + 8 * (PAGE >> 12), BigInt(PAGE) | page | (BigInt(KEY) << 59n));
  host.cpu.setState({ registers: { cr4: host.cpu.readRegister('cr4')! | cr4 } });
  return host;
}

function fill(host: HelperHost, access: number, mmu: number) {
  host.forget();
  return host.call['tlb_fill']!(BigInt(PAGE), access, mmu) === 1 ? 'ok' : host.announced;
}

/** RDPKRU, WRPKRU, XSAVE and XRSTOR, with these registers. */
function run(host: HelperHost, name: string, registers: Readonly<Record<string, number>>, ...args: (number | bigint)[]) {
  host.forget();
  host.cpu.setState({ registers });
  host.call[name]!(...args);
  return host.announced;
}

describe('keys of user pages', () => {
  it.each([
    { bits: NO_ACCESS, access: READ, mmu: L.MMU_USER, result: fault(0x25) },
    { bits: NO_ACCESS, access: WRITE, mmu: L.MMU_USER, result: fault(0x27) },
    { bits: NO_ACCESS, access: EXECUTE, mmu: L.MMU_FETCH_USER, result: 'ok' },
    { bits: NO_ACCESS, access: READ, mmu: L.MMU_KERNEL, result: fault(0x21) },
    { bits: NO_WRITE, access: READ, mmu: L.MMU_USER, result: 'ok' },
    { bits: NO_WRITE, access: WRITE, mmu: L.MMU_USER, result: fault(0x27) },
    { bits: NO_WRITE, access: WRITE, mmu: L.MMU_KERNEL, result: fault(0x23) },
    { bits: 0, access: WRITE, mmu: L.MMU_USER, result: 'ok' },
  ])('$bits denied, access $access through table $mmu: $result', ({ bits, access, mmu, result }) => {
    const host = hostWith(USER_PAGE, CR4_PKE);
    expect(run(host, 'wrpkru', { rax: denied(bits), rcx: 0, rdx: 0 })).toBeUndefined();
    expect(fill(host, access, mmu)).toEqual(result);
  });

  it('let level 0 write while CR0.WP is clear, and say nothing without CR4.PKE or of supervisor pages', () => {
    const host = hostWith(USER_PAGE, CR4_PKE);
    run(host, 'wrpkru', { rax: denied(NO_WRITE), rcx: 0, rdx: 0 });
    host.cpu.setState({ registers: { cr0: host.cpu.readRegister('cr0')! & ~CR0_WP } });
    expect(fill(host, WRITE, L.MMU_KERNEL)).toBe('ok');
    expect(fill(host, WRITE, L.MMU_USER)).toEqual(fault(0x27));
    host.cpu.setState({ registers: { cr4: host.cpu.readRegister('cr4')! & ~CR4_PKE } });
    expect(fill(host, WRITE, L.MMU_USER)).toBe('ok');
    const other = hostWith(SUPERVISOR_PAGE, CR4_PKE);
    run(other, 'wrpkru', { rax: denied(NO_ACCESS), rcx: 0, rdx: 0 });
    expect(fill(other, READ, L.MMU_KERNEL)).toBe('ok');
  });
});

describe('keys of supervisor pages', () => {
  it('are in IA32_PKRS, whose upper half is reserved', () => {
    const host = hostWith(SUPERVISOR_PAGE, CR4_PKS);
    expect(host.cpu.msrs.write(PKRS, 1n << 32n)).toBe(false);
    expect(host.cpu.msrs.write(PKRS, BigInt(denied(NO_WRITE)))).toBe(true);
    expect(host.cpu.msrs.read(PKRS)).toBe(BigInt(denied(NO_WRITE)));
    expect(fill(host, READ, L.MMU_KERNEL)).toBe('ok');
    expect(fill(host, WRITE, L.MMU_KERNEL)).toEqual(fault(0x23));
    const user = hostWith(USER_PAGE, CR4_PKS);
    user.cpu.msrs.write(PKRS, BigInt(denied(NO_ACCESS)));
    expect(fill(user, READ, L.MMU_USER)).toBe('ok');
  });
});

describe('PKRU', () => {
  it('is read and written with ECX zero, and EDX for a write, once CR4.PKE is set', () => {
    const without = hostWith(USER_PAGE, 0n);
    expect(run(without, 'rdpkru', { rcx: 0 })).toEqual(UD);
    expect(run(without, 'wrpkru', { rcx: 0, rdx: 0 })).toEqual(UD);
    const host = hostWith(USER_PAGE, CR4_PKE);
    expect(run(host, 'wrpkru', { rax: 0x1234_5678, rcx: 0, rdx: 0 })).toBeUndefined();
    expect(run(host, 'rdpkru', { rcx: 1 })).toEqual(GP);
    expect(run(host, 'wrpkru', { rcx: 1, rdx: 0 })).toEqual(GP);
    expect(run(host, 'wrpkru', { rcx: 0, rdx: 1 })).toEqual(GP);
    expect(run(host, 'rdpkru', { rax: 0, rcx: 0, rdx: 7 })).toBeUndefined();
    expect(host.registers('rax', 'rdx')).toEqual({ rax: 0x1234_5678n, rdx: 0n });
    expect(host.cpu.cpuid.read(7, 0).ecx & 0x10).toBe(0x10);
    expect(without.cpu.cpuid.read(7, 0).ecx & 0x18).toBe(8);
  });

  it.each([
    { name: 'standard', kind: L.XSAVE_ALL, components: 0x201, at: 2688 },
    { name: 'compacted', kind: L.XSAVE_COMPACTED, components: 0x201, at: 576 },
    { name: 'compacted, with AVX', kind: L.XSAVE_COMPACTED, components: 0x207, at: 832 },
  ])('is a component of the XSAVE area, $name', ({ kind, components, at }) => {
    const AREA = 0x8_0000;
    const host = hostWith(USER_PAGE, CR4_PKE | (1n << 18n));
    expect(run(host, 'xsetbv', { rax: 0x207, rcx: 0, rdx: 0 })).toBeUndefined();
    const [xcr0, subleaf] = [host.cpu.cpuid.read(0xd, 0), host.cpu.cpuid.read(0xd, 9)];
    expect([xcr0.eax, xcr0.ebx, subleaf.eax, subleaf.ebx]).toEqual([0x207, 2696, 8, 2688]);
    run(host, 'wrpkru', { rax: 0xabc0, rcx: 0, rdx: 0 });
    expect(run(host, 'xsave', { rax: components, rdx: 0 }, BigInt(AREA), kind, 1)).toBeUndefined();
    expect(host.read32(AREA + at)).toBe(0xabc0);
    expect(Number(host.read64(AREA + 512)) & 0x200).toBe(0x200);
    run(host, 'wrpkru', { rax: 0, rcx: 0, rdx: 0 });
    expect(run(host, 'xrstor', { rax: components, rdx: 0 }, BigInt(AREA), 1)).toBeUndefined();
    expect(host.cpu.state.u64(L.PKRU)).toBe(0xabc0n);
    // In its initial state: no rights are denied.
    host.write64(AREA + 512, host.read64(AREA + 512) & ~0x200n);
    expect(run(host, 'xrstor', { rax: components, rdx: 0 }, BigInt(AREA), 1)).toBeUndefined();
    expect(host.cpu.state.u64(L.PKRU)).toBe(0n);
  });
});
