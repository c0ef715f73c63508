/** Options about character backends and what sits on them: serial ports, monitors. */
import { type ChardevSpec, parseChardev, parseShortForm } from '@nandu/chardev';
import { boolType, ConfigError } from '@nandu/core';
import { CommandLineError, report, warn } from '../problem.js';
import type { Given, Settings } from '../settings.js';
import { knownPairs, type Option, oneOf, type Parameters } from './option.js';

/** The backend of a short form: an existing one ('chardev:id'), a new one, or with `mon:` one that has a monitor too. */
function backendOf(settings: Settings, id: string, { value, location }: Given): string {
  if (value.startsWith('chardev:')) return value.slice('chardev:'.length);
  const { spec, warnings, monitor } = parseShortForm(id, value);
  for (const warning of warnings) warn(warning, location);
  settings.chardevs.push({ spec, location });
  if (monitor) settings.monitors.push({ chardev: id, mode: 'readline', pretty: false, location });
  return id;
}

function addMonitor(settings: Settings, given: Given, mode: 'control' | 'readline', pretty = false): void {
  settings.defaultMonitor = false;
  if (given.value === 'none') return;
  let chardev: string;
  try {
    chardev = backendOf(settings, settings.nextMonitorId(), given);
  } catch (error) {
    if (!(error instanceof ConfigError) || !error.message.includes('valid char driver')) throw error;
    throw new CommandLineError(report(error.message, given.location) + report(`parse error: ${given.value}`, given.location));
  }
  settings.monitors.push({ chardev, mode, pretty, location: given.location });
}

/** Of all kinds together. */
const CHARDEV_PARAMETERS = {
  ...{ abstract: 'boolean', tight: 'boolean', append: 'boolean', size: 'size', signal: 'boolean', mux: 'boolean', websocket: 'boolean', telnet: 'boolean' },
  ...{ reconnect: 'number', nodelay: 'boolean', delay: 'boolean', server: 'boolean', wait: 'boolean', ipv6: 'boolean', ipv4: 'boolean', to: 'number' },
  ...{ fd: 'string', port: 'string', host: 'string', path: 'string', 'input-path': 'string', backend: 'string' },
} as const satisfies Parameters;
const MON_PARAMETERS = { pretty: 'boolean', chardev: 'string', mode: 'string' } as const;

export const characterOptions: readonly Option[] = [
  {
    names: ['chardev'],
    argument: 'backend,id=id[,prop=value]…',
    help: 'a character backend: socket, stdio, file, null or ringbuf, each also with mux=on',
    parameters: CHARDEV_PARAMETERS,
    apply(settings, given) {
      const { spec, warnings } = parseChardev(given.value);
      for (const warning of warnings) warn(warning, given.location);
      if (settings.chardevs.some((c) => c.spec.id === spec.id)) throw new ConfigError(`Duplicate ID '${spec.id}' for chardev`);
      settings.chardevs.push({ spec, location: given.location });
    },
  },
  {
    names: ['serial'],
    argument: 'dev',
    help: `a serial port on a backend: 'stdio', 'mon:stdio', 'unix:path,server=on', 'tcp:host:port', 'file:path', 'chardev:id', 'none'…`,
    apply(settings, given) {
      settings.serial.push(given);
    },
  },
  {
    names: ['monitor'],
    argument: 'dev',
    help: 'the human monitor on a backend',
    apply: (settings, given) => addMonitor(settings, given, 'readline'),
  },
  {
    names: ['qmp'],
    argument: 'dev',
    help: 'a QMP monitor on a backend',
    apply: (settings, given) => addMonitor(settings, given, 'control'),
  },
  {
    names: ['qmp-pretty'],
    argument: 'dev',
    help: 'the same with replies on several lines',
    apply: (settings, given) => addMonitor(settings, given, 'control', true),
  },
  {
    names: ['mon'],
    argument: '[chardev=]name[,mode=readline|control][,pretty[=on|off]]',
    help: 'a monitor on a backend made by -chardev',
    parameters: MON_PARAMETERS,
    apply(settings, given) {
      settings.defaultMonitor = false;
      const { chardev, mode = 'readline', pretty = 'off' } = knownPairs(given, 'chardev', { ...MON_PARAMETERS, id: 'string' });
      if (chardev === undefined) throw new ConfigError('chardev is not set');
      const language = mode === 'readline' || mode === 'control' ? mode : undefined;
      if (!language) throw new ConfigError(`unknown monitor mode "${mode}"`);
      settings.monitors.push({ chardev, mode: language, pretty: boolType.parse(pretty, 'pretty'), location: given.location });
    },
  },
  {
    names: ['qtest'],
    argument: 'dev',
    help: `the qtest server on a backend; with '-accel qtest' no guest code runs`,
    apply(settings, given) {
      settings.qtest = given;
    },
  },
  {
    names: ['qtest-log'],
    argument: 'log',
    help: `where the qtest server logs to: a file, or 'none'`,
    apply(settings, { value }) {
      settings.qtestLog = value;
    },
  },
  {
    names: ['parallel'],
    argument: 'dev',
    help: `a parallel port: only 'none' and 'null'`,
    apply: (_, { value }) => void oneOf('parallel', value, ['none', 'null']),
  },
];

/** Ids of the backends of the serial ports. Defaults come in once all options are known. */
export function serialPorts(settings: Settings): string[] {
  const { nographic, noDefaults, serial } = settings;
  const given = serial.filter((s) => s.value !== 'none');
  const ports = given.map((s, index) => {
    try {
      return backendOf(settings, `serial${index}`, s);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new CommandLineError(report(error.message, s.location) + report(`could not connect serial device to character backend '${s.value}'`, s.location));
    }
  });
  const defaultSerial = serial.length === 0 && !noDefaults && !settings.devices.some((d) => /^(driver=)?isa-serial(,|$)/.test(d.value));
  const defaultMonitor = settings.defaultMonitor && !noDefaults;
  if (nographic && defaultSerial) {
    ports.push(backendOf(settings, 'serial0', { value: defaultMonitor ? 'mon:stdio' : 'stdio', location: '-nographic' }));
  } else if (nographic && defaultMonitor) {
    addMonitor(settings, { value: 'stdio', location: '-nographic' }, 'readline');
  } else if (defaultSerial) {
    // QEMU would show it in a window; there is none.
    const spec: ChardevSpec = { id: 'serial0', kind: 'null', mux: false };
    settings.chardevs.push({ spec, location: '-serial null' });
    ports.push('serial0');
  }
  return ports;
}
