/** The object tree: qom-list, qom-get, qom-set and what types there are. */
import {
  type AnyCommand,
  allProperties,
  type CommandContext,
  describeProperties,
  hmpCommand,
  type Machine,
  type PropertyDescription,
  QmpError,
  type QObject,
  qmpCommand,
  sizeWarning,
  type TypeInfo,
} from '@nandu/core';
import { type Json, parseJson } from '../json/parser.js';
import { printJson } from '../json/print.js';

interface PropertyRow {
  readonly name: string;
  readonly type: string;
}

function find({ machine }: CommandContext, path: string): QObject {
  const object = path === '' ? undefined : machine.root.resolve(path);
  if (!object) throw new QmpError('DeviceNotFound', `Device '${path}' not found`);
  return object;
}

/** A type's properties, then the object's own: links and aliases, children. */
function listProperties(object: QObject): PropertyRow[] {
  const rows = new Map<string, string>([['type', 'string']]);
  for (const { name, type } of allProperties(object.typeInfo)) rows.set(name, type.name);
  for (const [name, part] of object.aliases) {
    const type = part.findProperty(name)?.type.name ?? part.dynamicProperties.get(name)?.type;
    if (type !== undefined && !rows.has(name)) rows.set(name, type);
  }
  for (const { name, type } of object.dynamicProperties.values()) rows.set(name, type);
  for (const [name, child] of object.children) rows.set(name, `child<${child.typeInfo.name}>`);
  return [...rows].map(([name, type]) => ({ name, type }));
}

const qomList = qmpCommand<{ path: string }>({
  name: 'qom-list',
  arguments: { path: { type: 'str' } },
  run: ({ path }, context) => listProperties(find(context, path)),
});

const qomGet = qmpCommand<{ path: string; property: string }>({
  name: 'qom-get',
  arguments: { path: { type: 'str' }, property: { type: 'str' } },
  run: ({ path, property }, context) => find(context, path).getProperty(property),
});

const qomSet = qmpCommand<{ path: string; property: string; value: Json }>({
  name: 'qom-set',
  arguments: { path: { type: 'str' }, property: { type: 'str' }, value: { type: 'any' } },
  run({ path, property, value }, context) {
    find(context, path).setProperty(property, value);
  },
});

function subtypes(machine: Machine, implementing: string | undefined, withAbstract: boolean): TypeInfo[] {
  return machine.types.all().filter((t) => (withAbstract || !t.abstract) && (implementing === undefined || machine.isType(t, implementing)));
}

const qomListTypes = qmpCommand<{ implements?: string; abstract?: boolean }>({
  name: 'qom-list-types',
  arguments: { implements: { type: 'str', optional: true }, abstract: { type: 'bool', optional: true } },
  run: (args, { machine }) =>
    subtypes(machine, args.implements, args.abstract ?? false).map(({ name, parent, abstract }) => ({
      name,
      ...(abstract ? { abstract: true } : {}),
      ...(parent ? { parent: parent.name } : {}),
    })),
});

/** As ObjectPropertyInfo. */
function propertyRow({ name, type, help }: PropertyDescription): object {
  return { name, ...(help ? { description: help } : {}), type };
}

const qomListProperties = qmpCommand<{ typename: string }>({
  name: 'qom-list-properties',
  arguments: { typename: { type: 'str' } },
  run({ typename }, { machine }) {
    const info = machine.types.find(typename);
    if (!info) throw new QmpError('DeviceNotFound', `Class '${typename}' not found`);
    return [{ name: 'type', type: 'string' }, ...describeProperties(info).map(propertyRow)];
  },
});

/** What every device has and no user sets by option. */
const NOT_OPTIONS = new Set(['realized', 'hotpluggable', 'hotplugged', 'parent_bus']);

export function deviceProperties(machine: Machine, typename: string): object[] {
  const info = machine.types.find(typename);
  if (!info) throw new QmpError('DeviceNotFound', `Device '${typename}' not found`);
  if (!machine.isType(info, 'device') || info.abstract) throw new QmpError('GenericError', `Parameter 'typename' expects a non-abstract device type`);
  return describeProperties(info)
    .filter(({ name }) => !NOT_OPTIONS.has(name))
    .map((row) => ({ ...propertyRow(row), ...(row.default === undefined ? {} : { 'default-value': row.default }) }));
}

const deviceListProperties = qmpCommand<{ typename: string }>({
  name: 'device-list-properties',
  arguments: { typename: { type: 'str' } },
  run: ({ typename }, { machine }) => deviceProperties(machine, typename),
});

const hmp: readonly AnyCommand[] = [
  hmpCommand<{ path?: string }>({
    name: 'qom-list',
    args: 'path:s?',
    params: 'path',
    help: 'list QOM properties',
    run: ({ path }, context) =>
      path === undefined
        ? '/\n'
        : listProperties(find(context, path))
            .map(({ name, type }) => `${name} (${type})\n`)
            .join(''),
  }),
  hmpCommand<{ path: string; property: string }>({
    name: 'qom-get',
    args: 'path:s,property:s',
    params: 'path property',
    help: 'print QOM property',
    run: ({ path, property }, context) => `${printJson(find(context, path).getProperty(property), true)}\n`,
  }),
  hmpCommand<{ json?: boolean; path: string; property: string; value: string }>({
    name: 'qom-set',
    args: 'json:-j,path:s,property:s,value:S',
    params: '[-j] path property value',
    help: 'set QOM property.\n\t\t\t-j: the value is specified in json format.',
    run({ json, path, property, value }, context) {
      const object = find(context, path);
      if (json) object.setProperty(property, parseJson(value));
      else object.setPropertyText(property, value);
      const warning = json || object.findProperty(property)?.type.name !== 'size' ? undefined : sizeWarning(value);
      return warning && `warning: ${warning}\n`;
    },
  }),
  hmpCommand<{ path?: string }>({
    name: 'info qom-tree',
    args: 'path:s?',
    params: '[path]',
    help: 'show QOM composition tree',
    run({ path }, context) {
      const object = path === undefined ? context.machine.board : context.machine.root.resolve(path);
      if (!object) return path === undefined ? '' : `Path '${path}' could not be resolved.\n`;
      return tree(object, object.childName, 0);
    },
  }),
];

function tree(object: QObject, name: string, depth: number): string {
  const children = [...object.children].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${'  '.repeat(depth)}/${name} (${object.typeInfo.name})\n${children.map(([childName, child]) => tree(child, childName, depth + 1)).join('')}`;
}

export const qomCommands: readonly AnyCommand[] = [qomList, qomGet, qomSet, qomListTypes, qomListProperties, deviceListProperties, ...hmp];
