/** calc-dirty-rate: memory that is written between two looks at some of its pages. */
import { AddressSpaceMemory } from '@nandu/core';
import { executeLine, type Json, parseJson, printJson, replyTo, runCommand } from '@nandu/monitor';
import type { Emulator } from '../src/emulator.js';
import { tryCommandLine, words } from './command-line.js';

const MiB = 2 ** 20;

async function ask({ machine }: Emulator, execute: string, given: object = {}): Promise<unknown> {
  const source = printJson({ execute, arguments: given } as Json);
  return JSON.parse(printJson(await replyTo(parseJson(source) as Json, false, (request) => runCommand(request, { machine }))));
}

async function measured(emulator: Emulator): Promise<Record<string, number | string>> {
  for (;;) {
    const { return: now } = (await ask(emulator, 'query-dirty-rate')) as { return: Record<string, number | string> };
    if (now['status'] === 'measured') return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('measures how much was written in that time', async () => {
  await tryCommandLine(words('-S -nodefaults -display none -m 64M'), async (emulator) => {
    const memory = emulator.machine.container.resolve(AddressSpaceMemory);
    const hmp = (line: string) => executeLine(line, emulator.machine, { cpuIndex: 0 });
    expect(await ask(emulator, 'query-dirty-rate')).toEqual({
      return: { status: 'unstarted', 'sample-pages': 0, mode: 'page-sampling', 'start-time': 0, 'calc-time': 0 },
    });
    expect(await ask(emulator, 'calc-dirty-rate', { 'calc-time': 1, 'sample-pages': 16384 })).toEqual({ return: {} });
    expect(await ask(emulator, 'calc-dirty-rate', { 'calc-time': 1 })).toEqual({
      error: { class: 'GenericError', desc: 'the dirty rate is already being measured.' },
    });
    expect(await hmp('info dirty_rate')).toMatch(/^Status: measuring\n[\s\S]*Dirty rate: \(not ready\)\n$/);
    // The upper half, a word a page.
    for (let address = 32 * MiB; address < 64 * MiB; address += 4096) memory.write(address, 0x1234_5678, 4);
    const { 'dirty-rate': rate, ...rest } = await measured(emulator);
    expect(rest).toEqual({ status: 'measured', 'sample-pages': 16384, mode: 'page-sampling', 'start-time': expect.any(Number), 'calc-time': 1 });
    // About 500 of 1000 samples; a busy computer may look late.
    expect(rate).toBeGreaterThan(8);
    expect(rate).toBeLessThan(42);
    expect(await hmp('calc_dirty_rate 1 128')).toBe("Starting dirty rate measurement with period 1 seconds\n[Please use 'info dirty_rate' to check results]\n");
    await measured(emulator);
    expect(await hmp('info dirty_rate')).toMatch(
      /^Status: measured\nStart Time: \d+ \(ms\)\nSample Pages: 128 \(per GB\)\nPeriod: 1 \(sec\)\nMode: page-sampling\nDirty rate: 0 \(MB\/s\)\n$/,
    );
  });
});

it('refuses what is out of range', async () => {
  await tryCommandLine(words('-S -nodefaults -display none -m 64M'), async (emulator) => {
    const refused: readonly (readonly [object, string])[] = [
      [{ 'calc-time': 0 }, 'calc-time is out of range[1, 60].'],
      [{ 'calc-time': 61 }, 'calc-time is out of range[1, 60].'],
      [{ 'calc-time': 1, 'sample-pages': 1 }, 'sample-pages is out of range[128, 16384].'],
      [{ 'calc-time': 1, 'sample-pages': 1000, mode: 'dirty-ring' }, 'either sample-pages or dirty-ring can be specified.'],
      [{ 'calc-time': 1, mode: 'dirty-ring' }, 'mode dirty-ring is not enabled, use other method instead.'],
      [{ 'calc-time': 1, mode: 'xx' }, "Parameter 'mode' does not accept value 'xx'"],
      [{}, "Parameter 'calc-time' is missing"],
    ];
    for (const [given, desc] of refused) expect(await ask(emulator, 'calc-dirty-rate', given)).toEqual({ error: { class: 'GenericError', desc } });
    const hmp = (line: string) => executeLine(line, emulator.machine, { cpuIndex: 0 });
    expect(await hmp('calc_dirty_rate 0')).toBe('Incorrect period length specified!\n');
    expect(await hmp('calc_dirty_rate -r -b 1')).toBe('Either dirty ring or dirty bitmap can be specified!\n');
  });
});
