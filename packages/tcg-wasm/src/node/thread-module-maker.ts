/** Has modules of regions made by a thread of its own, so that the guest goes on meanwhile. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { ModuleMaker, ModuleReceiver } from '../regions/module-maker.js';
import type { RegionPlan } from '../regions/region-plan.js';
import type { ModuleContext } from '../regions/write-module.js';
import type { Reply, Request, ThreadData } from './messages.js';

/** What is written for one module is garbage soon, and the machine's memory is better used for the guest. */
const YOUNG_GENERATION_MB = 4;

export class ThreadModuleMaker implements ModuleMaker {
  private readonly receivers: ModuleReceiver[] = [];
  /** Begun with the first module: many machines are made and never run. */
  private thread: Thread | undefined;

  constructor(private readonly context: ModuleContext) {}

  get pending(): number {
    return this.receivers.length;
  }

  make(plans: readonly RegionPlan[], receive: ModuleReceiver): Iterable<void> {
    this.receivers.push(receive);
    this.thread ??= new Thread(this.context);
    this.thread.send({ plans });
    return [];
  }

  poll(): void {
    while (this.receivers.length > 0) {
      const reply = this.thread?.receive();
      if (reply === undefined) return;
      if ('error' in reply) throw new Error(`compiling a region failed: ${reply.error}`);
      this.receivers.shift()!(reply.module, reply.bytes);
    }
  }

  dispose(): void {
    this.receivers.length = 0;
    this.thread?.end();
    this.thread = undefined;
  }
}

class Thread {
  private readonly port: MessagePort;
  private readonly worker: Worker;
  private failure: Error | undefined;

  constructor(context: ModuleContext) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const data: ThreadData = { context: { ...context, helpers: context.helpers.map(({ quick: _, ...helper }) => helper) }, port: port2 };
    this.worker = new Worker(new URL('./module-thread.js', import.meta.url), {
      workerData: data,
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.worker.on('error', (error: Error) => {
      this.failure = error;
    });
    // Neither keeps the process alive.
    this.worker.unref();
    this.port.unref();
  }

  send(request: Request): void {
    this.port.postMessage(
      request,
      request.plans.map(({ numbers }) => numbers.buffer),
    );
  }

  /** The next reply, if there is one; throws what ended the thread. */
  receive(): Reply | undefined {
    if (this.failure) throw this.failure;
    return receiveMessageOnPort(this.port)?.message as Reply | undefined;
  }

  end(): void {
    this.port.close();
    void this.worker.terminate();
  }
}
