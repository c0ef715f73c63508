/** A system description table in the making: numbers appended little-endian, then header and checksum (ACPI 6.5, 5.2.6). */
const HEADER_BYTES = 36;
/** The same as QEMU's tables show: guests know them. */
const OEM_ID = 'BOCHS ';
const OEM_TABLE_ID = 'BXPC    ';
const CREATOR_ID = 'BXPC';

export class TableWriter {
  private readonly content: number[] = [];

  get length(): number {
    return this.content.length;
  }
  u8(...values: number[]): this {
    return this.put(1, values);
  }
  u16(...values: number[]): this {
    return this.put(2, values);
  }
  u32(...values: number[]): this {
    return this.put(4, values);
  }
  u64(...values: number[]): this {
    return this.put(8, values);
  }
  text(value: string, length = value.length): this {
    for (let index = 0; index < length; index++) this.content.push(index < value.length ? value.charCodeAt(index) : 0x20);
    return this;
  }
  raw(values: readonly number[]): this {
    for (const value of values) this.content.push(value);
    return this;
  }
  /** Zeros up to `length`. */
  padTo(length: number): this {
    while (this.content.length < length) this.content.push(0);
    return this;
  }
  bytes(): Uint8Array {
    return Uint8Array.from(this.content);
  }

  private put(width: number, values: readonly number[]): this {
    for (const value of values) {
      let rest = value;
      for (let index = 0; index < width; index++) {
        this.content.push(rest % 256);
        rest = Math.floor(rest / 256);
      }
    }
    return this;
  }
}

/** What makes all bytes add up to 0. */
export function checksum(bytes: Uint8Array): number {
  return (256 - (bytes.reduce((sum, byte) => sum + byte, 0) & 0xff)) & 0xff;
}

/** A whole table: header, then `body`. */
export function table(signature: string, revision: number, body: (writer: TableWriter) => void): Uint8Array {
  const content = new TableWriter();
  body(content);
  const writer = new TableWriter();
  writer
    .text(signature)
    .u32(HEADER_BYTES + content.length)
    .u8(revision, 0);
  writer.text(OEM_ID, 6).text(OEM_TABLE_ID, 8).u32(1).text(CREATOR_ID, 4).u32(1);
  const bytes = Uint8Array.from([...writer.bytes(), ...content.bytes()]);
  bytes[9] = checksum(bytes);
  return bytes;
}
