/** Devices of one port: POST codes, the coprocessor's error latch, firmware's debug console, leaving the emulator. */
import { type ChardevPort, Chardevs, ConfigError, device, Machine, property } from '@nandu/core';
import { BYTES, IsaDevice } from './isa-bus.js';

/** isa-debugcon: bytes written come out of a character backend; a read tells that it is there. */
@device({ type: 'isa-debugcon', bus: 'ISA', category: 'Misc' })
export class DebugConsole extends IsaDevice {
  @property() iobase: number = 0xe9;
  /** What a read gives. */
  @property() readback: number = 0xe9;
  @property() chardev: string = '';
  private port: ChardevPort | undefined;

  constructor(private readonly chardevs: Chardevs) {
    super();
  }

  override realize(): void {
    const chardev = this.chardevs.get(this.chardev);
    if (!chardev)
      throw new ConfigError(
        this.chardev === '' ? "Can't create debugcon device, empty char device" : `Property 'isa-debugcon.chardev' can't find value '${this.chardev}'`,
      );
    this.port = chardev.attach({ canReceive: () => 0, receive: () => undefined });
    this.mapPorts(this.iobase, 1, { read: () => this.readback, write: (_offset, value) => this.port?.write(Uint8Array.of(value)) }, 'isa-debugcon');
  }
}

/** isa-debug-exit: a write ends the process with status (value << 1) | 1. */
@device({ type: 'isa-debug-exit', bus: 'ISA', category: 'Misc' })
export class DebugExit extends IsaDevice {
  @property({ default: 0x501 }) iobase: number = 0x501;
  @property({ default: 2 }) iosize: number = 2;

  constructor(private readonly machine: Machine) {
    super();
  }

  override realize(): void {
    const write = (_offset: number, value: number): void => this.machine.requestShutdown('none', ((value << 1) | 1) & 0xff);
    this.mapPorts(this.iobase, this.iosize, { read: () => 0, write }, 'isa-debug-exit', { impl: { min: 1, max: 4 } });
  }
}

/** What a board has at ports 0x80 (POST code, a delay) and 0xf0 (coprocessor error latch): reads ones, takes anything. */
@device({ type: 'isa-post-ports', bus: 'ISA', userCreatable: false })
export class PostPorts extends IsaDevice {
  override realize(): void {
    const nothing = { read: () => 0xff, write: () => undefined };
    this.mapPorts(0x80, 1, nothing, 'ioport80', BYTES);
    this.mapPorts(0xf0, 1, nothing, 'ioportF0', BYTES);
  }
}
