import { type CommandContext, hmpCommand, qmpCommand } from '@nandu/core';
import { pluggedBytes } from '../memory-device.js';

function summary({ machine }: CommandContext): { readonly 'base-memory': number; readonly 'plugged-memory': number } {
  return { 'base-memory': machine.config.memory.sizeBytes, 'plugged-memory': pluggedBytes(machine) };
}

/**
 * query-memory-size-summary: bytes of base RAM and of what memory devices have plugged.
 *
 *   <- { "return": { "base-memory": 4294967296, "plugged-memory": 0 } }
 */
export const queryMemorySizeSummary = qmpCommand({ name: 'query-memory-size-summary', arguments: {}, run: (_, context) => summary(context) });

export const infoMemorySizeSummary = hmpCommand({
  name: 'info memory_size_summary',
  args: '',
  params: '',
  help: 'show the amount of initially allocated and present hotpluggable (if enabled) memory in bytes.',
  run(_, context) {
    const { 'base-memory': base, 'plugged-memory': plugged } = summary(context);
    return `base memory: ${base}\nplugged memory: ${plugged}\n`;
  },
});
