/** The thread behind `ThreadModuleMaker`: makes modules, one after the other. */
import { workerData } from 'node:worker_threads';
import { LocalModuleMaker } from '../regions/module-maker.js';
import type { Reply, Request, ThreadData } from './messages.js';

const { context, port } = workerData as ThreadData;
const maker = new LocalModuleMaker(context);
const reply = (message: Reply): void => port.postMessage(message);

port.on('message', ({ plans }: Request) => {
  try {
    // Step after step: nobody waits here.
    for (const _ of maker.make(plans, (module, bytes) => reply({ module, bytes })));
  } catch (error) {
    reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
