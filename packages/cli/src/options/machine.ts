/** Options about the machine itself, its processor and its parts. */
import { ConfigError } from '@nandu/core';
import type { Settings } from '../settings.js';
import { type Option, pairsOf } from './option.js';

export const machineOptions: readonly Option[] = [
  {
    names: ['machine', 'M'],
    argument: '[type=]name[,prop[=value][,...]]',
    parameters: { 'memory-backend': 'string', accel: 'string', type: 'string' },
    help: `the machine ('-machine help' lists them) and its properties`,
    apply(settings, given) {
      for (const { name, value } of pairsOf(given, 'type')) settings.machine[name] = value;
    },
  },
  {
    names: ['accel'],
    argument: '[accel=]accelerator[,prop[=value][,...]]',
    help: 'what runs guest code: tcg, or qtest for none',
    apply(settings, given) {
      settings.accelerators.push(given);
    },
  },
  {
    names: ['cpu'],
    argument: 'model[,feature…]',
    help: `the CPU model ('-cpu help' lists them) and its features`,
    apply(settings, { value }) {
      settings.cpu = value;
    },
  },
  {
    names: ['object'],
    argument: 'TYPENAME[,PROP1=VALUE1,...]',
    help: `an object, such as a memory backend ('-object help' lists the types)`,
    apply(settings, given) {
      settings.objects.push(given);
    },
  },
  {
    names: ['device'],
    argument: 'driver[,prop[=value][,...]]',
    help: `a device ('-device help' lists them, '-device driver,help' their properties)`,
    apply(settings, given) {
      settings.devices.push(given);
    },
  },
  {
    names: ['global'],
    argument: 'driver.property=value',
    parameters: { value: 'string', property: 'string', driver: 'string' },
    help: 'a default for a property of every device of a type',
    apply(settings, given) {
      addGlobal(settings, given.value, pairsOf.bind(undefined, given));
    },
  },
  {
    names: ['plugin'],
    argument: 'file.js',
    help: 'an ES module whose default export is a plugin of Nandu: adds device types, commands, services',
    apply(settings, given) {
      settings.plugins.push(given);
    },
  },
];

function addGlobal(settings: Settings, text: string, pairs: () => { name: string; value: string }[]): void {
  const [, driver, property, value] = /^([^.=,]+)\.([^=,]+)=(.*)$/s.exec(text) ?? [];
  if (driver !== undefined) {
    settings.globals.push({ driver, property: property as string, value: value as string });
    return;
  }
  const given: Record<string, string> = {};
  for (const pair of pairs()) {
    if (!['driver', 'property', 'value'].includes(pair.name)) throw new ConfigError(`Invalid parameter '${pair.name}'`);
    given[pair.name] = pair.value;
  }
  const missing = ['driver', 'property', 'value'].find((name) => given[name] === undefined);
  if (missing !== undefined) throw new ConfigError(`options "driver", "property", and "value" are required`);
  settings.globals.push({ driver: given['driver'] as string, property: given['property'] as string, value: given['value'] as string });
}
