/** Finding HMP commands by what was typed, and their help. */
import type { HmpCommand, Machine } from '@nandu/core';

/** Commands by name as `help` sorts them; `info …` ones are apart. */
export function topCommands(machine: Machine): HmpCommand[] {
  return machine.hmpCommands.filter((c) => !c.name.startsWith('info ')).sort(byName);
}
export function infoCommands(machine: Machine): HmpCommand[] {
  return machine.hmpCommands.filter((c) => c.name.startsWith('info ')).sort(byName);
}
function byName(a: HmpCommand, b: HmpCommand): number {
  return a.name < b.name ? -1 : 1;
}

/** The name without 'info ', as its own table has it. */
export function ownName({ name }: HmpCommand): string {
  return name.replace(/^info /, '');
}

export function findCommand(commands: readonly HmpCommand[], typed: string): HmpCommand | undefined {
  return commands.find((c) => ownName(c).split('|').includes(typed));
}

export function helpLine(command: HmpCommand): string {
  return `${command.name} ${command.params} -- ${command.help}\n`;
}

/** `help`, `help balloon`, `help info`, `help info balloon`. */
export function helpText(machine: Machine, words: readonly string[]): string {
  if (words.length === 0) return topCommands(machine).map(helpLine).join('');
  if (words[0] === 'info') {
    if (words.length === 1) return infoCommands(machine).map(helpLine).join('');
    const command = findCommand(infoCommands(machine), words[1] as string);
    return command ? helpLine(command) : `unknown command: '${words.join(' ')}'\n`;
  }
  const command = findCommand(topCommands(machine), words[0] as string);
  return command ? helpLine(command) : `unknown command: '${words.join(' ')}'\n`;
}
