import type { ChardevFactory } from '../registry.js';
import type { SocketSpec } from '../spec.js';
import { FileChardev } from './file.js';
import { SocketChardev } from './socket.js';
import { StdioChardev } from './stdio.js';

/** Backends that need Node. */
export const nodeChardevs: Readonly<Record<string, ChardevFactory>> = {
  socket: (spec) => new SocketChardev(spec.id, spec.socket as SocketSpec),
  stdio: (spec) => new StdioChardev(spec.id, spec.signal ?? true),
  file: (spec) => new FileChardev(spec),
};
