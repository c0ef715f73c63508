/** The monitor's x/i on a small kernel that has not begun to run: text from the tables that its code is translated from. */
import { MiB } from '@nandu/core';
import { executeLine } from '@nandu/monitor';
import { createMachine } from '../src/create-machine.js';
import { bareGuest } from './bare-guest.js';

const machine = createMachine({
  board: 'pc-i440fx-7.2-machine',
  memory: { sizeBytes: 64 * MiB, maxBytes: 64 * MiB, slots: 0 },
  boot: { kernel: bareGuest('multiboot'), kernelName: 'guest', append: '' },
});
machine.build();
machine.finish();
const ask = (line: string) => executeLine(line, machine, { cpuIndex: 0 });

it('shows address, bytes and text of instructions', async () => {
  const lines = (await ask('x/3i $eip')).trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^0x0010[0-9a-f]{4}: ( [0-9a-f]{2}){5} +cmp eax, 0x2badb002$/);
  expect(lines[1]).toMatch(/^0x0010[0-9a-f]{4}: {2}75 [0-9a-f]{2} +jne /);
});

it('takes physical addresses too, and goes on where each instruction ends', async () => {
  const [first, second] = (await ask('xp/2i $eip')).split('\n');
  expect(Number.parseInt(second!, 16) - Number.parseInt(first!, 16)).toBe(5);
});

it('says so where memory cannot be had', async () => {
  expect(await ask('x/70000i 0')).toMatch(/^at most \d+ instructions are shown at a time\n$/);
});
