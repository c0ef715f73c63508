/** log and logfile: what the machine's guest does wrong, where a user wants to see it. */
import { appendFileSync } from 'node:fs';
import { type AnyCommand, hmpCommand, reasonOf } from '@nandu/core';
import { LOG_ITEM_LIST, parseLogItems } from '../log-items.js';
import type { Settings } from '../settings.js';

/** A thread's number goes there; ours is one. */
const withProcess = (file: string): string => file.replace('%d', String(process.pid));

export function logCommands(settings: Pick<Settings, 'logItems' | 'logFile'>): AnyCommand[] {
  return [
    hmpCommand<{ items: string }>({
      name: 'log',
      args: 'items:s',
      params: 'item1[,...]',
      help: 'activate logging of the specified items',
      run({ items: text }) {
        const items = text === 'none' ? [] : parseLogItems(text);
        if (!items) return LOG_ITEM_LIST;
        settings.logItems = new Set(items);
        return undefined;
      },
    }),
    hmpCommand<{ filename: string }>({
      name: 'logfile',
      args: 'filename:F',
      params: 'filename',
      help: "output logs to 'filename'",
      run({ filename }) {
        const file = withProcess(filename);
        try {
          appendFileSync(file, '');
        } catch (error) {
          return `Error opening logfile ${filename}: ${reasonOf(error)}\n`;
        }
        settings.logFile = file;
        return undefined;
      },
    }),
  ];
}
