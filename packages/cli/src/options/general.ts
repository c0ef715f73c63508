/** Options about the run: boot, time, what happens at its end, what is logged. */
import { ACTIONS, boolType, ConfigError } from '@nandu/core';
import { LOG_ITEM_LIST, LOG_ITEMS, parseLogItems } from '../log-items.js';
import { CommandLineError, warn } from '../problem.js';
import { flag, knownPairs, type Option, oneOf, type Parameters } from './option.js';

const VGA_TYPES = ['none', 'std', 'cirrus', 'vmware', 'qxl', 'xenfb', 'tcx', 'cg3', 'virtio'];
const DISPLAY_TYPES = ['none', 'gtk', 'sdl', 'curses', 'egl-headless', 'spice-app', 'dbus', 'vnc', 'default'];

/** What options take, in QEMU's order. */
const PARAMETERS = {
  action: { watchdog: 'string', panic: 'string', reboot: 'string', shutdown: 'string' },
  icount: { rrsnapshot: 'string', rrfile: 'string', rr: 'string', sleep: 'boolean', align: 'boolean', shift: 'string' },
  rtc: { driftfix: 'string', clock: 'string', base: 'string' },
  name: { 'debug-threads': 'boolean', process: 'string', guest: 'string' },
  overcommit: { 'cpu-pm': 'boolean', 'mem-lock': 'boolean' },
  boot: { strict: 'boolean', 'reboot-timeout': 'number', 'splash-time': 'number', splash: 'string', menu: 'boolean', once: 'string', order: 'string' },
} as const satisfies Readonly<Record<string, Parameters>>;

const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
const DATE = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2})?$/;

