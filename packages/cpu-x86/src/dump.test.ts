import { HelperHost } from './testing/helper-host.js';
import { enterLongMode } from './testing/long-mode.js';

it('shows a processor after reset as QEMU 7.2 does', () => {
  const { cpu } = new HelperHost('qemu64');
  expect(cpu.dumpRegisters().split('\n').slice(0, 18)).toEqual([
    'EAX=00000000 EBX=00000000 ECX=00000000 EDX=00060fb1',
    'ESI=00000000 EDI=00000000 EBP=00000000 ESP=00000000',
    'EIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0',
    'ES =0000 00000000 0000ffff 00009300',
    'CS =f000 ffff0000 0000ffff 00009b00',
    'SS =0000 00000000 0000ffff 00009300',
    'DS =0000 00000000 0000ffff 00009300',
    'FS =0000 00000000 0000ffff 00009300',
    'GS =0000 00000000 0000ffff 00009300',
    'LDT=0000 00000000 0000ffff 00008200',
    'TR =0000 00000000 0000ffff 00008b00',
    'GDT=     00000000 0000ffff',
    'IDT=     00000000 0000ffff',
    'CR0=60000010 CR2=00000000 CR3=00000000 CR4=00000000',
    'DR0=0000000000000000 DR1=0000000000000000 DR2=0000000000000000 DR3=0000000000000000 ',
    'DR6=00000000ffff0ff0 DR7=0000000000000400',
    'EFER=0000000000000000',
    'FCW=0040 FSW=0000 [ST=0] FTW=ff MXCSR=00001f80',
  ]);
});

it('shows 64-bit registers and the kinds of segments in 64-bit mode', () => {
  const host = new HelperHost();
  enterLongMode(host, host.cpu, 0x1234);
  host.cpu.setState({ registers: { r15: -1n, rflags: 0x46 } });
  const text = host.cpu.dumpRegisters();
  expect(text).toContain('R12=0000000000000000 R13=0000000000000000 R14=0000000000000000 R15=ffffffffffffffff\n');
  expect(text).toContain('RIP=0000000000001234 RFL=00000046 [---Z-P-] CPL=0');
  expect(text).toContain('CS =0010 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]\n');
  expect(text).toContain('DS =0018 0000000000000000 ffffffff 00c09300 DPL=0 DS   [-WA]\n');
  expect(text).toContain('TR =0040 0000000000006000 00000067 00008b00 DPL=0 TSS64-busy\n');
});
