/** isa-pcspk: port 0x61, gate and output of timer channel 2 (the sound itself is not made). */
import { device, property, saved, VirtualClock } from '@nandu/core';
import type { I8254 } from './i8254.js';
import { IsaDevice } from './isa-bus.js';

/** The refresh toggle changes with every memory refresh, 15.085 us apart. */
const REFRESH_NS = 15_085;

@device({ type: 'isa-pcspk', bus: 'ISA', userCreatable: false })
export class PcSpeaker extends IsaDevice {
  @property() iobase: number = 0x61;
  @saved() private dataEnabled = false;
  /** Wired by the board before realize. */
  pit!: I8254;

  constructor(private readonly clock: VirtualClock) {
    super();
  }

  override realize(): void {
    this.mapPorts(this.iobase, 1, { read: () => this.read(), write: (_offset, value) => this.write(value) }, 'pcspk');
  }

  private read(): number {
    const refresh = Math.floor(this.clock.nowNs() / REFRESH_NS) & 1;
    return Number(this.pit.speakerGate) | (Number(this.dataEnabled) << 1) | (refresh << 4) | (Number(this.pit.speakerOutput) << 5);
  }

  private write(value: number): void {
    this.pit.speakerGate = (value & 1) !== 0;
    this.dataEnabled = (value & 2) !== 0;
  }
}
