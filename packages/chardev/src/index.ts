export { BaseChardev } from './base.js';
export { MuxChardev } from './mux.js';
export { NullChardev } from './null.js';
export { type Parsed, parseChardev, parseShortForm } from './parse.js';
export { chardevPlugin } from './plugin.js';
export { type ChardevFactory, type ChardevHost, ChardevRegistry } from './registry.js';
export { RingbufChardev } from './ringbuf.js';
export type { ChardevSpec, SocketSpec } from './spec.js';
