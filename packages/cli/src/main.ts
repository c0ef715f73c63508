/** nandu-system-x86_64. */
import { runEmulator } from './emulator.js';
import { parseCommandLine } from './options/parse.js';
import { CommandLineError, report } from './problem.js';

/** Whatever happens, the user gets a sentence, a status, and (by the exit handlers) the terminal back. */
function giveUp(error: unknown): never {
  if (error instanceof CommandLineError) {
    process.stdout.write(error.output);
    process.stderr.write(error.text);
    process.exit(error.status);
  }
  process.stderr.write(report(`internal error: ${(error as Error)?.stack ?? String(error)}`));
  process.exit(1);
}

process.on('uncaughtException', giveUp);

try {
  const parsed = await parseCommandLine(process.argv.slice(2));
  if ('text' in parsed) process.stdout.write(parsed.text);
  else process.exit(await runEmulator(parsed.settings));
} catch (error) {
  giveUp(error);
}
