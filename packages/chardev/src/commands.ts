/** query-chardev, chardev-add and what else monitors do with character backends. */
import { type AnyCommand, Chardevs, type CommandContext, ConfigError, hmpCommand, qmpCommand } from '@nandu/core';
import { parseChardev } from './parse.js';
import { ChardevRegistry } from './registry.js';
import { RingbufChardev } from './ringbuf.js';
import type { ChardevSpec, SocketSpec } from './spec.js';

type Dict = Readonly<Record<string, unknown>>;

function registry({ machine }: CommandContext): ChardevRegistry {
  return machine.container.resolve(Chardevs as never) as ChardevRegistry;
}

const queryChardev = qmpCommand({
  name: 'query-chardev',
  arguments: {},
  run: (_, context) =>
    registry(context)
      .all()
      .map((c) => ({ 'frontend-open': c.frontendOpen, filename: c.filename, label: c.id })),
});

const queryBackends = qmpCommand({
  name: 'query-chardev-backends',
  arguments: {},
  run: (_, context) => registry(context).kinds.map((name) => ({ name })),
});

async function create(spec: ChardevSpec, context: CommandContext): Promise<void> {
  const chardev = registry(context).create(spec);
  try {
    await (chardev as { ready?: Promise<void> }).ready;
  } catch (error) {
    registry(context).remove(spec.id);
    throw error;
  }
}

const chardevAdd = qmpCommand<{ id: string; backend: Dict }>({
  name: 'chardev-add',
  arguments: { id: { type: 'str' }, backend: { type: 'dict' } },
  async run({ id, backend }, context) {
    const spec = specFromJson(id, backend);
    registry(context).checkFree(id);
    try {
      await create(spec, context);
    } catch (error) {
      throw error instanceof ConfigError ? new ConfigError(`Failed to add chardev '${id}': ${error.message}`) : error;
    }
    return {};
  },
});

const chardevChange = qmpCommand<{ id: string; backend: Dict }>({
  name: 'chardev-change',
  arguments: { id: { type: 'str' }, backend: { type: 'dict' } },
  async run({ id, backend }, context) {
    await registry(context).change(specFromJson(id, backend));
    return {};
  },
});

const isDict = (value: unknown): value is Dict => typeof value === 'object' && value !== null && !Array.isArray(value);

/** QAPI's ChardevBackend: {type, data}; the address of a socket is {type: 'unix' | 'inet', data}. */
function specFromJson(id: string, backend: Dict): ChardevSpec {
  const kind = backend['type'];
  const data = backend['data'];
  if (typeof kind !== 'string') throw new ConfigError(`Parameter 'backend.type' is missing`);
  const make = Object.hasOwn(FROM_JSON, kind) ? FROM_JSON[kind] : undefined;
  if (!make) throw new ConfigError(`Parameter 'type' does not accept value '${kind}'`);
  if (data === undefined) throw new ConfigError(`Parameter 'backend.data' is missing`);
  if (!isDict(data)) throw new ConfigError("Invalid parameter type for 'backend.data', expected: object");
  return { id, kind, mux: false, ...make(data) };
}

const FROM_JSON: Readonly<Record<string, (data: Dict) => Partial<ChardevSpec>>> = {
  null: () => ({}),
  ringbuf: (data) => ({ sizeBytes: (data['size'] as number | undefined) ?? 65536 }),
  file: (data) => {
    if (typeof data['out'] !== 'string') throw new ConfigError(`Parameter 'backend.data.out' is missing`);
    return { path: data['out'], append: data['append'] === true };
  },
  socket: (data) => {
    const address = data['addr'] as Dict | undefined;
    const where = (address?.['data'] ?? {}) as Dict;
    if (!address) throw new ConfigError(`Parameter 'backend.data.addr' is missing`);
    const server = data['server'] !== false;
    const socket: SocketSpec = {
      address: address['type'] === 'unix' ? { path: String(where['path']) } : { host: String(where['host']), port: Number(where['port']) },
      server,
      wait: server && data['wait'] === true,
      noDelay: data['nodelay'] === true,
      reconnectSeconds: Number(data['reconnect'] ?? 0),
    };
    return { socket };
  },
};

const chardevRemove = qmpCommand<{ id: string }>({
  name: 'chardev-remove',
  arguments: { id: { type: 'str' } },
  run({ id }, context) {
    registry(context).remove(id);
  },
});

