/** Gives the C library's free memory back to the host. */

/** Of one processor. */
const QUIET_SHARE = 0.3;

/**
 * What V8's compilers took from malloc stays with the threads that they ran in, some 15 MiB after a boot. It is given back when the
 * process, all threads together, becomes quiet after having been busy: nothing is compiled then, and nobody waits for it.
 */
export class HeapTrim {
  private usedMs = 0;
  private wasBusy = false;

  constructor(
    private readonly trim: () => void,
    /** Processor time of the process so far. */
    private readonly processorMs: () => number = () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
  ) {}

  /** A turn of housekeeping, `sinceMs` after the one before. */
  turn(sinceMs: number): void {
    const usedMs = this.processorMs();
    const isBusy = usedMs - this.usedMs > QUIET_SHARE * sinceMs;
    this.usedMs = usedMs;
    if (this.wasBusy && !isBusy) this.trim();
    this.wasBusy = isBusy;
  }
}
