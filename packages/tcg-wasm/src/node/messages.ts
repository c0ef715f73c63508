/** What the machine's thread and the one that compiles for it tell each other. */
import type { MessagePort } from 'node:worker_threads';
import type { RegionPlan } from '../regions/region-plan.js';
import type { ModuleContext } from '../regions/write-module.js';

export interface ThreadData {
  readonly context: ModuleContext;
  readonly port: MessagePort;
}

export interface Request {
  readonly plans: readonly RegionPlan[];
}

/** Replies come in the order of the requests. */
export type Reply = { readonly module: WebAssembly.Module; readonly bytes: number } | { readonly error: string };
