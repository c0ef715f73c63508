import type { MachineCheck } from '@nandu/core';
import { assemble } from './testing/assemble.js';
import { BareMachine } from './testing/bare-machine.js';
import { gate, LONG_MODE as W } from './testing/long-mode.js';

const CODE = 0x1_0000;
const HANDLER = 0x2_0000;
const MACHINE_CHECK = 18;
const CR4_MCE = 0x40;
const VALID = 1n << 63n;
const OVERFLOW = 1n << 62n;
const UNCORRECTED = 1n << 61n;
const MCG_STATUS = 0x17a;
const BANK_1 = { control: 0x404, status: 0x405, address: 0x406, misc: 0x407 };

const corrected: MachineCheck = { bank: 1, status: VALID | 0x17n, globalStatus: 0n, address: 0x1234n, misc: 5n };
const uncorrected: MachineCheck = { ...corrected, status: VALID | UNCORRECTED, globalStatus: 5n };

/** A processor that spins; exception 18 counts in RCX. */
function spinning(cr4 = 0x6b0 | CR4_MCE): BareMachine {
  const machine = new BareMachine();
  machine.load(CODE, assemble('spin: inc rdx; jmp spin'));
  machine.load(HANDLER, assemble('inc rcx; iretq'));
  machine.long(CODE);
  machine.cpu.setState({ registers: { cr4 } });
  machine.write64(W.idt + 16 * MACHINE_CHECK, ...gate(HANDLER));
  return machine;
}

const handled = (machine: BareMachine): bigint => machine.cpu.readRegister('rcx')!;
const bank = ({ cpu: { msrs } }: BareMachine) => [BANK_1.status, BANK_1.address, BANK_1.misc].map((number) => msrs.read(number));

it('notes a corrected error and interrupts nobody', () => {
  const machine = spinning();
  expect(machine.cpu.machineCheck(corrected)).toEqual({ action: 'inject', recursive: false });
  machine.run(100);
  expect(handled(machine)).toBe(0n);
  expect(bank(machine)).toEqual([corrected.status, 0x1234n, 5n]);
});

it('raises exception 18 for an uncorrected one, also where interrupts are off', () => {
  const machine = spinning();
  machine.cpu.setState({ registers: { rflags: 2 } });
  expect(machine.cpu.machineCheck(uncorrected)).toEqual({ action: 'inject', recursive: false });
  machine.run(100);
  expect(handled(machine)).toBe(1n);
  expect(machine.cpu.msrs.read(MCG_STATUS)).toBe(5n);
});

it('marks a bank that held one already, and keeps the worse of two', () => {
  const machine = spinning();
  machine.cpu.machineCheck(corrected);
  machine.cpu.machineCheck(uncorrected);
  expect(bank(machine)[0]).toBe(uncorrected.status | OVERFLOW);
  machine.cpu.msrs.store(MCG_STATUS, 0n);
  machine.cpu.machineCheck({ ...corrected, address: 9n });
  expect(bank(machine)).toEqual([uncorrected.status | OVERFLOW, 0x1234n, 5n]);
});

it.each([
  { name: 'a bank that there is not', error: { ...corrected, bank: 10 }, message: 'Invalid MCE bank number\n' },
  { name: 'a status that is not valid', error: { ...corrected, status: 1n }, message: 'Invalid MCE status code\n' },
])('refuses $name', ({ error, message }) => {
  expect(spinning().cpu.machineCheck(error)).toEqual({ action: 'refused', recursive: false, message });
});

it('says nothing where software switched reports off', () => {
  const { cpu } = spinning();
  cpu.msrs.write(BANK_1.control, 0n);
  expect(cpu.machineCheck(uncorrected).message).toBe('CPU 0: Uncorrected error reporting disabled for bank 1\n');
});

it('is fatal without CR4.MCE, and while another is handled', () => {
  expect(spinning(0x6b0).cpu.machineCheck(uncorrected)).toEqual({
    action: 'reset',
    recursive: false,
    message: 'CPU 0: MCE capability is not enabled, raising triple fault',
  });
  const machine = spinning();
  machine.cpu.machineCheck(uncorrected);
  const required = { ...uncorrected, status: uncorrected.status | (1n << 55n) };
  expect(machine.cpu.machineCheck(required)).toMatchObject({ action: 'reset', recursive: true });
  expect(machine.cpu.machineCheck(corrected)).toEqual({ action: 'ignore', recursive: true });
});
