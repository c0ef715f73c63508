/**
 * Emulators crash and hang. A run that fails is noted, done again as often as its emulator may (QEMU's TCG with several CPUs panics
 * now and then), and is missing from the report after that; everything else is measured all the same.
 */
export class Attempts {
  /** What failed, in order: `{ label, what, why }`. */
  failures = [];

  constructor(progress) {
    this.progress = progress;
  }

  /** What `action` measures; undefined once it has failed for good. */
  async of({ label, retries = 0 }, what, action) {
    for (let left = retries; ; left--) {
      this.progress(`${what}: ${label}`);
      try {
        return await action();
      } catch (error) {
        this.note(label, what, error);
        if (left === 0) return undefined;
      }
    }
  }

  note(label, what, { message }) {
    const lines = message.split(/\r?\n/).filter((line) => line.trim());
    const why = [...new Set([lines[0], lines.at(-1)])].join(' … ');
    this.failures.push({ label, what, why });
    this.progress(`${what}: ${label} FAILED: ${why}`);
  }

  /** Whether something other than `label` failed. */
  failedBeside(label) {
    return this.failures.some((failure) => failure.label !== label);
  }

  /** For the end of the report. */
  lines() {
    const lines = this.failures.map(({ label, what, why }) => `failed: ${what}: ${label}: ${why}\n`);
    return lines.length > 0 ? `\n${lines.join('')}` : '';
  }
}
