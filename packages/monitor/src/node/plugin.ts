import { definePlugin } from '@nandu/core';
import { dumpGuestMemoryCommands } from './dump-guest-memory.js';
import { saveMemoryCommands } from './save-memory.js';

/** Monitor commands that write files. */
export const nodeMonitorPlugin = definePlugin({ name: 'monitor-node', commands: [...saveMemoryCommands, ...dumpGuestMemoryCommands] });
