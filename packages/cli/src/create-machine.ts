import { ChardevRegistry, chardevPlugin } from '@nandu/chardev';
import { nodeChardevs } from '@nandu/chardev/node';
import { Machine, type MachineConfig, type Plugin } from '@nandu/core';
import { BUILT_IN_PLUGINS } from './plugins.js';

/** What a machine has unless its builder says otherwise: an empty board, one CPU, 128 MiB, no guest. */
const DEFAULTS: MachineConfig = {
  board: 'none-machine',
  boardProperties: {},
  cpuModel: 'qemu64',
  smp: { cpus: 1, maxCpus: 1, sockets: 1, dies: 1, clusters: 1, cores: 1, threads: 1 },
  memory: { sizeBytes: 128 * 1024 * 1024, maxBytes: 128 * 1024 * 1024, slots: 0 },
  numa: [],
  boot: {},
  accelerator: 'tcg',
  acceleratorProperties: {},
  serial: [],
  rtc: { base: 'utc', clock: 'host' },
  actions: { reboot: 'reset', shutdown: 'poweroff', panic: 'shutdown', watchdog: 'reset' },
  noDefaults: true,
  globals: [],
};

/**
 * For machine builders: a machine with everything that the command line has, and `plugins` of one's own. It is not built yet:
 * add objects, call `build()`, add devices, call `finish()`, then run it with a `RunLoop`. `chardevs` holds the backends that
 * its serial ports name.
 */
export function createMachine(config: Partial<MachineConfig> = {}, plugins: readonly Plugin[] = [], chardevs = new ChardevRegistry(nodeChardevs)): Machine {
  return new Machine([...BUILT_IN_PLUGINS, chardevPlugin(chardevs), ...plugins], { ...DEFAULTS, ...config });
}
