/** Command lines in this process: what a `nandu-system-x86_64 …` would print on stderr, and its exit status. */
import { Emulator, typesOf } from '../src/emulator.js';
import { parseCommandLine } from '../src/options/parse.js';
import { BUILT_IN_PLUGINS } from '../src/plugins.js';
import { CommandLineError, PROGRAM } from '../src/problem.js';

export interface Outcome {
  readonly status: number;
  readonly stderr: string;
}

/** Starts a machine as far as its first instruction, and ends it. `ask` may question it in between. */
export async function tryCommandLine(args: readonly string[], ask?: (emulator: Emulator) => unknown): Promise<Outcome> {
  let stderr = '';
  const { write } = process.stderr;
  process.stderr.write = ((text: string) => {
    stderr += text;
    return true;
  }) as typeof write;
  let emulator: Emulator | undefined;
  try {
    const parsed = await parseCommandLine(args);
    if ('text' in parsed) return { status: 0, stderr };
    emulator = new Emulator(parsed.settings, BUILT_IN_PLUGINS, typesOf(BUILT_IN_PLUGINS));
    await emulator.start();
    await ask?.(emulator);
    return { status: 0, stderr };
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    return { status: error.status, stderr: stderr + error.text };
  } finally {
    process.stderr.write = write;
    await emulator?.close();
  }
}

/** Words of a recorded command line; single quotes are the only ones in it. */
export function words(line: string): string[] {
  return (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/s, '$1'));
}

export function asOurs(stderr: string): string {
  return stderr.replaceAll('qemu-system-x86_64', PROGRAM);
}
