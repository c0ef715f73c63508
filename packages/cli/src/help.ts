/** -machine help, -device help, -device X,help, -object help, -cpu help. */

import { describeProperties, isSubtype, type TypeInfo, type TypeRegistry } from '@nandu/core';
import { cpuHelp } from '@nandu/cpu-x86';
import { deviceList } from '@nandu/monitor';
import type { Settings } from './settings.js';

const DEFAULT_MACHINE = 'pc';

/** The text that the options ask for instead of a machine, if they do. */
export function helpFor(settings: Settings, types: TypeRegistry): string | undefined {
  if (isHelp(settings.machine['type'])) return machineHelp(types);
  if (isHelp(settings.cpu)) return cpuHelp();
  for (const { value } of settings.devices) {
    if (isHelp(value)) return deviceList(types, false);
    const driver = askedAbout(value);
    if (driver !== undefined) return propertyHelp(types, driver, 'device');
  }
  for (const { value } of settings.objects) {
    if (isHelp(value)) return objectHelp(types);
    const name = askedAbout(value);
    if (name !== undefined) return propertyHelp(types, name, 'user-creatable');
  }
  return undefined;
}

function isHelp(text: string | undefined): boolean {
  return text === 'help' || text === '?';
}
function askedAbout(text: string): string | undefined {
  return /^([^,{]+),(?:help|\?)$/.exec(text)?.[1];
}

function sorted(infos: readonly TypeInfo[]): TypeInfo[] {
  return infos.filter((t) => !t.abstract).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function machineHelp(types: TypeRegistry): string {
  const rows = sorted(types.all().filter((t) => isSubtype(t, 'machine'))).flatMap((info) => {
    const name = info.name.replace(/-machine$/, '');
    const aliases = (info.aliases ?? []).map((alias) => line(alias.replace(/-machine$/, ''), `${info.summary ?? ''} (alias of ${name})`));
    return [
      ...aliases,
      line(name, `${info.summary ?? ''}${info.aliases?.includes(`${DEFAULT_MACHINE}-machine`) ? ' (default)' : ''}`.trim() || 'empty machine'),
    ];
  });
  return `Supported machines are:\n${rows.join('')}`;
}
function line(name: string, what: string): string {
  return `${name.padEnd(20)} ${what}\n`;
}

function objectHelp(types: TypeRegistry): string {
  return `List of user creatable objects:\n${sorted(types.all().filter((t) => isSubtype(t, 'user-creatable')))
    .map((t) => `  ${t.name}\n`)
    .join('')}`;
}

function propertyHelp(types: TypeRegistry, name: string, kind: string): string | undefined {
  const info = types.find(name);
  if (!info || !isSubtype(info, kind)) return undefined;
  const hidden = new Set(['realized', 'hotpluggable', 'hotplugged', 'parent_bus']);
  // Sorted as printed: 'prealloc-threads=' stands before 'prealloc='.
  const rows = describeProperties(info)
    .filter((p) => !hidden.has(p.name))
    .map(({ name: property, type, help, default: preset }) => {
      const what = `  ${property}=<${type}>`;
      if (!help && preset === undefined) return `${what}\n`;
      return `${what.padEnd(24)} - ${help ?? ''}${preset === undefined ? '' : ` (default: ${typeof preset === 'bigint' ? preset : JSON.stringify(preset)})`}\n`;
    })
    .sort();
  return rows.length === 0 ? `There are no options for ${name}.\n` : `${name} options:\n${rows.join('')}`;
}
