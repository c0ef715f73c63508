import { ConfigError, definePlugin, qmpCommand } from '@nandu/core';
import { OPTIONS } from '../options/table.js';
import { queryCpuDefinitions, queryCpuModelExpansion } from './cpu-model-expansion.js';
import { infoJit, infoOpcount, queryJit, queryOpcount } from './jit.js';

/** query-command-line-options: the options that take parameters. Which parameters those are is not told (an empty list). */
const queryCommandLineOptions = qmpCommand<{ option?: string }>({
  name: 'query-command-line-options',
  arguments: { option: { type: 'str', optional: true } },
  run({ option }) {
    const names = OPTIONS.filter((o) => o.argument?.includes('=')).map((o) => o.names[0] as string);
    if (option !== undefined && !names.includes(option)) throw new ConfigError(`Invalid option name: ${option}`);
    return names.filter((name) => option === undefined || name === option).map((name) => ({ option: name, parameters: [] }));
  },
});

/** What the command line itself adds to monitors. */
export const cliPlugin = definePlugin({
  name: 'cli',
  commands: [queryCommandLineOptions, queryCpuModelExpansion, queryCpuDefinitions, infoJit, infoOpcount, queryJit, queryOpcount],
});
