import { definePlugin } from '@nandu/core';
import { aboutCommands } from './commands/about.js';
import { absentCommands } from './commands/absent.js';
import { absentDiskCommands } from './commands/absent-disks.js';
import { absentDisplays } from './commands/absent-displays.js';
import { absentVerbs } from './commands/absent-verbs.js';
import { actionCommands } from './commands/actions.js';
import { cpuCommands } from './commands/cpus.js';
import { deviceCommands } from './commands/devices.js';
import { dirtyRateCommands } from './commands/dirty-rate.js';
import { dumpCommands } from './commands/dump.js';
import { inputCommands } from './commands/input.js';
import { machineCommands } from './commands/machines.js';
import { memoryDumpCommands } from './commands/memory-dump.js';
import { migrationCommands } from './commands/migration.js';
import { monitorCommands } from './commands/monitor.js';
import { mtreeCommand } from './commands/mtree.js';
import { qomCommands } from './commands/qom.js';
import { qtreeCommands } from './commands/qtree.js';
import { runStateCommands } from './commands/run-state.js';
import { screendumpCommands } from './commands/screendump.js';
import { tracingCommands } from './commands/tracing.js';

/** The commands that belong to no package of their own. */
export const monitorPlugin = definePlugin({
  name: 'monitor',
  commands: [
    ...aboutCommands,
    ...absentCommands,
    ...absentDiskCommands,
    ...absentDisplays,
    ...absentVerbs,
    ...actionCommands,
    ...cpuCommands,
    ...deviceCommands,
    ...dirtyRateCommands,
    ...dumpCommands,
    ...inputCommands,
    ...machineCommands,
    ...memoryDumpCommands,
    ...migrationCommands,
    ...monitorCommands,
    mtreeCommand,
    ...qomCommands,
    ...qtreeCommands,
    ...runStateCommands,
    ...screendumpCommands,
    ...tracingCommands,
  ],
});
