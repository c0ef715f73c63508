/** Devices and objects that come and go: device_add, device_del, object-add, object-del. */
import {
  type AnyCommand,
  addObject,
  ConfigError,
  hmpCommand,
  ID_HINT,
  isIdentifier,
  isSubtype,
  type Machine,
  type ObjectOptions,
  optionRecord,
  parseOptions,
  QmpError,
  qmpCommand,
  removeObject,
  requestUnplug,
  type TextForm,
  type TypeRegistry,
} from '@nandu/core';
import { JsonFloat } from '../json/parser.js';

type Dict = Readonly<Record<string, unknown>>;

/** device_add's values are option text even in QMP: numbers and booleans are spelt out, anything else is dropped. */
function asText(values: Dict): Record<string, string> {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'boolean') text[name] = value ? 'on' : 'off';
    else if (value instanceof JsonFloat) text[name] = String(value.value);
    else if (['string', 'number', 'bigint'].includes(typeof value)) text[name] = String(value);
  }
  return text;
}

/** `-device` and device_add, from option text. */
export function addDeviceFromText(machine: Machine, options: Readonly<Record<string, string>>): void {
  const { driver, id, bus, ...properties } = options;
  if (id !== undefined && !isIdentifier(id)) throw new ConfigError(`Parameter 'id' expects an identifier`, ID_HINT);
  if (driver === undefined || driver === '') throw new ConfigError(`Parameter 'driver' is missing`);
  machine.addDevice({ driver, properties, text: true, ...(id === undefined ? {} : { id }), ...(bus === undefined ? {} : { bus }) });
}

const deviceAdd = qmpCommand<Dict>({
  name: 'device_add',
  arguments: {},
  open: true,
  run(options, { machine }) {
    addDeviceFromText(machine, asText(options));
  },
});

const deviceDel = qmpCommand<{ id: string }>({
  name: 'device_del',
  arguments: { id: { type: 'str' } },
  run({ id }, { machine }) {
    requestUnplug(machine, id);
  },
});

const objectAdd = qmpCommand<{ 'qom-type': string; id: string } & Dict>({
  name: 'object-add',
  arguments: { 'qom-type': { type: 'str' } },
  open: true,
  run({ 'qom-type': qomType, id, ...properties }, { machine }) {
    const info = machine.types.find(qomType);
    if (!info || !machine.isType(info, 'user-creatable')) throw new QmpError('GenericError', `Parameter 'qom-type' does not accept value '${qomType}'`);
    if (id === undefined) throw new QmpError('GenericError', `Parameter 'id' is missing`);
    if (typeof id !== 'string') throw new QmpError('GenericError', `Invalid parameter type for 'id', expected: string`);
    addObject(machine, { qomType, id, properties });
  },
});

const objectDel = qmpCommand<{ id: string }>({
  name: 'object-del',
  arguments: { id: { type: 'str' } },
  run({ id }, { machine }) {
    removeObject(machine, id);
  },
});

/** What the text of `-object` or object_add asks for; the latter words its complaints as `-device` does. */
export function objectFromText(types: TypeRegistry, text: string, form: TextForm = 'object'): ObjectOptions {
  const { 'qom-type': qomType, id, ...properties } = optionRecord(parseOptions(text, 'qom-type'));
  if (qomType === undefined || qomType === '') throw new ConfigError(`Parameter 'qom-type' is missing`);
  const info = types.find(qomType);
  if (!info || !isSubtype(info, 'user-creatable')) throw new ConfigError(`Parameter 'qom-type' does not accept value '${qomType}'`);
  if (id === undefined) throw new ConfigError(`Parameter 'id' is missing`);
  return { qomType, id, properties, text: form };
}

const hmp: readonly AnyCommand[] = [
  hmpCommand<{ device: Readonly<Record<string, string>> }>({
    name: 'device_add',
    args: 'device:O',
    params: 'driver[,prop=value][,...]',
    help: 'add device, like -device on the command line',
    run({ device }, { machine }) {
      addDeviceFromText(machine, device);
      return undefined;
    },
  }),
  hmpCommand<{ id: string }>({
    name: 'device_del',
    args: 'id:s',
    params: 'device',
    help: 'remove device',
    run({ id }, { machine }) {
      requestUnplug(machine, id);
      return undefined;
    },
  }),
  hmpCommand<{ object: string }>({
    name: 'object_add',
    args: 'object:S',
    params: '[qom-type=]type,id=str[,prop=value][,...]',
    help: 'create QOM object',
    run({ object }, { machine }) {
      addObject(machine, objectFromText(machine.types, object, 'option'));
      return undefined;
    },
  }),
  hmpCommand<{ id: string }>({
    name: 'object_del',
    args: 'id:s',
    params: 'id',
    help: 'destroy QOM object',
    run({ id }, { machine }) {
      removeObject(machine, id);
      return undefined;
    },
  }),
];

export const deviceCommands: readonly AnyCommand[] = [deviceAdd, deviceDel, objectAdd, objectDel, ...hmp];
