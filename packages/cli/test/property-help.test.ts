/** What QEMU prints for `-device X,help` and `-object X,help`; the same as QMP's device-list-properties tells. */
import { readFileSync } from 'node:fs';
import type { QmpCommand } from '@nandu/core';
import { createMachine } from '../src/create-machine.js';
import { typesOf } from '../src/emulator.js';
import { helpFor } from '../src/help.js';
import { parseCommandLine } from '../src/options/parse.js';
import { BUILT_IN_PLUGINS } from '../src/plugins.js';

const recorded = readFileSync(new URL('../../test/golden/property-help.txt', import.meta.url), 'utf8')
  .split(/^\$ /m)
  .slice(1)
  .map((block) => block.split(/\n(.*)/s) as [string, string]);

/** Where we differ on purpose: the default of newer QEMUs; no threads that touch memory. */
function adapted(text: string): string {
  return text.replace(/(unplugged-inaccessible=.*default: )"auto"/, '$1"on"').replace(/ {2}prealloc-context=.*\n/, '');
}

const types = typesOf(BUILT_IN_PLUGINS);

it.each(recorded)('%s', async (line, text) => {
  const parsed = await parseCommandLine(line.split(' '));
  expect('settings' in parsed && helpFor(parsed.settings, types)).toBe(adapted(text));
});

it('device-list-properties has the properties of a virtio device behind PCI', () => {
  const machine = createMachine({});
  const rows = (machine.qmpCommands.get('device-list-properties') as QmpCommand).run({ typename: 'virtio-balloon-pci' } as never, { machine });
  expect(rows).toContainEqual({ name: 'free-page-reporting', description: 'on/off', type: 'bool', 'default-value': false });
  expect(rows).toContainEqual({ name: 'virtio-backend', type: 'child<virtio-balloon-device>' });
});
