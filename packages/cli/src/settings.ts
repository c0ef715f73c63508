import type { ChardevSpec } from '@nandu/chardev';
import type { Actions } from '@nandu/core';

/** An option as it was typed: what messages quote. */
export interface Given {
  readonly value: string;
  /** '-m 4G,slots=x' */
  readonly location: string;
}

/** How a monitor is wanted: on which backend, in which language. */
export interface MonitorRequest {
  /** Id of a backend that exists by the time monitors are made. */
  readonly chardev: string;
  readonly mode: 'control' | 'readline';
  readonly pretty: boolean;
  readonly location: string;
}

/** A backend and the option that asked for it. */
export interface ChardevRequest {
  readonly spec: ChardevSpec;
  readonly location: string;
}

/** Everything the command line said, before anything is checked against anything else. */
export class Settings {
  machine: Record<string, string> = {};
  readonly accelerators: Given[] = [];
  cpu = 'qemu64';
  /** Pairs of all -m and -smp, later ones last. */
  memory: Record<string, string> = {};
  memoryGiven = false;
  smp: Record<string, string> = {};
  readonly numa: Given[] = [];
  readonly objects: Given[] = [];
  readonly devices: Given[] = [];
  readonly globals: { driver: string; property: string; value: string }[] = [];
  kernel: string | undefined;
  initrd: string | undefined;
  append: string | undefined;
  readonly serial: Given[] = [];
  readonly chardevs: ChardevRequest[] = [];
  readonly monitors: MonitorRequest[] = [];
  qtest: Given | undefined;
  qtestLog: string | undefined;
  nographic = false;
  /** No default serial port or monitor where the user asked for one. */
  defaultMonitor = true;
  noDefaults = false;
  stopped = false;
  name: string | undefined;
  uuid: string | undefined;
  icount: { shift: number; sleep: boolean } | undefined;
  /** Undefined: as suits the clock that the machine runs by. */
  rtc: { base: 'utc' | 'localtime' | number; clock: 'host' | 'rt' | 'vm' } | undefined;
  readonly actions: Actions = { reboot: 'reset', shutdown: 'poweroff', panic: 'shutdown', watchdog: 'reset' };
  readonly plugins: Given[] = [];
  pidfile: string | undefined;
  logItems: ReadonlySet<string> = new Set();
  logFile: string | undefined;
  private monitorCount = 0;

  /** Ids for the backends of -monitor and -qmp, as QEMU numbers them. */
  nextMonitorId(): string {
    return `compat_monitor${this.monitorCount++}`;
  }
}
