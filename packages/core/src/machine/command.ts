import type { Machine } from './machine.js';

/** Types of command arguments, as in QAPI. 'size' is an integer of bytes that HMP also takes as '500M'. */
export type ArgumentType = 'str' | 'int' | 'size' | 'number' | 'bool' | 'any' | 'list' | 'dict' | readonly string[];

export interface ArgumentInfo {
  readonly type: ArgumentType;
  readonly optional?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly help?: string;
}

/** The monitor that a command came by: what belongs to one client, not to the machine. */
export interface CommandMonitor {
  /** vCPU that `x`, `print` and `info registers` mean; set by `cpu`. */
  cpuIndex: number;
  /** Lines typed so far, oldest first. */
  readonly history?: readonly string[];
  /** Prints at once (HMP), before the command's own result. */
  print?(text: string): void;
}

export interface CommandContext {
  readonly machine: Machine;
  readonly monitor?: CommandMonitor;
}

/**
 * A QMP command: declared where its subject lives, run by `@nandu/monitor`, which checks arguments (QEMU's messages) first.
 * Integers arrive as number, sizes in bytes. `run` returns the JSON value of the reply ({} if undefined) or a promise of it,
 * and throws QmpError or ConfigError.
 */
export interface QmpCommand {
  readonly kind: 'qmp';
  readonly name: string;
  readonly arguments: Readonly<Record<string, ArgumentInfo>>;
  /** Takes members that are not declared (device_add, object-add); they arrive with the rest. */
  readonly open?: boolean;
  run(args: never, context: CommandContext): unknown;
}

/**
 * An HMP command. `args` is QEMU's args_type ('path:s,property:s,value:S'): it decides parsing and messages. `run` gets the parsed
 * arguments and returns the text to print (with its newlines), or undefined for none.
 */
export interface HmpCommand {
  readonly kind: 'hmp';
  /** 'balloon', or for the info family 'info balloon'. Alternatives as in QEMU: 'quit|q'. */
  readonly name: string;
  readonly args: string;
  /** The parameters as `help` shows them: 'target'. */
  readonly params: string;
  readonly help: string;
  run(args: never, context: CommandContext): string | undefined | Promise<string | undefined>;
}

export type AnyCommand = QmpCommand | HmpCommand;

export function qmpCommand<A extends object = Record<string, never>>(
  command: Omit<QmpCommand, 'kind' | 'run'> & { run(args: A, context: CommandContext): unknown },
): QmpCommand {
  return { kind: 'qmp', ...command } as QmpCommand;
}

/** QMP's way to an HMP command without arguments: its text in a reply (QEMU's HumanReadableText). */
export function textQuery(name: string, shown: HmpCommand): QmpCommand {
  return qmpCommand({
    name,
    arguments: {},
    run: async (_, context) => ({ 'human-readable-text': (await shown.run({} as never, context)) ?? '' }),
  });
}

export function hmpCommand<A extends object = Record<string, never>>(
  command: Omit<HmpCommand, 'kind' | 'run'> & { run(args: A, context: CommandContext): string | undefined | Promise<string | undefined> },
): HmpCommand {
  return { kind: 'hmp', ...command } as HmpCommand;
}
