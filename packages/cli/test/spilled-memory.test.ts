/** A guest that uses far more memory than is kept in linear memory: chunks move out and back, and it finds everything again. */
import { ChardevRegistry } from '@nandu/chardev';
import { MiB, RunLoop } from '@nandu/core';
import { HostMemory } from '@nandu/memory';
import { createMachine } from '../src/create-machine.js';
import { Lifecycle } from '../src/lifecycle.js';
import { STATUS, walker } from './bare-guest.js';

const RESIDENT_BYTES = 32 * MiB;

it.each(['both', 'interpreter'])('tier=%s', async (tier) => {
  const machine = createMachine(
    {
      board: 'pc-i440fx-7.2-machine',
      memory: { sizeBytes: 256 * MiB, maxBytes: 256 * MiB, slots: 0 },
      boot: { kernel: walker(), kernelName: 'walker', append: '' },
      acceleratorProperties: { tier, resident: String(RESIDENT_BYTES), threshold: '20' },
    },
    [],
    new ChardevRegistry(),
  );
  machine.build();
  machine.addDevice({ driver: 'isa-debug-exit', properties: {}, text: false });
  machine.finish();
  const { pool } = machine.container.resolve(HostMemory);
  const status = await new Promise<number>((resolve, reject) => {
    new Lifecycle(machine, new RunLoop(machine), resolve, reject);
    machine.runState.set('running');
  });
  expect(status).toBe(STATUS.done);
  expect(pool.capacityBytes).toBe(RESIDENT_BYTES);
  expect(pool.usedBytes).toBeLessThanOrEqual(RESIDENT_BYTES);
});

it.each([
  ['1M', "Parameter 'resident' expects a size of at least 16M"],
  ['much', "Parameter 'resident' expects a size of at least 16M"],
])('refuses resident=%s', (resident, message) => {
  const machine = createMachine({ board: 'pc-i440fx-7.2-machine', acceleratorProperties: { resident } });
  expect(() => machine.build()).toThrow(message);
});
