/** port92: system control port A: fast A20 gate and fast reset (PIIX 4.2.7). */
import { device, IrqLine, Machine, saved } from '@nandu/core';
import { IsaDevice } from './isa-bus.js';

@device({ type: 'port92', bus: 'ISA', userCreatable: false })
export class Port92 extends IsaDevice {
  @saved() private value = 0;
  /** High: address line 20 is let through. */
  readonly a20$ = new IrqLine();

  constructor(private readonly machine: Machine) {
    super();
  }

  override realize(): void {
    this.addOutputs('a20', [this.a20$]);
    this.mapPorts(0x92, 1, { read: () => this.value, write: (_offset, value) => this.write(value) }, 'port92');
  }

  private write(value: number): void {
    const rises = value & ~this.value & 1;
    this.value = value & 0xfe;
    this.a20$.next((value & 2) !== 0);
    if (rises) this.machine.requestReset('guest-reset');
  }
}
