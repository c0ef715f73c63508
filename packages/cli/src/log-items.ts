/** What -d and the monitor's `log` turn on: kinds of log record, by QEMU's names. */
import { ConfigError, type LogRecord } from '@nandu/core';

export const LOG_ITEMS: readonly (readonly [name: string, kind: LogRecord['kind'], help: string])[] = [
  ['unimp', 'unimplemented', 'log unimplemented functionality'],
  ['guest_errors', 'guest-error', 'log when the guest OS does something invalid'],
];

/** QEMU's, about translated code and the like. */
const NOT_IMPLEMENTED = new Set('out_asm in_asm op op_opt op_ind int exec cpu fpu mmu pcall cpu_reset page nochain plugin strace tid'.split(' '));

export const LOG_ITEM_LIST = `Log items (comma separated):\n${LOG_ITEMS.map(([name, , help]) => `${name.padEnd(15)} ${help}\n`).join('')}`;

/** The items of a list; undefined where one of them is unknown. */
export function parseLogItems(text: string): string[] | undefined {
  const items = text.split(',');
  const missing = items.find((item) => NOT_IMPLEMENTED.has(item));
  if (missing !== undefined) throw new ConfigError(`log item '${missing}' is not implemented`);
  return items.every((item) => LOG_ITEMS.some(([name]) => name === item)) ? items : undefined;
}

export function logItemOf(kind: LogRecord['kind']): string | undefined {
  return LOG_ITEMS.find(([, of]) => of === kind)?.[0];
}
