/** Something that happened to a machine, as QMP announces it. Streams say that it happened; they never make it happen. */
export interface MachineEvent {
  /** QMP's name: 'RESET', 'MEMORY_DEVICE_SIZE_CHANGE'. */
  readonly name: string;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Events of the same name and key are limited to one a second (QEMU's rate limit): the first at once, then the latest. */
  readonly rateLimitKey?: string;
  /** Microseconds since 1970. */
  readonly timestampUs: number;
}

/** Why a machine shuts down or resets; QMP's ShutdownCause. */
export type ShutdownCause =
  | 'none'
  | 'host-error'
  | 'host-qmp-quit'
  | 'host-qmp-system-reset'
  | 'host-signal'
  | 'host-ui'
  | 'guest-shutdown'
  | 'guest-reset'
  | 'guest-panic'
  | 'subsystem-reset';

/** QMP's RunState, as far as we use it. */
export type RunStateName =
  | 'prelaunch'
  | 'running'
  | 'paused'
  | 'save-vm'
  | 'shutdown'
  | 'guest-panicked'
  | 'internal-error'
  | 'suspended'
  | 'watchdog'
  | 'debug'
  | 'io-error';
