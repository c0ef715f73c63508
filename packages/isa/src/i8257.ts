/**
 * i8257: one of the two DMA controllers of a PC (Intel 8237A data sheet). Registers only: no device of ours does ISA DMA, but
 * drivers claim and program the controller.
 */
import { device, property, saved } from '@nandu/core';
import { IsaDevice } from './isa-bus.js';

/** Page registers: port offset to channel. */
const PAGE_CHANNEL: readonly number[] = [-1, 2, 3, 1, -1, -1, -1, 0];

@device({ type: 'i8257', bus: 'ISA', userCreatable: false })
export class I8257 extends IsaDevice {
  @property() base: number = 0x00;
  @property({ name: 'page-base' }) pageBase: number = 0x80;
  /** log2 of the distance between registers: 1 for the 16-bit controller. */
  @property() dshift: number = 0;

  /** Address and count of each channel, current and base. */
  @saved() private current = new Uint16Array(8);
  @saved() private initial = new Uint16Array(8);
  @saved() private pages = new Uint8Array(4);
  @saved() private highNext = false;
  @saved() private status = 0;
  @saved() private mask = 0x0f;

  override realize(): void {
    const shift = this.dshift;
    this.mapPorts(
      this.base,
      8 << shift,
      { read: (offset) => this.readChannel(offset >> shift), write: (offset, value) => this.writeChannel(offset >> shift, value) },
      'dma-chan',
    );
    this.mapPorts(
      this.base + (8 << shift),
      8 << shift,
      { read: (offset) => this.readControl(offset >> shift), write: (offset, value) => this.writeControl(offset >> shift, value) },
      'dma-cont',
    );
    this.mapPorts(this.pageBase + 1, 3, this.pageHandler(1), 'dma-page');
    this.mapPorts(this.pageBase + 7, 1, this.pageHandler(7), 'dma-page');
  }

  private pageHandler(first: number) {
    const channel = (offset: number): number => PAGE_CHANNEL[first + offset] as number;
    return {
      read: (offset: number) => this.pages[channel(offset)] as number,
      write: (offset: number, value: number) => {
        this.pages[channel(offset)] = value;
      },
    };
  }

  /** Registers of 16 bits take two accesses, low byte first. */
  private readChannel(register: number): number {
    const value = this.current[register] as number;
    this.highNext = !this.highNext;
    return this.highNext ? value & 0xff : value >> 8;
  }

  private writeChannel(register: number, value: number): void {
    const before = this.initial[register] as number;
    this.initial[register] = this.highNext ? (before & 0xff) | (value << 8) : (before & 0xff00) | value;
    this.current[register] = this.initial[register] as number;
    this.highNext = !this.highNext;
  }

  private readControl(register: number): number {
    if (register === 0) {
      const status = this.status;
      this.status &= 0xf0;
      return status;
    }
    return register === 7 ? this.mask : 0;
  }

  private writeControl(register: number, value: number): void {
    switch (register) {
      case 2:
        this.mask = value & 4 ? this.mask | (1 << (value & 3)) : this.mask & ~(1 << (value & 3));
        break;
      case 4:
        this.highNext = false;
        break;
      case 5:
        this.masterClear();
        break;
      case 6:
        this.mask = 0;
        break;
      case 7:
        this.mask = value & 0x0f;
        break;
      default:
        break; // commands, requests and modes matter to transfers only
    }
  }

  private masterClear(): void {
    this.highNext = false;
    this.status = 0;
    this.mask = 0x0f;
  }
}
