import { Env } from '@nandu/tcg';
import * as L from '../assembly/layout.js';
import { HelperHost } from './testing/helper-host.js';
import { enterLongMode, enterUserMode, gate, LONG_MODE as W } from './testing/long-mode.js';

const PC = 0x1_0000;
const HANDLER = 0x2_0000;

function longModeHost(): HelperHost {
  const host = new HelperHost();
  enterLongMode(host, host.cpu, PC);
  for (let vector = 0; vector < 256; vector++) host.write64(W.idt + 16 * vector, ...gate(HANDLER + vector));
  return host;
}

function frame(host: HelperHost, withError: boolean) {
  const rsp = Number(host.cpu.readRegister('rsp'));
  const at = withError ? rsp + 8 : rsp;
  const [rip, cs, rflags, oldRsp, ss] = [0, 1, 2, 3, 4].map((i) => Number(host.read64(at + 8 * i)));
  return { error: withError ? Number(host.read64(rsp)) : undefined, rip, cs, rflags, rsp: oldRsp, ss };
}

describe('exceptions in 64-bit mode', () => {
  it('pushes an aligned frame with the error code and masks interrupts', () => {
    const host = longModeHost();
    host.cpu.setState({ registers: { rsp: W.kernelStack - 4, rflags: 0x246 } });
    host.call['raise']!(13, 0x18);
    host.call['fault']!();
    expect(host.announced).toBeUndefined();
    expect(host.cpu.readRegister('rip')).toBe(BigInt(HANDLER + 13));
    expect(host.cpu.readRegister('rsp')).toBe(BigInt(W.kernelStack - 16 - 48));
    expect(frame(host, true)).toEqual({ error: 0x18, rip: PC, cs: W.kernelCode, rflags: 0x1_0246, rsp: W.kernelStack - 4, ss: W.kernelData });
    expect(host.cpu.readRegister('rflags')).toBe(0x46n);
  });

  it('switches to the stack of the TSS from level 3, and IRET comes back', () => {
    const host = longModeHost();
    enterUserMode(host.cpu, PC);
    host.call['raise']!(6, -1);
    host.call['fault']!();
    expect(host.cpu.readSegment('cs').selector).toBe(W.kernelCode);
    expect(host.cpu.readSegment('ss').selector).toBe(0);
    expect(frame(host, false)).toEqual({ error: undefined, rip: PC, cs: W.userCode, rflags: 0x1_0202, rsp: W.userStack, ss: W.userData });
    host.call['interrupt_return']!(8, 0n);
    expect(host.announced).toBeUndefined();
    expect(host.registers('rip', 'rsp', 'rflags')).toEqual({ rip: BigInt(PC), rsp: BigInt(W.userStack), rflags: 0x202n });
    expect(host.cpu.readSegment('cs').selector).toBe(W.userCode);
    expect(host.cpu.state.i32(Env.ENV_BLOCK_FLAGS) & L.HF_CPL).toBe(3);
  });

  it('takes the interrupt stack table', () => {
    const host = longModeHost();
    host.write64(W.idt + 16 * 2, ...gate(HANDLER, { ist: 1 }));
    host.cpu.nmi();
    host.cpu.prepareToRun();
    expect(host.cpu.readRegister('rsp')).toBe(BigInt(W.ist1 - 40));
    expect(host.cpu.state.i32(L.NMI_BLOCKED)).toBe(1);
    host.call['interrupt_return']!(8, 0n);
    expect(host.cpu.state.i32(L.NMI_BLOCKED)).toBe(0);
    expect(host.cpu.readRegister('rsp')).toBe(BigInt(W.kernelStack));
  });

  it.each([
    { what: 'INT n to a gate of higher privilege', prepare: () => {}, vector: 0x80, error: 0x80 * 8 + 2, exception: 13 },
    {
      what: 'INT n beyond the IDT',
      prepare: (host: HelperHost) => host.cpu.setState({ idt: { base: BigInt(W.idt), limit: 0x7ff } }),
      vector: 0x80,
      error: 0x80 * 8 + 2,
      exception: 13,
    },
    {
      what: 'INT n to a gate that is not present',
      prepare: (host: HelperHost) => host.write64(W.idt + 16 * 0x80, ...gate(HANDLER, { dpl: 3, present: false })),
      vector: 0x80,
      error: 0x80 * 8 + 2,
      exception: 11,
    },
    {
      what: 'INT n through a bad selector',
      prepare: (host: HelperHost) => host.write64(W.idt + 16 * 0x80, ...gate(HANDLER, { dpl: 3, selector: 0x18 })),
      vector: 0x80,
      error: 0x18,
      exception: 13,
    },
  ])('$what is exception $exception', ({ prepare, vector, error, exception }) => {
    const host = longModeHost();
    enterUserMode(host.cpu, PC);
    prepare(host);
    host.call['software_interrupt']!(vector, 1, BigInt(PC + 2));
    host.call['fault']!();
    expect(host.cpu.readRegister('rip')).toBe(BigInt(HANDLER + exception));
    expect(frame(host, true)).toMatchObject({ error, rip: PC });
  });

  it('turns a fault in the delivery of #GP into #DF, and one in that into a triple fault', () => {
    const host = longModeHost();
    host.write64(W.idt + 16 * 13, ...gate(HANDLER, { present: false }));
    host.call['raise']!(13, 0);
    host.call['fault']!();
    expect(host.cpu.readRegister('rip')).toBe(BigInt(HANDLER + 8));
    expect(frame(host, true)).toMatchObject({ error: 0, rip: PC });

    host.write64(W.idt + 16 * 8, ...gate(HANDLER, { present: false }));
    host.call['raise']!(13, 0);
    host.call['fault']!();
    expect(host.cpu.state.i32(Env.ENV_EXIT_REASON)).toBe(L.EXIT_TRIPLE_FAULT);
  });
});

