/** What management software asks before and after it starts a machine; libvirt 9.0 gives up where one of these is missing. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressSpaceMemory } from '@nandu/core';
import { Mc146818 } from '@nandu/isa';
import { HostMemory } from '@nandu/memory';
import { executeLine, type Json, parseJson, printJson, replyTo, runCommand } from '@nandu/monitor';
import type { Emulator } from '../src/emulator.js';
import { tryCommandLine, words } from './command-line.js';

type Row = Record<string, unknown>;

async function ask(emulator: Emulator, command: string, given?: object): Promise<Row> {
  const source = JSON.stringify({ execute: command, ...(given ? { arguments: given } : {}) });
  return JSON.parse(printJson(await replyTo(parseJson(source) as Json, false, (request) => runCommand(request, emulator))));
}

it('tells a probe what there is', async () => {
  await tryCommandLine(words('-S -nodefaults -display none -machine none,accel=kvm:tcg'), async (emulator) => {
    const list = async (command: string): Promise<Row[]> => (await ask(emulator, command))['return'] as Row[];
    expect((await list('qom-list-types')).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['tcg-accel', 'qtest-accel', 'virtio-mem-pci', 'virtio-balloon-pci', 'virtio-rng-pci', 'memory-backend-ram', 'max-x86_64-cpu']),
    );
    const safe = { static: false, 'migration-safe': true, deprecated: false };
    expect(await list('query-cpu-definitions')).toEqual(
      expect.arrayContaining([
        { ...{ name: 'qemu64', typename: 'qemu64-x86_64-cpu', 'alias-of': 'qemu64-v1', 'unavailable-features': [] }, ...safe },
        { ...{ name: 'Haswell-v2', typename: 'Haswell-v2-x86_64-cpu', 'unavailable-features': expect.any(Array) }, ...safe },
      ]),
    );
    // QEMU's row but for `hotpluggable-cpus`: ours are not.
    expect(await list('query-machines')).toContainEqual({
      ...{ name: 'pc-i440fx-7.2', alias: 'pc', 'is-default': true, 'cpu-max': 255, 'default-cpu-type': 'qemu64-x86_64-cpu' },
      ...{ 'default-ram-id': 'pc.ram', 'numa-mem-supported': false, 'hotpluggable-cpus': false, deprecated: false },
    });
    expect(await ask(emulator, 'query-kvm')).toEqual({ return: { enabled: false, present: false } });
    expect((await list('query-qmp-schema')).map(({ name }) => name)).toEqual(expect.arrayContaining(['device_add', 'qom-set', 'set-action', 'str']));
    expect(await ask(emulator, 'qom-list-properties', { typename: 'none-machine' })).toHaveProperty('return');
    for (const command of ['query-chardev', 'query-block', 'query-named-block-nodes', 'query-iothreads', 'query-memory-devices']) {
      expect({ command, reply: await ask(emulator, command) }).toEqual({ command, reply: { return: expect.any(Array) } });
    }
  });
});

it('keeps migration capabilities off', async () => {
  await tryCommandLine(words('-S -display none -machine none'), async (emulator) => {
    const set = (...capabilities: unknown[]) => ask(emulator, 'migrate-set-capabilities', { capabilities });
    expect(await set({ capability: 'events', state: false }, { capability: 'xbzrle', state: false })).toEqual({ return: {} });
    expect(await set({ capability: 'events', state: true })).toEqual({
      error: { class: 'GenericError', desc: "Migration is not implemented: capability 'events' cannot be turned on" },
    });
    // QEMU's words for the rest.
    const refused: [unknown, string][] = [
      [{ capability: 'xyz', state: true }, "Parameter 'capability' does not accept value 'xyz'"],
      [{ capability: 'events' }, "Parameter 'capabilities[0].state' is missing"],
      [{ capability: 'events', state: 1 }, "Invalid parameter type for 'capabilities[0].state', expected: boolean"],
      [{ capability: 'events', state: false, x: 1 }, "Parameter 'capabilities[0].x' is unexpected"],
      [1, "Invalid parameter type for 'capabilities[0]', expected: object"],
    ];
    for (const [capability, desc] of refused) expect(await set(capability)).toEqual({ error: { class: 'GenericError', desc } });
  });
});

it('expands CPU models', async () => {
  await tryCommandLine(words('-S -display none -machine none'), async (emulator) => {
    const expand = (type: string, model: object) => ask(emulator, 'query-cpu-model-expansion', { type, model });
    expect(await expand('full', { name: 'qemu64', props: { nx: false } })).toEqual({
      return: { model: { name: 'qemu64', props: expect.objectContaining({ vendor: 'AuthenticAMD', family: 15, lm: true, nx: false, avx2: false }) } },
    });
    expect(await expand('full', { name: 'xx' })).toEqual({ error: { class: 'GenericError', desc: "CPU model 'xx' not found" } });
    const fixed = { name: 'base', props: expect.objectContaining({ vendor: 'GenuineIntel', 'min-level': 13, ssse3: true, hle: false }) };
    expect(await expand('static', { name: 'Haswell' })).toEqual({ return: { model: fixed } });
  });
});

it('single-steps, and says so', async () => {
  await tryCommandLine(words('-S -display none -machine none'), async ({ machine }) => {
    const hmp = (line: string) => executeLine(line, machine, { cpuIndex: 0 });
    expect(await hmp('singlestep')).toBe('');
    expect(await hmp('info status')).toBe('VM status: paused (single step mode) (prelaunch)\n');
    expect(await hmp('singlestep off')).toBe('');
    expect(await hmp('info status')).toBe('VM status: paused (prelaunch)\n');
  });
});

it('logs what is asked for, where it is asked for', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'nandu-log-')), 'guest.log');
  await tryCommandLine(words('-S -display none'), async ({ machine }) => {
    const hmp = (line: string) => executeLine(line, machine, { cpuIndex: 0 });
    expect(await hmp('log nosuch')).toMatch(/^Log items \(comma separated\):\nunimp/);
    expect(await hmp('log int')).toBe("Error: log item 'int' is not implemented\n");
    expect(await hmp(`logfile ${file}`)).toBe('');
    machine.log.guestError('not wanted yet');
    expect(await hmp('log guest_errors')).toBe('');
    machine.log.guestError('the guest did wrong');
    expect(await hmp('log none')).toBe('');
    machine.log.guestError('not wanted any more');
    expect(readFileSync(file, 'utf8')).toBe('the guest did wrong\n');
  });
});

it('tells where guest RAM lies in its memory', async () => {
  await tryCommandLine(words('-S -display none -m 64M'), async ({ machine }) => {
    const hmp = (line: string) => executeLine(line, machine, { cpuIndex: 0 });
    const [, address] = /^Host virtual address for 0x1000 \(pc\.ram\) is (0x[0-9a-f]+)\n$/.exec(await hmp('gpa2hva 0x1000')) ?? [];
    const { view } = machine.container.resolve(HostMemory);
    machine.container.resolve(AddressSpaceMemory).write(0x1000, 0x1234_5678, 4);
    expect(view.getUint32(Number(address), true)).toBe(0x1234_5678);
    expect(await hmp('gpa2hva 0xe0000000')).toBe('No memory is mapped at address 0xe0000000\n');
    expect(await hmp('gpa2hva 0xfee00000')).toBe('Memory at address 0xfee00000 is not RAM\n');
  });
});

it('keeps the boot order where firmware looks', async () => {
  await tryCommandLine(words('-S -display none -m 64M'), async ({ machine }) => {
    expect(await executeLine('boot_set ndc', machine, { cpuIndex: 0 })).toBe('boot device list now set to ndc\n');
    const { cells } = machine.only(Mc146818);
    expect([cells[0x3d], cells[0x38]]).toEqual([0x34, 0x20]);
  });
});

it('shows what is loaded at every reset', async () => {
  await tryCommandLine(words('-S -display none -m 64M'), async ({ machine }) => {
    const text = await executeLine('info roms', machine, { cpuIndex: 0 });
    expect(text).toMatch(/^addr=[0-9a-f]{16} size=0x[0-9a-f]{6} mem=ram name="etc\/acpi\/tables"$/m);
  });
});

it('refuses ISA devices while the machine runs, by their bus', async () => {
  await tryCommandLine(words('-S -display none -nodefaults'), async ({ machine }) => {
    for (const driver of ['isa-serial', 'isa-debugcon', 'isa-debug-exit', 'pc-testdev']) {
      expect(await executeLine(`device_add ${driver},id=s1`, machine, { cpuIndex: 0 })).toBe("Error: Bus 'isa.0' does not support hotplugging\n");
    }
  });
});

it('has a slot for each DIMM that ACPI might plug', async () => {
  const slot = (slot: string) => ({ source: 0, status: 0, slot, 'slot-type': 'DIMM' });
  const status = (line: string, answer: object) =>
    tryCommandLine(words(`-S -display none ${line}`), async (emulator) => expect(await ask(emulator, 'query-acpi-ospm-status')).toEqual(answer));
  await status('-m 128M,slots=2,maxmem=1G -smp 2', { return: [slot('0'), slot('1')] });
  await status('-m 128M', { return: [] });
  await status('-machine none', { error: { class: 'GenericError', desc: 'command is not supported, missing ACPI device' } });
});

it('has a NUMA node where memory may be plugged', async () => {
  await tryCommandLine(words('-S -display none -m 128M,maxmem=4G -smp 2'), async ({ machine }) => {
    expect(await executeLine('info numa', machine, { cpuIndex: 0 })).toBe('1 nodes\nnode 0 cpus: 0 1\nnode 0 size: 128 MB\nnode 0 plugged: 0 MB\n');
  });
});
