/** The object tree and the memory tree, as monitors show them. */
import { executeLine, parseJson, printJson, replyTo, runCommand } from '@nandu/monitor';
import type { Emulator } from '../src/emulator.js';
import { tryCommandLine, words } from './command-line.js';

const MACHINE =
  '-S -display none -m 128M,maxmem=4G -nodefaults -smp 2 -object memory-backend-ram,id=m0,size=1G -device virtio-mem-pci,id=vm0,memdev=m0 ' +
  '-chardev ringbuf,id=rb -chardev null,id=s -serial chardev:s';

async function ask(emulator: Emulator, execute: string, args: object = {}): Promise<unknown> {
  const source = JSON.stringify({ execute, arguments: args });
  return JSON.parse(printJson(await replyTo(parseJson(source), false, (request) => runCommand(request, emulator))));
}

function onMachine(test: (hmp: (line: string) => Promise<string>, emulator: Emulator) => Promise<void>): Promise<unknown> {
  return tryCommandLine(words(MACHINE), (emulator) => test((line) => executeLine(line, emulator.machine, { cpuIndex: 0 }), emulator));
}

it('shows memory regions and buses below whoever made them', async () => {
  await onMachine(async (hmp) => {
    // QEMU 7.2's answers.
    expect(await hmp('info qom-tree vm0')).toBe(`/vm0 (virtio-mem-pci)
  /bus master container[0] (memory-region)
  /bus master[0] (memory-region)
  /virtio-backend (virtio-mem)
  /virtio-bus (virtio-pci-bus)
  /virtio-pci-common-virtio-mem[0] (memory-region)
  /virtio-pci-device-virtio-mem[0] (memory-region)
  /virtio-pci-isr-virtio-mem[0] (memory-region)
  /virtio-pci-notify-pio-virtio-mem[0] (memory-region)
  /virtio-pci-notify-virtio-mem[0] (memory-region)
  /virtio-pci[0] (memory-region)
`);
    expect(await hmp('info qom-tree /objects')).toBe(
      '/objects (container)\n  /m0 (memory-backend-ram)\n    /m0[0] (memory-region)\n  /pc.ram (memory-backend-ram)\n    /pc.ram[0] (memory-region)\n',
    );
    expect(await hmp('qom-list /machine/unattached/system[0]')).toBe(
      'type (string)\ncontainer (link<memory-region>)\naddr (uint64)\nsize (uint64)\npriority (uint32)\n',
    );
    const values: Readonly<Record<string, string>> = {
      '/machine/unattached/ram-below-4g[0] size': '134217728',
      '/machine/unattached/ram-below-4g[0] container': '"/machine/unattached/system[0]"',
      '/machine/unattached/pci[0] priority': '-1',
      '/machine/unattached/system[0] size': '18446744073709551615',
      '/machine/unattached/io[0] size': '65536',
      '/machine/peripheral/vm0/virtio-bus child[0]': '"/machine/peripheral/vm0/virtio-backend"',
      '/machine/peripheral/vm0/virtio-backend parent_bus': '"/machine/peripheral/vm0/virtio-bus"',
    };
    for (const [what, value] of Object.entries(values)) expect({ what, value: await hmp(`qom-get ${what}`) }).toEqual({ what, value: `${value}\n` });
  });
});

it('shows character backends as they come and go', async () => {
  await onMachine(async (hmp, emulator) => {
    expect(await hmp('info qom-tree /chardevs')).toBe('/chardevs (container)\n  /rb (chardev-ringbuf)\n  /s (chardev-null)\n');
    await ask(emulator, 'chardev-add', { id: 'n', backend: { type: 'null', data: {} } });
    expect(await hmp('qom-list /chardevs/n')).toBe('type (string)\n');
    await ask(emulator, 'chardev-remove', { id: 'n' });
    expect(await hmp('qom-list /chardevs/n')).toBe("Error: Device '/chardevs/n' not found\n");
  });
});

it('tells at /machine how it was configured', async () => {
  await onMachine(async (_, emulator) => {
    const get = (property: string) => ask(emulator, 'qom-get', { path: '/machine', property });
    expect(await get('memory')).toEqual({ return: { size: 134_217_728 } });
    expect(await get('smp')).toEqual({ return: { cpus: 2, maxcpus: 2, threads: 1, cores: 2, dies: 1, sockets: 1, clusters: 1 } });
    expect(await get('memory-backend')).toEqual({ return: '/objects/pc.ram' });
    expect(await get('kernel')).toEqual({ return: '' });
    expect(await get('device-memory-region-size')).toEqual({ return: 4_160_749_568 });
    expect(await get('rtc-time')).toEqual({ return: expect.objectContaining({ tm_year: expect.any(Number), tm_mon: expect.any(Number) }) });
    expect(await ask(emulator, 'qom-set', { path: '/machine', property: 'append', value: 'x' })).toHaveProperty('error');
  });
});

it('shows the address spaces of CPUs and bus masters, and which come to the same', async () => {
  await onMachine(async (hmp, { machine }) => {
    const tree = await hmp('info mtree');
    expect(tree).toContain(
      'address-space: cpu-memory-0\naddress-space: cpu-memory-1\naddress-space: memory\n  0000000000000000-ffffffffffffffff (prio 0, i/o): system\n',
    );
    expect(tree).toContain('address-space: virtio-mem-pci\n  0000000000000000-ffffffffffffffff (prio 0, i/o): bus master container\n\n');
    expect(tree).toContain('\nmemory-region: system\n');
    const off = ' AS "virtio-mem-pci", root: bus master container\n AS "i440FX", root: bus master container\n';
    expect(await hmp('info mtree -f')).toContain(off);
    expect(await hmp('info mtree -f')).toContain(' Root memory region: (none)\n  No rendered FlatView\n');
    const device = machine.findDevice('vm0') as unknown as { configWrite(offset: number, value: number, size: number): void };
    device.configWrite(4, 7, 2);
    expect(await hmp('info mtree')).toContain(
      '    0000000000000000-ffffffffffffffff (prio 0, i/o): alias bus master @system 0000000000000000-ffffffffffffffff\n',
    );
    expect(await hmp('info mtree -f')).toContain(' AS "memory", root: system\n AS "virtio-mem-pci", root: bus master container\n Root memory region: system\n');
  });
});

it('lists what options take', async () => {
  await tryCommandLine(words('-S -display none -machine none'), async (emulator) => {
    // QEMU's rows.
    expect(await ask(emulator, 'query-command-line-options', { option: 'memory' })).toEqual({
      return: [
        {
          option: 'memory',
          parameters: [
            { name: 'maxmem', type: 'size' },
            { name: 'slots', type: 'number' },
            { name: 'size', type: 'size' },
          ],
        },
      ],
    });
    const { return: rows } = (await ask(emulator, 'query-command-line-options')) as { return: { option: string; parameters: { name: string }[] }[] };
    const names = Object.fromEntries(rows.map(({ option, parameters }) => [option, parameters.map(({ name }) => name)]));
    expect(names).toMatchObject({
      action: ['watchdog', 'panic', 'reboot', 'shutdown'],
      rtc: ['driftfix', 'clock', 'base'],
      mon: ['pretty', 'chardev', 'mode'],
      device: [],
      'smp-opts': expect.arrayContaining(['cpus', 'maxcpus', 'sockets', 'threads']),
      'boot-opts': ['strict', 'reboot-timeout', 'splash-time', 'splash', 'menu', 'once', 'order'],
    });
  });
});
