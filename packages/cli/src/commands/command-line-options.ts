import { ConfigError, definePlugin, qmpCommand } from '@nandu/core';
import { OPTIONS } from '../options/table.js';
import { queryCpuDefinitions, queryCpuModelExpansion } from './cpu-model-expansion.js';
import { infoJit, infoOpcount, queryJit, queryOpcount } from './jit.js';

/** query-command-line-options: the options that take parameters, and those of them that are the same for all their kinds. */
const queryCommandLineOptions = qmpCommand<{ option?: string }>({
  name: 'query-command-line-options',
  arguments: { option: { type: 'str', optional: true } },
  run({ option }) {
    const rows = OPTIONS.filter((o) => o.parameters || o.argument?.includes('=')).map(({ names, group = names[0] as string, parameters = {} }) => ({
      option: group,
      parameters: Object.entries(parameters).map(([name, type]) => ({ name, type })),
    }));
    if (option !== undefined && !rows.some((row) => row.option === option)) throw new ConfigError(`Invalid option name: ${option}`);
    return rows.filter((row) => option === undefined || row.option === option);
  },
});

/** What the command line itself adds to monitors. */
export const cliPlugin = definePlugin({
  name: 'cli',
  commands: [queryCommandLineOptions, queryCpuModelExpansion, queryCpuDefinitions, infoJit, infoOpcount, queryJit, queryOpcount],
});
