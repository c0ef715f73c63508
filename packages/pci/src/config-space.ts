/** Configuration space of a conventional PCI device (PCI Local Bus 3.0, chapter 6): bytes, and what a write may do to each. */

export const CONFIG_SIZE = 256;

/** Offsets of the type 0 header. */
export const VENDOR_ID = 0x00;
export const DEVICE_ID = 0x02;
export const COMMAND = 0x04;
export const STATUS = 0x06;
export const REVISION_ID = 0x08;
/** Programming interface, subclass, class. */
export const CLASS_PROG = 0x09;
export const CLASS_DEVICE = 0x0a;
export const CACHE_LINE_SIZE = 0x0c;
export const HEADER_TYPE = 0x0e;
export const BAR_0 = 0x10;
export const SUBSYSTEM_VENDOR_ID = 0x2c;
export const SUBSYSTEM_ID = 0x2e;
export const ROM_ADDRESS = 0x30;
export const CAPABILITY_LIST = 0x34;
export const INTERRUPT_LINE = 0x3c;
export const INTERRUPT_PIN = 0x3d;
const HEADER_END = 0x40;

export const COMMAND_IO = 0x0001;
export const COMMAND_MEMORY = 0x0002;
export const COMMAND_MASTER = 0x0004;
const COMMAND_SERR = 0x0100;
export const COMMAND_INTX_DISABLE = 0x0400;
export const STATUS_INTERRUPT = 0x0008;
export const STATUS_CAPABILITIES = 0x0010;
/** Error bits, cleared by writing ones. */
const STATUS_ERRORS = 0xf900;
export const HEADER_MULTIFUNCTION = 0x80;

/** What a capability is (PCI code and ID assignment 1.11, section 2). */
export const CAPABILITY_MSI = 0x05;
export const CAPABILITY_VENDOR = 0x09;
export const CAPABILITY_MSIX = 0x11;

export class ConfigSpace {
  readonly bytes = new Uint8Array(CONFIG_SIZE);
  /** Bits that a write changes, and bits that writing a one clears. */
  readonly writable = new Uint8Array(CONFIG_SIZE);
  private readonly clearable = new Uint8Array(CONFIG_SIZE);
  private readonly view = new DataView(this.bytes.buffer);
  private readonly writableView = new DataView(this.writable.buffer);
  private capabilitiesEnd = HEADER_END;

  constructor() {
    this.writable[CACHE_LINE_SIZE] = 0xff;
    this.writable[INTERRUPT_LINE] = 0xff;
    this.writableView.setUint16(COMMAND, COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_SERR | COMMAND_INTX_DISABLE, true);
    new DataView(this.clearable.buffer).setUint16(STATUS, STATUS_ERRORS, true);
    // What is no register of anything keeps what is written, as on QEMU's devices.
    this.writable.fill(0xff, HEADER_END);
  }

  get8(offset: number): number {
    return this.bytes[offset] as number;
  }
  get16(offset: number): number {
    return this.view.getUint16(offset, true);
  }
  get32(offset: number): number {
    return this.view.getUint32(offset, true);
  }
  set8(offset: number, value: number): void {
    this.bytes[offset] = value;
  }
  set16(offset: number, value: number): void {
    this.view.setUint16(offset, value, true);
  }
  set32(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }
  allow8(offset: number, mask: number): void {
    this.writable[offset] = mask;
  }
  allow16(offset: number, mask: number): void {
    this.writableView.setUint16(offset, mask, true);
  }
  allow32(offset: number, mask: number): void {
    this.writableView.setUint32(offset, mask, true);
  }

  /** A guest's read of 1, 2 or 4 bytes; beyond the end, ones. */
  read(offset: number, size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value += (this.bytes[offset + i] ?? 0xff) * 2 ** (8 * i);
    return value;
  }

  /** A guest's write: only what may change does. */
  write(offset: number, value: number, size: number): void {
    for (let i = 0; i < size && offset + i < CONFIG_SIZE; i++) {
      const at = offset + i;
      const byte = Math.floor(value / 2 ** (8 * i)) & 0xff;
      const writable = this.writable[at] as number;
      this.bytes[at] = ((this.get8(at) & ~writable) | (byte & writable)) & ~(byte & (this.clearable[at] as number));
    }
  }

  /** Adds a read-only capability of `length` bytes at the head of the list; returns its offset. */
  addCapability(id: number, length: number): number {
    const offset = this.capabilitiesEnd;
    this.capabilitiesEnd += (length + 3) & ~3;
    this.writable.fill(0, offset, this.capabilitiesEnd);
    this.set8(offset, id);
    this.set8(offset + 1, this.get8(CAPABILITY_LIST));
    this.set8(CAPABILITY_LIST, offset);
    this.set16(STATUS, this.get16(STATUS) | STATUS_CAPABILITIES);
    return offset;
  }
}
