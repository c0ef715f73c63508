/** A CPU in the object tree: '<model>-x86_64-cpu', where it sits, its local APIC, and the processor that runs (none under qtest). */
import { LocalApic } from '@nandu/apic';
import { Device, device, int32Type, type MemoryRegion, property } from '@nandu/core';
import type { Processor } from './cpu-factory.js';

@device({ type: 'x86_64-cpu', abstract: true, interfaces: ['cpu'], category: 'CPU' })
export abstract class X86CpuDevice extends Device {
  @property({ name: 'socket-id', type: int32Type }) socket: number = -1;
  @property({ name: 'die-id', type: int32Type }) die: number = -1;
  @property({ name: 'core-id', type: int32Type }) core: number = -1;
  @property({ name: 'thread-id', type: int32Type }) thread: number = -1;
  @property({ name: 'node-id', type: int32Type }) node: number = -1;
  @property({ name: 'apic-id' }) apicId: number = 0;

  index = 0;
  lapic!: LocalApic;
  processor: Processor | undefined;

  /** What it reaches. */
  memory!: MemoryRegion;

  override get addressSpaces(): readonly { readonly name: string; readonly root: MemoryRegion }[] {
    return [{ name: `cpu-memory-${this.index}`, root: this.memory }];
  }
}

const CLASSES = new Map<string, new () => X86CpuDevice>();

/** The class of a model's CPUs. A type is its class, so that one is made for each model that is asked for. */
export function cpuClassOf(modelOrType: string): new () => X86CpuDevice {
  const model = modelOrType.replace(/-x86_64-cpu$/, '');
  let found = CLASSES.get(model);
  if (!found) {
    @device({ type: `${model}-x86_64-cpu`, category: 'CPU', userCreatable: false })
    class ModelCpu extends X86CpuDevice {}
    found = ModelCpu;
    CLASSES.set(model, found);
  }
  return found;
}
