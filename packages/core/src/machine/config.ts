/** A machine as its user describes it: what the command line parses to and what machine builders write. Sizes are bytes. */
export interface SmpConfig {
  readonly cpus: number;
  readonly maxCpus: number;
  readonly sockets: number;
  readonly dies: number;
  readonly clusters: number;
  readonly cores: number;
  readonly threads: number;
}

export interface NumaNodeConfig {
  readonly id: number;
  readonly cpus: readonly number[];
  /** RAM of the node, or the id of a memory backend that is its RAM. */
  readonly memBytes?: number;
  readonly memdev?: string;
  /** Distances to nodes by id, 10 to 255. */
  readonly distances?: Readonly<Record<number, number>>;
}

export interface MemoryConfig {
  readonly sizeBytes: number;
  /** Top of what RAM plus memory devices may reach; equal to sizeBytes without `maxmem`. */
  readonly maxBytes: number;
  readonly slots: number;
  /** Id of a backend that is the whole RAM (`-machine memory-backend=`). */
  readonly backend?: string;
}

/** Host files are read by whoever builds the config (the CLI, a page): the machine gets bytes. */
export interface BootConfig {
  readonly kernel?: Uint8Array;
  readonly kernelName?: string;
  readonly initrd?: Uint8Array;
  /** Name of the initrd as given, for multiboot module strings. */
  readonly initrdName?: string;
  readonly append?: string;
  readonly firmware?: Uint8Array;
}

/** What a machine does when its guest reboots, shuts down or panics, and when a watchdog expires: QAPI's names. */
export interface Actions {
  reboot: (typeof ACTIONS.reboot)[number];
  shutdown: (typeof ACTIONS.shutdown)[number];
  panic: (typeof ACTIONS.panic)[number];
  watchdog: (typeof ACTIONS.watchdog)[number];
}

export const ACTIONS = {
  reboot: ['reset', 'shutdown'],
  shutdown: ['poweroff', 'pause'],
  panic: ['pause', 'shutdown', 'exit-failure', 'none'],
  watchdog: ['reset', 'shutdown', 'poweroff', 'pause', 'debug', 'none', 'inject-nmi'],
} as const;

export interface MachineConfig {
  /** Type name of the board: 'pc-i440fx-7.2-machine', 'none-machine'. */
  readonly board: string;
  readonly boardProperties: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly uuid?: string;
  readonly cpuModel: string;
  readonly smp: SmpConfig;
  readonly memory: MemoryConfig;
  readonly numa: readonly NumaNodeConfig[];
  readonly boot: BootConfig;
  readonly accelerator: 'tcg' | 'qtest';
  readonly acceleratorProperties: Readonly<Record<string, string>>;
  /** -icount: virtual ns an instruction = 2^shift. Undefined: the virtual clock follows the host's. */
  readonly icount?: { readonly shift: number; readonly sleep: boolean };
  /** Serial ports in order: ids of character backends. */
  readonly serial: readonly string[];
  readonly rtc: { readonly base: 'utc' | 'localtime' | number; readonly clock: 'host' | 'rt' | 'vm' };
  /** -no-reboot, -no-shutdown and -action. */
  readonly actions: Readonly<Actions>;
  /** -nodefaults: no default devices. */
  readonly noDefaults: boolean;
  /** -global driver.property=value */
  readonly globals: readonly { readonly driver: string; readonly property: string; readonly value: string }[];
}

export const MACHINE_CONFIG = Symbol('MachineConfig');
