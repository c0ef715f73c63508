export { createMachine } from './create-machine.js';
export { Lifecycle } from './lifecycle.js';
export { BUILT_IN_PLUGINS } from './plugins.js';
