/** The one list of what a machine of the command line is made from. */
import type { Plugin } from '@nandu/core';
import { definePlugin, NoneBoard } from '@nandu/core';
import { memoryPlugin } from '@nandu/memory';
import { monitorPlugin } from '@nandu/monitor';

const corePlugin = definePlugin({ name: 'core', types: [NoneBoard] });

export const BUILT_IN_PLUGINS: readonly Plugin[] = [corePlugin, monitorPlugin, memoryPlugin];
