/**
 * Writes the 'newc' cpio archives that Linux unpacks as an initramfs (kernel documentation,
 * driver-api/early-userspace/buffer-format). Thirty lines, so that building a guest asks nothing of the host.
 */
export interface CpioEntry {
  /** Path without a leading slash. */
  readonly name: string;
  /** File type and permissions, as in stat: 0o100755, 0o040755, 0o120777, 0o020600. */
  readonly mode: number;
  readonly data?: Uint8Array;
  /** Device numbers of a node. */
  readonly major?: number;
  readonly minor?: number;
}

const MAGIC = '070701';

export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap((entry, index) => cpioRecord(entry, index + 1)), ...cpioTrailer(entries.length + 1)]);
}

/** What ends an archive; another archive may follow. */
export const cpioTrailer = (inode: number): Buffer[] => cpioRecord({ name: 'TRAILER!!!', mode: 0 }, inode);

/** One entry's bytes. Inode, mode, uid, gid, links, mtime, size, device (2), node's device (2), name size, checksum: eight hex digits each. */
export function cpioRecord({ name, mode, data = new Uint8Array(), major = 0, minor = 0 }: CpioEntry, inode: number): Buffer[] {
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, major, minor, name.length + 1, 0];
  const head = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return [padded(Buffer.from(`${head}${name}\0`, 'latin1')), padded(Buffer.from(data))];
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
