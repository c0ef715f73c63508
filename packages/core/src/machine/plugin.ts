import type { DependencyContainer } from 'tsyringe';
import type { ObjectClass } from '../object/type.js';
import type { AnyCommand } from './command.js';

/** What a package contributes to a machine: a value without effects until a machine installs it. */
export interface Plugin {
  readonly name: string;
  /** Types that it brings: decorated classes. */
  readonly types?: readonly ObjectClass[];
  /** Monitor commands that it adds. */
  readonly commands?: readonly AnyCommand[];
  /** Services it binds in the machine's container. */
  bind?(container: DependencyContainer): void;
}

export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
