/** The user did wrong: an option, a property, a file. The message is QEMU's where QEMU has one. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    message: string,
    /** More for a person, on lines of its own; not part of QMP's errors. */
    readonly hint?: string,
  ) {
    super(message);
  }
}

export type QmpErrorClass = 'GenericError' | 'CommandNotFound' | 'DeviceNotActive' | 'DeviceNotFound' | 'KVMMissingCap';

/** The client did wrong: becomes a QMP error of that class, and in HMP the line `Error: <message>`. */
export class QmpError extends Error {
  override readonly name = 'QmpError';
  constructor(
    readonly errorClass: QmpErrorClass,
    message: string,
  ) {
    super(message);
  }
}

/** We did wrong: a state that cannot be. */
export function assert(condition: unknown, message = 'assertion failed'): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`);
}

/** For the `default` of a switch that covers its type. */
export function unreachable(value: never): never {
  throw new Error(`internal error: unexpected ${String(value)}`);
}
