/** Serial ports write a byte at a time; the host should not get a system call for each. */
const FULL_BYTES = 4096;

/** Collects what is written in one turn of guest work and hands it on in one piece when the turn is over, or when it is full. */
export class WriteBatch {
  private readonly bytes = new Uint8Array(FULL_BYTES);
  private length = 0;
  private scheduled = false;

  constructor(private readonly sink: (bytes: Uint8Array) => void) {}

  write(bytes: Uint8Array): void {
    if (bytes.length >= FULL_BYTES) {
      this.flush();
      this.sink(bytes);
      return;
    }
    if (this.length + bytes.length > FULL_BYTES) this.flush();
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  flush(): void {
    if (this.length === 0) return;
    const out = this.bytes.slice(0, this.length);
    this.length = 0;
    this.sink(out);
  }
}
