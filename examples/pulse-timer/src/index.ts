import { definePlugin } from '@nandu/core';
import { PulseTimer } from './pulse-timer.js';

export { PulseTimer, REGISTERS } from './pulse-timer.js';

/** What `-plugin` loads: the default export is the plugin. */
export default definePlugin({ name: 'pulse-timer', types: [PulseTimer] });
