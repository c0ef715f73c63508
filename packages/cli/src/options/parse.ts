import { ConfigError, QmpError } from '@nandu/core';
import { PACKAGE, QEMU_VERSION_TEXT } from '@nandu/monitor';
import { CommandLineError, PROGRAM, report } from '../problem.js';
import { type Given, Settings } from '../settings.js';
import { UnlocatedError } from './general.js';
import { REASONS, REFUSED } from './refused.js';
import { OPTION_BY_NAME, OPTIONS } from './table.js';

/** What the command line asks for: a machine, or only a text. */
export type Parsed = { readonly settings: Settings } | { readonly text: string };

export async function parseCommandLine(args: readonly string[]): Promise<Parsed> {
  const settings = new Settings();
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    const name = /^--?(.+)$/s.exec(word)?.[1];
    if (name === undefined) throw new CommandLineError(report('disk images are not implemented', word));
    if (name === 'h' || name === 'help') return { text: helpText() };
    if (name === 'version') return { text: versionText() };
    const option = OPTION_BY_NAME.get(name);
    if (!option && !Object.hasOwn(REFUSED, name)) throw new CommandLineError(report('invalid option', word));
    const takesArgument = option ? option.argument !== undefined : REFUSED[name];
    let given: Given = { value: '', location: word };
    if (takesArgument) {
      const value = args[++at];
      if (value === undefined) throw new CommandLineError(report('requires an argument', word));
      given = { value, location: `${word} ${value}` };
    }
    if (!option) throw new CommandLineError(report(REASONS[name] ?? 'this option is not implemented', given.location));
    try {
      await option.apply(settings, given);
    } catch (error) {
      throw located(error, given.location);
    }
  }
  return { settings };
}

/** An error of an option as the user reads it. */
export function located(error: unknown, location?: string): unknown {
  if (error instanceof UnlocatedError) return new CommandLineError(report(error.message));
  if (error instanceof QmpError) return new CommandLineError(report(error.message, location));
  if (!(error instanceof ConfigError)) return error;
  return new CommandLineError(report(error.message, location) + (error.hint === undefined ? '' : `${error.hint}\n`));
}

export function versionText(): string {
  return `${PACKAGE}, a machine emulator (QEMU ${QEMU_VERSION_TEXT} compatible)\n`;
}

function helpText(): string {
  const lines = OPTIONS.map(
    ({ names, argument, help }) => `${names.map((n) => `-${n}`).join(', ')}${argument ? ` ${argument}` : ''}\n                ${help}\n`,
  );
  return `${versionText()}usage: ${PROGRAM} [options]\n\n-h, -help\n                show this\n-version\n                show the version\n${lines.join('')}
During emulation with -nographic: Ctrl-A H shows what keys there are, Ctrl-A C goes to the monitor, Ctrl-A X ends.
`;
}
