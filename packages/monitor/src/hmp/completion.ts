/** What Tab offers in HMP. */
import { type HmpCommand, isSubtype, type Machine } from '@nandu/core';
import { declaredArguments } from './arguments.js';
import { findCommand, infoCommands, ownName, topCommands } from './commands.js';
import type { Completions } from './readline.js';

/** Words for the first argument of these commands. */
const ARGUMENTS: Readonly<Record<string, (machine: Machine) => Iterable<string>>> = {
  device_add: (machine) =>
    machine.types
      .all()
      .filter((t) => isSubtype(t, 'device') && t.userCreatable && !t.abstract)
      .map((t) => t.name),
  device_del: (machine) => machine.node('/machine/peripheral').children.keys(),
  object_add: (machine) =>
    machine.types
      .all()
      .filter((t) => isSubtype(t, 'user-creatable') && !t.abstract)
      .map((t) => t.name),
  object_del: (machine) => machine.objects.children.keys(),
};

export function complete(line: string, machine: Machine): Completions {
  const words = line.split(/\s+/).filter((word, index, all) => word !== '' || index === all.length - 1);
  const last = words.at(-1) ?? '';
  const matching = (candidates: Iterable<string>): Completions => ({ prefixLength: last.length, words: [...candidates].filter((c) => c.startsWith(last)) });
  if (words.length <= 1) return matching(names(topCommands(machine)));
  const command = findCommand(topCommands(machine), words[0] as string);
  if (!command) return matching([]);
  if (command.name === 'info') return matching(words.length === 2 ? names(infoCommands(machine)) : []);
  if (command.name === 'help|?') {
    if (words.length === 2) return matching(names(topCommands(machine)));
    return matching(words.length === 3 && words[1] === 'info' ? names(infoCommands(machine)) : []);
  }
  const isFirst = words.length === 2 && declaredArguments(command.args).length > 0;
  return matching(isFirst ? (ARGUMENTS[command.name]?.(machine) ?? []) : []);
}

function names(commands: readonly HmpCommand[]): string[] {
  return commands.flatMap((c) => ownName(c).split('|'));
}
