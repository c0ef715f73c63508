/** Name under which the emulator speaks on stderr. */
export const PROGRAM = 'nandu-system-x86_64';

/** A command line that cannot be carried out: `text` is what stderr gets, complete. */
export class CommandLineError extends Error {
  constructor(
    readonly text: string,
    readonly status = 1,
    /** What goes to stdout instead: help that was asked for in vain. */
    readonly output = '',
  ) {
    super(text);
  }
}

/** Text for the user, with the option it is about in front, as QEMU places it. */
export function report(message: string, location?: string): string {
  return `${PROGRAM}: ${location === undefined ? '' : `${location}: `}${message}\n`;
}

export function warn(message: string, location?: string): void {
  process.stderr.write(report(`warning: ${message}`, location));
}
