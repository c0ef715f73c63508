export { FakeClock } from './fake-clock.js';
export { Guest } from './guest.js';
export { realize, type RealizeOptions } from './realize.js';
export { EmulatorSession, type SessionOptions } from './node/emulator-session.js';
export { TextSocket } from './node/text-socket.js';
