export { FakeClock } from './fake-clock.js';
export { Guest } from './guest.js';
export { realize, type RealizeOptions } from './realize.js';
