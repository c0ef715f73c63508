/** What a keyboard or mouse behind the i8042 is: takes bytes, answers with bytes, has a queue of its own. */
const QUEUE_LIMIT = 256;
/** What a user does is lost when the software does not fetch it; answers to commands have more room. */
const REPORT_LIMIT = 16;

export interface Ps2State {
  queue: number[];
  enabled: boolean;
  /** A command that waits for its argument. */
  waitsFor: number;
}

export abstract class Ps2Device {
  protected queue: number[] = [];
  protected enabled = false;
  protected waitsFor = 0;
  /** Called when the queue has become non-empty or changed its head. */
  onData: () => void = () => undefined;

  get hasData(): boolean {
    return this.queue.length > 0;
  }
  take(): number {
    return this.queue.shift() ?? 0;
  }

  save(): Ps2State {
    return { queue: [...this.queue], enabled: this.enabled, waitsFor: this.waitsFor };
  }
  load(state: Ps2State): void {
    this.queue = [...state.queue];
    this.enabled = state.enabled;
    this.waitsFor = state.waitsFor;
  }
  reset(): void {
    this.queue = [];
    this.enabled = false;
    this.waitsFor = 0;
  }

  /** A byte from the host. */
  abstract receive(byte: number): void;

  protected get roomForReports(): number {
    return REPORT_LIMIT - this.queue.length;
  }

  /** What a user does: all of the bytes or none. */
  protected report(bytes: readonly number[]): void {
    if (bytes.length > 0 && bytes.length <= this.roomForReports) this.reply(...bytes);
  }

  protected reply(...bytes: number[]): void {
    if (this.queue.length + bytes.length > QUEUE_LIMIT) return;
    this.queue.push(...bytes);
    this.onData();
  }
}