/** The other end's break, for the front end: a serial port shows its guest one, which Linux takes for SysRq. */
function sendBreak(id: string, context: CommandContext): undefined {
  const chardev = registry(context).get(id);
  if (!chardev) throw new ConfigError(`Chardev '${id}' not found`);
  chardev.sendBreak();
  return undefined;
}

const chardevSendBreak = qmpCommand<{ id: string }>({
  name: 'chardev-send-break',
  arguments: { id: { type: 'str' } },
  run: ({ id }, context) => sendBreak(id, context),
});

function ringbuf(id: string, context: CommandContext): RingbufChardev {
  const chardev = registry(context).get(id);
  if (!chardev) throw new ConfigError(`Device '${id}' not found`);
  if (!(chardev instanceof RingbufChardev)) throw new ConfigError(`Device '${id}' is not a ringbuf`);
  return chardev;
}

const FORMATS = ['utf8', 'base64'] as const;

const ringbufRead = qmpCommand<{ device: string; size: number; format?: string }>({
  name: 'ringbuf-read',
  arguments: { device: { type: 'str' }, size: { type: 'int' }, format: { type: FORMATS, optional: true } },
  run({ device, size, format }, context) {
    if (size <= 0) throw new ConfigError('size must be greater than zero');
    const bytes = ringbuf(device, context).read(size);
    return format === 'base64' ? btoa(String.fromCharCode(...bytes)) : new TextDecoder().decode(bytes);
  },
});

const ringbufWrite = qmpCommand<{ device: string; data: string; format?: string }>({
  name: 'ringbuf-write',
  arguments: { device: { type: 'str' }, data: { type: 'str' }, format: { type: FORMATS, optional: true } },
  run({ device, data, format }, context) {
    const bytes = format === 'base64' ? Uint8Array.from(atob(data), (c) => c.charCodeAt(0)) : new TextEncoder().encode(data);
    ringbuf(device, context).write(bytes);
  },
});

const HMP: readonly AnyCommand[] = [
  hmpCommand({
    name: 'info chardev',
    args: '',
    params: '',
    help: 'show the character devices',
    run: (_, context) =>
      registry(context)
        .all()
        .map((c) => `${c.id}: filename=${c.filename}\n`)
        .join(''),
  }),
  hmpCommand<{ args: string }>({
    name: 'chardev-add',
    args: 'args:s',
    params: 'args',
    help: 'add chardev',
    async run({ args }, context) {
      await create(parseChardev(args).spec, context);
      return undefined;
    },
  }),
  hmpCommand<{ id: string; args: string }>({
    name: 'chardev-change',
    args: 'id:s,args:s',
    params: 'id args',
    help: 'change chardev',
    async run({ id, args }, context) {
      if (/(^|,)id=/.test(args)) throw new ConfigError("Unexpected 'id' parameter");
      await registry(context).change(parseChardev(`${args},id=${id.replaceAll(',', ',,')}`).spec);
      return undefined;
    },
  }),
  hmpCommand<{ id: string }>({
    name: 'chardev-remove',
    args: 'id:s',
    params: 'id',
    help: 'remove chardev',
    run({ id }, context) {
      registry(context).remove(id);
      return undefined;
    },
  }),
  hmpCommand<{ id: string }>({
    name: 'chardev-send-break',
    args: 'id:s',
    params: 'id',
    help: 'send a break on chardev',
    run: ({ id }, context) => sendBreak(id, context),
  }),
  hmpCommand<{ device: string; size: number }>({
    name: 'ringbuf_read',
    args: 'device:s,size:i',
    params: 'device size',
    help: 'Read from a ring buffer character device',
    run: ({ device, size }, context) => `${printable(ringbuf(device, context).read(size))}\n`,
  }),
  hmpCommand<{ device: string; data: string }>({
    name: 'ringbuf_write',
    args: 'device:s,data:s',
    params: 'device data',
    help: 'Write to a ring buffer character device',
    run({ device, data }, context) {
      ringbuf(device, context).write(new TextEncoder().encode(data));
      return undefined;
    },
  }),
];

/** HMP doubles backslashes and shows control characters as \uXXXX. */
function printable(bytes: Uint8Array): string {
  return (
    new TextDecoder()
      .decode(bytes)
      .replaceAll('\\', '\\\\')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about.
      .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`)
  );
}

export const chardevCommands: readonly AnyCommand[] = [
  queryChardev,
  queryBackends,
  chardevAdd,
  chardevChange,
  chardevRemove,
  chardevSendBreak,
  ringbufRead,
  ringbufWrite,
  ...HMP,
];
