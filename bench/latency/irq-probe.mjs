/**
 * A device that measures how long an interrupt takes from `irq$` to the guest's handler: it raises request 5 at moments that
 * have nothing to do with the guest's work, and the handler of bench/latency answers at port 0x5f0. Loaded by -plugin. V8 compiles the way
 * through the interrupt controllers within some thousand interrupts, seconds of a busy guest's life: those before are not counted.
 */
import { definePlugin, device, IrqLine } from '../../packages/core/dist/src/index.js';
import { IsaDevice } from '../../packages/isa/dist/src/index.js';

const [PORT, IRQ, TIMES, WARM_UP] = [0x5f0, 5, 4000, 3000];
const [PRESENT, READY] = [0x42, 0x43];

class IrqProbe extends IsaDevice {
  irq$ = new IrqLine();
  #raised = 0;
  #late = [];

  realize() {
    this.wireIrq(this.irq$, IRQ);
    this.mapPorts(PORT, 1, { read: () => (this.#late.length < TIMES ? PRESENT : READY), write: (_, value) => this.#written(value) }, 'irq-probe');
  }

  /** 1: begin; 0: the handler runs. */
  #written(value) {
    if (value === 0) {
      this.#late.push(performance.now() - this.#raised);
      this.irq$.next(false);
      if (this.#late.length === TIMES) this.#report();
    }
    if (this.#late.length < TIMES) setTimeout(() => this.#raise(), 1 + (this.#late.length % 3));
  }

  #raise() {
    this.#raised = performance.now();
    this.irq$.next(true);
  }

  #report() {
    const sorted = this.#late.slice(WARM_UP).sort((a, b) => a - b);
    const us = (share) => (sorted[Math.floor(sorted.length * share)] * 1000).toFixed(1);
    process.stderr.write(`IRQ-PROBE ${JSON.stringify({ median: Number(us(0.5)), p95: Number(us(0.95)), most: Number(us(0.999)) })}\n`);
  }
}
device({ type: 'irq-probe', bus: 'ISA', hotpluggable: false })(IrqProbe);

export default definePlugin({ name: 'irq-probe', types: [IrqProbe] });
