import { type CommandContext, type CommandMonitor, ConfigError, type HmpCommand, type Machine, QmpError } from '@nandu/core';
import { ArgumentError, parseArguments, Reader } from './arguments.js';
import { findCommand, infoCommands, ownName, topCommands } from './commands.js';
import { registersOf } from './registers.js';

/** Runs one line and returns what it prints. */
export async function executeLine(line: string, machine: Machine, monitor: CommandMonitor): Promise<string> {
  const found = findInLine(line, machine);
  if (typeof found === 'string') return found;
  const { command, reader, typed } = found;
  let parsed: Record<string, unknown>;
  try {
    parsed = parseArguments(command.args, ownName(command), reader, registersOf(machine, monitor.cpuIndex));
  } catch (error) {
    if (error instanceof ArgumentError) return `${error.message ? `${error.message}\n` : ''}Try "help ${typed}" for more information\n`;
    return fault(error);
  }
  const context: CommandContext = { machine, monitor };
  try {
    return (await command.run(parsed as never, context)) ?? '';
  } catch (error) {
    if (error instanceof QmpError) return `Error: ${error.message}\n`;
    if (error instanceof ConfigError) return `Error: ${error.message}\n${error.hint ? `${error.hint}\n` : ''}`;
    return fault(error);
  }
}

/** An error of ours: told, and the monitor goes on. */
function fault(error: unknown): string {
  return `Error: internal error: ${String((error as Error)?.message ?? error)}\n`;
}

/** The command that a line names, or the answer where it names none. A name ends at a space or a '/'. */
function findInLine(line: string, machine: Machine): { command: HmpCommand; reader: Reader; typed: string } | string {
  const reader = new Reader(line);
  reader.skipSpace();
  if (reader.ended) return '';
  const start = reader.at;
  let command = findCommand(topCommands(machine), takeName(reader));
  let typed = line.slice(start, reader.at);
  if (command?.name === 'info') {
    reader.skipSpace();
    if (!reader.ended) {
      command = findCommand(infoCommands(machine), takeName(reader));
      typed = line.slice(start, reader.at);
    }
  }
  return command ? { command, reader, typed } : `unknown command: '${typed}'\n`;
}

function takeName(reader: Reader): string {
  const [name = ''] = /^[^\s/]*/.exec(reader.text.slice(reader.at)) ?? [];
  reader.at += name.length;
  return name;
}
