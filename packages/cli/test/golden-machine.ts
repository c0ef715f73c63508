import { words } from './command-line.js';

/** The machine of a recording: its first line, without sockets and guest. */
export function machineOf([first = '']: readonly string[]): string[] {
  const line = first.replace(/^\$ \S+ /, '').replace(/ -(monitor|qmp|serial|kernel|initrd|append) \S+/g, '');
  return words(line.replace('-nographic', '-display none').replaceAll('requested-size=0M', 'requested-size=0M,unplugged-inaccessible=off'));
}
