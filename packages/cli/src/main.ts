/** nandu-system-x86_64. */
import { ConfigError } from '@nandu/core';
import { runEmulator } from './emulator.js';
import { enableBranchHints } from './engine-flags.js';
import { putGuestFirst } from './helper-threads.js';
import { pluginBehind } from './load-plugin.js';
import { parseCommandLine } from './options/parse.js';
import { CommandLineError, report } from './problem.js';
import { surviveClosedTerminal } from './terminal.js';

/** Whatever happens, the user gets a sentence, a status, and (by the exit handlers) the terminal back. */
function giveUp(error: unknown): never {
  if (error instanceof CommandLineError) {
    process.stdout.write(error.output);
    process.stderr.write(error.text);
    process.exit(error.status);
  }
  // What a machine asks for beyond what this process can give may come up anywhere, in the middle of a device's work.
  if (error instanceof ConfigError) process.stderr.write(report(error.message));
  else {
    const plugin = pluginBehind(error);
    process.stderr.write(report(`${plugin === undefined ? 'internal error' : `plugin ${plugin} failed`}: ${(error as Error)?.stack ?? String(error)}`));
  }
  process.exit(1);
}

process.on('uncaughtException', giveUp);

surviveClosedTerminal();
enableBranchHints();
putGuestFirst();
try {
  const parsed = await parseCommandLine(process.argv.slice(2));
  if ('text' in parsed) process.stdout.write(parsed.text);
  else process.exit(await runEmulator(parsed.settings));
} catch (error) {
  giveUp(error);
}
