/**
 * fw_cfg: what firmware and guests are told about the machine (QEMU's docs/specs/fw_cfg.txt): items by number and files by name,
 * read byte by byte from a port or by DMA. Values in the DMA descriptor and the directory are big-endian.
 */
import { AddressSpaceMemory, device, Log, saved } from '@nandu/core';
import { IsaDevice } from './isa-bus.js';

export const FW_CFG = {
  signature: 0x00,
  id: 0x01,
  uuid: 0x02,
  ramSize: 0x03,
  noGraphic: 0x04,
  cpuCount: 0x05,
  machineId: 0x06,
  kernelAddress: 0x07,
  kernelSize: 0x08,
  commandLine: 0x09,
  initrdAddress: 0x0a,
  initrdSize: 0x0b,
  bootDevice: 0x0c,
  numa: 0x0d,
  bootMenu: 0x0e,
  maxCpus: 0x0f,
  fileDirectory: 0x19,
  firstFile: 0x20,
  e820: 0x8003,
  hpet: 0x8004,
} as const;

/** Interface version: the classic port, and DMA. */
const ID_TRADITIONAL = 1;
const ID_DMA = 2;
const DMA = { error: 1, read: 2, skip: 4, select: 8, write: 16 } as const;
const FILE_NAME_BYTES = 56;
const DIRECTORY_ENTRY_BYTES = 64;

@device({ type: 'fw_cfg_io', bus: 'ISA', userCreatable: false })
export class FwCfg extends IsaDevice {
  @saved() private selected = 0;
  @saved() private position = 0;
  @saved() private dmaHigh = 0;
  private readonly items = new Map<number, Uint8Array>();
  private readonly files: { readonly name: string; readonly key: number }[] = [];

  constructor(
    private readonly memory: AddressSpaceMemory,
    private readonly log: Log,
  ) {
    super();
    this.setItem(FW_CFG.signature, new TextEncoder().encode('QEMU'));
    this.setNumber(FW_CFG.id, ID_TRADITIONAL | ID_DMA, 4);
  }

  override realize(): void {
    this.mapPorts(
      0x510,
      2,
      {
        read: (offset, size) => (offset === 1 && size === 1 ? this.readByte() : 0),
        write: (offset, value, size) => {
          if (offset === 0 && size === 2) this.select(value);
        },
      },
      'fwcfg',
      { valid: { min: 1, max: 2 }, impl: { min: 1, max: 2 } },
    );
    this.mapPorts(
      0x514,
      8,
      {
        read: readSignature,
        write: (offset, value, size) => this.writeDmaAddress(offset, value, size),
      },
      'fwcfg.dma',
      { valid: { min: 1, max: 4 }, impl: { min: 1, max: 4 } },
    );
  }

  setItem(key: number, bytes: Uint8Array): void {
    this.items.set(key, bytes);
  }
  /** A little-endian number. */
  setNumber(key: number, value: number, sizeBytes: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
    this.setItem(key, bytes.subarray(0, sizeBytes));
  }
  setText(key: number, text: string): void {
    this.setItem(key, new TextEncoder().encode(`${text}\0`));
  }

  /** Adds a file, or replaces its contents. */
  setFile(name: string, bytes: Uint8Array): void {
    let file = this.files.find((f) => f.name === name);
    if (!file) {
      file = { name, key: FW_CFG.firstFile + this.files.length };
      this.files.push(file);
    }
    this.items.set(file.key, bytes);
    this.items.set(FW_CFG.fileDirectory, this.directory());
  }

  private directory(): Uint8Array {
    const bytes = new Uint8Array(4 + this.files.length * DIRECTORY_ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.files.length);
    const sorted = [...this.files].sort((a, b) => (a.name < b.name ? -1 : 1));
    sorted.forEach(({ name, key }, index) => {
      const at = 4 + index * DIRECTORY_ENTRY_BYTES;
      view.setUint32(at, this.items.get(key)?.length ?? 0);
      view.setUint16(at + 4, key);
      bytes.set(new TextEncoder().encode(name).subarray(0, FILE_NAME_BYTES - 1), at + 8);
    });
    return bytes;
  }

  private select(key: number): void {
    this.selected = key;
    this.position = 0;
  }

  private readByte(): number {
    return this.items.get(this.selected)?.[this.position++] ?? 0;
  }

  private writeDmaAddress(offset: number, value: number, size: number): void {
    if (size !== 4) return;
    const word = swap32(value);
    if (offset === 0) this.dmaHigh = word;
    else if (offset === 4) {
      this.transfer(this.dmaHigh * 2 ** 32 + word);
      this.dmaHigh = 0;
    }
  }

  /** The descriptor: control, length, address. The control word is written back: 0, or the error bit. */
  private transfer(descriptor: number): void {
    const bytes = new Uint8Array(16);
    this.memory.readBytes(descriptor, bytes);
    const view = new DataView(bytes.buffer);
    const control = view.getUint32(0);
    const length = view.getUint32(4);
    const address = Number(view.getBigUint64(8));
    if (control & DMA.select) this.select(control >>> 16);
    const failed = (control & DMA.write) !== 0;
    if (failed) this.log.guestError('fw_cfg: a write to an item that cannot be written');
    else if (control & DMA.read) this.readByDma(address, length);
    else if (control & DMA.skip) this.position += length;
    view.setUint32(0, failed ? DMA.error : 0);
    this.memory.writeBytes(descriptor, bytes.subarray(0, 4));
  }

  /** Past the end of an item there are zeros. */
  private readByDma(address: number, length: number): void {
    const STEP = 0x10000;
    const item = this.items.get(this.selected);
    for (let done = 0; done < length; done += STEP) {
      const part = new Uint8Array(Math.min(STEP, length - done));
      if (item && this.position < item.length) part.set(item.subarray(this.position, this.position + part.length));
      if (!this.memory.writeBytes(address + done, part)) return;
      this.position += part.length;
    }
  }
}

function swap32(value: number): number {
  return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** The DMA register reads as "QEMU CFG". */
function readSignature(offset: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + 'QEMU CFG'.charCodeAt(offset + i);
  return value;
}
