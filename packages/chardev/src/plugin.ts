import { Chardevs, definePlugin, Machine, type Plugin } from '@nandu/core';
import { chardevCommands } from './commands.js';
import { chardevTypes, showChardevs } from './qom.js';
import type { ChardevRegistry } from './registry.js';

/** Commands for character backends, and the machine's registry of them. */
export function chardevPlugin(registry: ChardevRegistry): Plugin {
  return definePlugin({
    name: 'chardev',
    commands: chardevCommands,
    types: chardevTypes,
    bind: (container) => {
      container.registerInstance(Chardevs as never, registry as never);
      showChardevs(container.resolve(Machine), registry);
    },
  });
}
