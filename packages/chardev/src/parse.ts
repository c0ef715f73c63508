/**
 * From the texts that users write to a `ChardevSpec`: `-chardev socket,id=…`, and the short forms of `-serial`, `-monitor` and
 * `-qmp` ('unix:x.sock,server=on,wait=off', 'tcp:localhost:4444', 'mon:stdio').
 */
import { boolType, ConfigError, optionRecord, parseOptions, parseSize, shortFormWarning } from '@nandu/core';
import type { ChardevSpec, SocketSpec } from './spec.js';

type Options = Readonly<Record<string, string>>;

/** QEMU's backends that are not here: refused by name, so that nobody looks for a typing error. */
const NOT_IMPLEMENTED = new Set([
  'pty',
  'pipe',
  'udp',
  'vc',
  'serial',
  'tty',
  'parallel',
  'parport',
  'msmouse',
  'wctablet',
  'braille',
  'testdev',
  'memory',
  'spicevmc',
  'spiceport',
  'dbus',
  'qemu-vdagent',
]);

const KINDS: Readonly<Record<string, (options: Options) => Partial<ChardevSpec>>> = {
  null: () => ({}),
  stdio: (options) => ({ signal: flag(options, 'signal', true) }),
  file: (options) => {
    if (options['path'] === undefined) throw new ConfigError('chardev: file: no filename given');
    return {
      path: options['path'],
      append: flag(options, 'append', false),
      ...(options['input-path'] === undefined ? {} : { inputPath: options['input-path'] }),
    };
  },
  ringbuf: (options) => ({ sizeBytes: size(options['size'], 65536) }),
  socket: (options) => ({ socket: parseSocket(options) }),
};

const COMMON = ['id', 'mux', 'logfile', 'logappend', 'backend'];
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  null: [],
  stdio: ['signal'],
  file: ['path', 'append', 'input-path'],
  ringbuf: ['size'],
  socket: ['path', 'host', 'port', 'fd', 'server', 'wait', 'delay', 'nodelay', 'reconnect', 'ipv4', 'ipv6', 'to', 'telnet', 'websocket', 'abstract', 'tight'],
};

export interface Parsed {
  readonly spec: ChardevSpec;
  /** Deprecated spellings, for stderr. */
  readonly warnings: readonly string[];
}

/** The value of `-chardev`. */
export function parseChardev(text: string): Parsed {
  const pairs = parseOptions(text, 'backend');
  const options = optionRecord(pairs);
  const kind = options['backend'];
  const warnings = pairs.map(shortFormWarning).filter((w) => w !== undefined);
  if (kind === undefined) throw new ConfigError('chardev: "" missing backend');
  checkKind(kind, `'${kind}' is not a valid char driver name`);
  const id = options['id'];
  if (id === undefined) throw new ConfigError('chardev: no id specified');
  return { spec: makeSpec(id, kind, options), warnings };
}

/** The short form; a `mon:` in front makes it a mux, on which the caller puts a monitor. */
export function parseShortForm(id: string, text: string): Parsed & { readonly monitor: boolean } {
  const monitor = text.startsWith('mon:');
  const body = monitor ? text.slice(4) : text;
  const { kind, options, warnings } = splitShortForm(body);
  const spec = makeSpec(id, kind, options);
  // On a terminal that is shared with a monitor Ctrl-C is a key for the guest.
  return { spec: monitor ? { ...spec, mux: true, signal: false } : spec, warnings, monitor };
}

function splitShortForm(text: string): { kind: string; options: Options; warnings: string[] } {
  const [, scheme, rest] = /^([a-z0-9]+):(.*)$/s.exec(text) ?? [];
  if (scheme === 'file') return { kind: 'file', options: { path: rest as string }, warnings: [] };
  if (scheme === 'unix' || scheme === 'tcp' || scheme === 'telnet') {
    const pairs = parseOptions(rest as string, scheme === 'unix' ? 'path' : 'address');
    const { address, ...options } = optionRecord(pairs);
    const warnings = pairs.map(shortFormWarning).filter((w) => w !== undefined);
    if (scheme === 'unix') return { kind: 'socket', options, warnings };
    if (scheme === 'telnet') throw new ConfigError(`character backend 'telnet' is not implemented`);
    const match = /^(.*):([0-9]+)$/.exec(address ?? '');
    if (!match) throw new ConfigError(`'${text}' is not a valid char driver`);
    return { kind: 'socket', options: { ...options, host: (match[1] as string).replace(/^\[(.*)\]$/, '$1'), port: match[2] as string }, warnings };
  }
  const pairs = parseOptions(text, 'backend');
  const { backend = '', ...options } = optionRecord(pairs);
  checkKind(scheme ?? backend, `'${text}' is not a valid char driver`);
  return { kind: backend, options, warnings: [] };
}

function checkKind(kind: string, unknown: string): void {
  if (NOT_IMPLEMENTED.has(kind)) throw new ConfigError(`character backend '${kind}' is not implemented`);
  if (!Object.hasOwn(KINDS, kind)) throw new ConfigError(unknown);
}

function makeSpec(id: string, kind: string, options: Options): ChardevSpec {
  for (const name of Object.keys(options)) {
    if (!COMMON.includes(name) && !KNOWN[kind]?.includes(name)) throw new ConfigError(`Invalid parameter '${name}'`);
  }
  if (options['logfile'] !== undefined) throw new ConfigError(`parameter 'logfile' of character backends is not implemented`);
  return { id, kind, mux: flag(options, 'mux', false), ...KINDS[kind]?.(options) };
}

function parseSocket(options: Options): SocketSpec {
  for (const name of ['telnet', 'websocket', 'abstract'] as const) {
    if (flag(options, name, false)) throw new ConfigError(`parameter '${name}' of character backend 'socket' is not implemented`);
  }
  const server = flag(options, 'server', false);
  const reconnectSeconds = Number(options['reconnect'] ?? 0);
  if (server && reconnectSeconds > 0) throw new ConfigError(`'reconnect' option is incompatible with socket in server listen mode`);
  if (!server && options['wait'] !== undefined) throw new ConfigError(`'wait' option is incompatible with socket in client connect mode`);
  return {
    address: parseAddress(options),
    server,
    wait: server && flag(options, 'wait', true),
    noDelay: flag(options, 'nodelay', false) || !flag(options, 'delay', true),
    reconnectSeconds,
  };
}

function parseAddress({ path, host, port, fd }: Options): SocketSpec['address'] {
  if (path !== undefined && path !== '') return { path };
  if (host !== undefined || port !== undefined) {
    if (port === undefined) throw new ConfigError('chardev: socket: no port given');
    if (!/^[0-9]+$/.test(port) || Number(port) > 0xffff)
      throw new ConfigError(`address resolution failed for ${host ?? ''}:${port}: Servname not supported for ai_socktype`);
    return { host: host === undefined || host === '' ? '0.0.0.0' : host, port: Number(port) };
  }
  if (fd === undefined || !/^[0-9]+$/.test(fd)) throw new ConfigError(`Unable to parse FD number ${fd ?? ''}`);
  return { fd: Number(fd) };
}

function flag(options: Options, name: string, otherwise: boolean): boolean {
  return options[name] === undefined ? otherwise : boolType.parse(options[name], name);
}

function size(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const bytes = parseSize(text);
  if (bytes === undefined) throw new ConfigError(`Parameter 'size' expects a non-negative number below 2^64`);
  return bytes;
}