describe('system calls', () => {
  it('SYSCALL and SYSRET change level, stack segment and flags', () => {
    const host = longModeHost();
    enterUserMode(host.cpu, PC);
    host.cpu.setState({ registers: { star: 0x0023_0010_0000_0000n, lstar: HANDLER, fmask: 0x700, rflags: 0x246 } });
    host.call['syscall']!(BigInt(PC + 2));
    expect(host.registers('rip', 'rcx', 'r11', 'rflags', 'rsp')).toEqual({
      rip: BigInt(HANDLER),
      rcx: BigInt(PC + 2),
      r11: 0x246n,
      rflags: 0x46n,
      rsp: BigInt(W.userStack),
    });
    expect([host.cpu.readSegment('cs').selector, host.cpu.readSegment('ss').selector]).toEqual([0x10, 0x18]);
    host.call['sysret']!(8);
    expect(host.registers('rip', 'rflags')).toEqual({ rip: BigInt(PC + 2), rflags: 0x246n });
    expect([host.cpu.readSegment('cs').selector, host.cpu.readSegment('ss').selector]).toEqual([0x33, 0x2b]);
    expect(host.cpu.state.i32(Env.ENV_BLOCK_FLAGS) & L.HF_CPL).toBe(3);
  });

  it('are undefined without EFER.SCE', () => {
    const host = longModeHost();
    host.cpu.setState({ registers: { efer: 0xd00 } });
    host.call['syscall']!(0n);
    expect(host.announced).toEqual({ vector: 6, error: undefined });
  });
});

describe('real mode', () => {
  it('takes INT n through the vector table and comes back by IRET', () => {
    const host = new HelperHost();
    host.cpu.setState({
      registers: { rip: 0x100, rsp: 0x800, rflags: 0x202 },
      segments: { cs: { selector: 0x100, base: 0x1000n, limit: 0xffff, flags: 0x9b00 }, ss: { selector: 0x200, base: 0x2000n, limit: 0xffff, flags: 0x9300 } },
    });
    host.write32(0x21 * 4, 0x1234_5678);
    host.call['software_interrupt']!(0x21, 1, 0x102n);
    host.call['fault']!();
    expect(host.registers('rip', 'rsp', 'rflags')).toEqual({ rip: 0x5678n, rsp: 0x7fan, rflags: 2n });
    expect(host.cpu.readSegment('cs')).toMatchObject({ selector: 0x1234, base: 0x1_2340n });
    expect([host.read16(0x27fa), host.read16(0x27fc), host.read16(0x27fe)]).toEqual([0x102, 0x100, 0x202]);
    host.call['interrupt_return']!(2, 0n);
    expect(host.registers('rip', 'rsp', 'rflags')).toEqual({ rip: 0x102n, rsp: 0x800n, rflags: 0x202n });
  });
});
