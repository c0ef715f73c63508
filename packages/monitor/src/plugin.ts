import { definePlugin } from '@nandu/core';
import { aboutCommands } from './commands/about.js';
import { deviceCommands } from './commands/devices.js';
import { monitorCommands } from './commands/monitor.js';
import { qomCommands } from './commands/qom.js';
import { runStateCommands } from './commands/run-state.js';

/** The commands that belong to no package of their own. */
export const monitorPlugin = definePlugin({
  name: 'monitor',
  commands: [...aboutCommands, ...deviceCommands, ...monitorCommands, ...qomCommands, ...runStateCommands],
});
