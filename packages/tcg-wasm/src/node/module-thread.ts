/** The thread behind `ThreadModuleMaker`: makes modules, one after the other. */
import { workerData } from 'node:worker_threads';
import { type ModuleContext, writeModule } from '../regions/write-module.js';
import type { Reply, Request, ThreadData } from './messages.js';

const { context, port } = workerData as ThreadData;

port.on('message', ({ plans }: Request) => port.postMessage(makeModule(plans, context)));

function makeModule(plans: Request['plans'], into: ModuleContext): Reply {
  try {
    const writing = writeModule(plans, into);
    for (;;) {
      const { done, value } = writing.next();
      if (done) return { module: new WebAssembly.Module(value), bytes: value.length };
    }
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