export const generalOptions: readonly Option[] = [
  {
    names: ['kernel'],
    argument: 'file',
    help: 'the kernel to boot: bzImage, or an ELF with a PVH or multiboot header',
    apply(s, { value }) {
      s.kernel = value;
    },
  },
  {
    names: ['initrd'],
    argument: 'file',
    help: 'its initial RAM disk',
    apply(s, { value }) {
      s.initrd = value;
    },
  },
  {
    names: ['append'],
    argument: 'cmdline',
    help: 'its command line',
    apply(s, { value }) {
      s.append = value;
    },
  },
  flag('nographic', 'serial port and monitor share the terminal; Ctrl-A H helps', (s) => {
    s.nographic = true;
  }),
  flag('S', 'do not start the CPUs: wait for the monitor to say cont', (s) => {
    s.stopped = true;
  }),
  flag('no-reboot', 'exit instead of rebooting', (s) => {
    s.actions.reboot = 'shutdown';
  }),
  flag('no-shutdown', 'stop before shutdown', (s) => {
    s.actions.shutdown = 'pause';
  }),
  flag('nodefaults', 'no default devices', (s) => {
    s.noDefaults = true;
  }),
  flag('no-user-config', 'accepted: there is no user configuration', () => {}),
  flag('no-fd-bootchk', 'accepted: there is no floppy to check', () => {}),
  {
    names: ['no-hpet'],
    help: 'no HPET: short for -machine hpet=off',
    apply(s) {
      s.machine['hpet'] = 'off';
    },
  },
  {
    names: ['no-acpi'],
    help: 'no ACPI: short for -machine acpi=off',
    apply(s) {
      s.machine['acpi'] = 'off';
    },
  },
  {
    names: ['action'],
    argument: 'reboot=…|shutdown=…|panic=…|watchdog=…',
    help: 'what follows when the guest reboots, shuts down or panics',
    parameters: PARAMETERS.action,
    apply(s, given) {
      const names = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[];
      const pairs = knownPairs(given, undefined, PARAMETERS.action);
      for (const name of names) if (pairs[name] !== undefined) Object.assign(s.actions, { [name]: oneOf(name, pairs[name], ACTIONS[name]) });
    },
  },
  {
    names: ['icount'],
    argument: 'shift=N[,sleep=on|off]',
    help: 'virtual time counts instructions, 2^N ns each: runs are reproducible',
    parameters: PARAMETERS.icount,
    apply(s, given) {
      const { shift, sleep = 'on', align = 'off' } = knownPairs(given, 'shift', PARAMETERS.icount);
      if (given.value.includes('rr=')) throw new ConfigError('icount: record and replay are not implemented');
      if (shift === 'auto') throw new ConfigError('icount: shift=auto is not implemented, give a number');
      if (shift === undefined || !/^\d+$/.test(shift) || Number(shift) > 10) throw new ConfigError('icount: Invalid shift value');
      if (boolType.parse(align, 'align')) throw new ConfigError('icount: align=on is not implemented');
      s.icount = { shift: Number(shift), sleep: boolType.parse(sleep, 'sleep') };
    },
  },
  {
    names: ['rtc'],
    argument: '[base=utc|localtime|<datetime>][,clock=host|rt|vm]',
    help: 'what the real-time clock starts from and follows',
    parameters: PARAMETERS.rtc,
    apply(s, given) {
      const { base = 'utc', clock = 'host', driftfix = 'none' } = knownPairs(given, undefined, PARAMETERS.rtc);
      if (driftfix !== 'none') throw new ConfigError(`'driftfix=${driftfix}' is not implemented`);
      if (!['host', 'rt', 'vm'].includes(clock)) throw new ConfigError(`invalid option value '${clock}'`);
      const fixed = DATE.test(base) ? Date.parse(`${base}${base.includes('T') ? '' : 'T00:00:00'}Z`) / 1000 : undefined;
      if (base !== 'utc' && base !== 'localtime' && (fixed === undefined || Number.isNaN(fixed))) {
        throw new UnlocatedError(`invalid datetime format\nvalid formats: '2006-06-17T16:01:21' or '2006-06-17'`);
      }
      s.rtc = { base: base === 'utc' || base === 'localtime' ? base : (fixed as number), clock: clock as 'host' };
    },
  },
  {
    names: ['name'],
    argument: 'string[,process=string][,debug-threads=on|off]',
    help: 'a name for this machine',
    parameters: PARAMETERS.name,
    apply(s, given) {
      const { guest } = knownPairs(given, 'guest', PARAMETERS.name);
      if (guest !== undefined) s.name = guest;
    },
  },
  {
    names: ['uuid'],
    argument: '%08x-%04x-%04x-%04x-%012x',
    help: 'its UUID',
    apply(s, { value }) {
      if (!UUID.test(value)) throw new ConfigError('failed to parse UUID string: wrong format');
      s.uuid = value.toLowerCase();
    },
  },
  {
    names: ['boot'],
    argument: '[order=drives][,once=drives][,menu=on|off]…',
    help: 'accepted for firmware to come; a kernel given by -kernel is what boots',
    parameters: PARAMETERS.boot,
    group: 'boot-opts',
    apply(_, given) {
      for (const [name, value] of given.value.split(',').map((p) => (p.includes('=') ? p.split('=') : ['order', p]) as [string, string])) {
        if (!Object.hasOwn(PARAMETERS.boot, name)) throw new UnlocatedError(`Parameter 'boot.${name}' is unexpected`);
        const bad = name === 'order' || name === 'once' ? [...value].find((drive) => drive < 'a' || drive > 'p') : undefined;
        if (bad !== undefined) throw new UnlocatedError(`Invalid boot device '${bad}'`);
      }
    },
  },
  {
    names: ['display'],
    argument: 'none',
    help: 'no window: the only display so far',
    apply(_, { value }) {
      const [type = ''] = value.split(',');
      if (!DISPLAY_TYPES.includes(type)) throw new ConfigError(`Parameter 'type' does not accept value '${type}'`);
      if (type !== 'none') throw new ConfigError(`display '${type}' is not implemented, use -display none`);
    },
  },
  {
    names: ['vga'],
    argument: 'none',
    help: 'no graphics adapter: other types are accepted with a note',
    apply(_, { value }) {
      if (!VGA_TYPES.includes(value)) throw new UnlocatedError(`unknown vga type: ${value}`);
      if (value !== 'none') warn(`no graphics adapter is emulated yet: '-vga ${value}' is the same as '-vga none'`);
    },
  },
  {
    names: ['net', 'nic'],
    argument: 'none',
    help: 'no network',
    apply: (_, { value }) => {
      if (value !== 'none') throw new ConfigError(`networks are not implemented, only 'none'`);
    },
  },
  {
    names: ['overcommit'],
    argument: '[mem-lock=on|off][cpu-pm=on|off]',
    help: 'accepted where it asks for nothing',
    parameters: PARAMETERS.overcommit,
    apply(_, given) {
      for (const [name, value] of Object.entries(knownPairs(given, undefined, PARAMETERS.overcommit))) {
        if (boolType.parse(value, name)) throw new ConfigError(`'${name}=on' is not implemented`);
      }
    },
  },
  { names: ['k'], argument: 'language', help: 'accepted: there is no keyboard to lay out', apply: () => {} },
  {
    names: ['pidfile'],
    argument: 'file',
    help: 'write the process id to a file',
    apply(s, { value }) {
      s.pidfile = value;
    },
  },
  {
    names: ['d'],
    argument: 'item1,...',
    help: `log to stderr: ${LOG_ITEMS.map(([name]) => name).join(', ')}`,
    apply(s, { value }) {
      const items = parseLogItems(value);
      // As QEMU: the list goes to stdout, and that is all.
      if (!items) throw new CommandLineError('', 1, LOG_ITEM_LIST);
      s.logItems = new Set([...s.logItems, ...items]);
    },
  },
  {
    names: ['D'],
    argument: 'logfile',
    help: 'log to a file instead',
    apply(s, { value }) {
      s.logFile = value;
    },
  },
];

/** Found while reading an option, but reported without it, as QEMU does. */
export class UnlocatedError extends Error {}
