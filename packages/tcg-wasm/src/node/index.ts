export { ThreadModuleMaker } from './thread-module-maker.js';
