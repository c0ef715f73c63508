import { QObject } from '../object/object.js';
import { type } from '../object/type.js';
import type { VCpu } from './accelerator.js';

/** A machine type: what QEMU calls '-machine'. Lives at '/machine'. Assembly only. */
@type({ name: 'machine', abstract: true })
export abstract class Board extends QObject {
  /** vCPUs in order of index; empty under qtest. */
  readonly cpus: VCpu[] = [];
  /** Makes RAM, vCPUs and on-board devices. Before `-device`. */
  abstract build(): void;
  /** After all cold-plugged devices: tables, the kernel, whatever reads the final machine. */
  ready(): void {}
  /** System reset of what is not a device: CPUs, the boot image put back. Devices were reset before. */
  reset(): void {}
  /** The power button. */
  powerdown(): void {}
}

/** No devices, no memory, no CPU: for asking questions. */
@type({ name: 'none-machine' })
export class NoneBoard extends Board {
  override build(): void {}
}
