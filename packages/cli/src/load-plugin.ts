import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Plugin, typeOf } from '@nandu/core';
import { CommandLineError, report } from './problem.js';
import type { Given } from './settings.js';

/** Where plugins of the user's came from: URL to what was given. */
const loaded = new Map<string, string>();

/** The plugin in which an error came up, if it was one of the user's. */
export function pluginBehind(error: unknown): string | undefined {
  const { stack } = error as Partial<Error>;
  return [...loaded].find(([url]) => stack?.includes(`${url}:`))?.[1];
}

/** The plugin that a file of the user's exports as its default. */
export async function loadPlugin({ value, location }: Given): Promise<Plugin> {
  const path = value.replace(/^file=/, '');
  let module: { default?: Plugin };
  try {
    const url = pathToFileURL(resolve(path)).href;
    loaded.set(url, path);
    module = (await import(url)) as { default?: Plugin };
  } catch (error) {
    throw new CommandLineError(report(`Could not load plugin ${path}: ${(error as Error).message}`, location));
  }
  const plugin = module.default;
  if (typeof plugin !== 'object' || plugin === null || typeof plugin.name !== 'string') {
    throw new CommandLineError(report(`Could not load plugin ${path}: its default export is not a plugin (an object with a name, see definePlugin)`, location));
  }
  const fault = faultOf(plugin);
  if (fault) throw new CommandLineError(report(`Could not load plugin ${path}: ${fault}`, location));
  return plugin;
}

/** What is wrong with what a plugin lists, as a sentence. It is JavaScript: nobody has checked it. */
function faultOf({ types = [], commands = [] }: Plugin): string | undefined {
  if (!Array.isArray(types)) return "its 'types' are no list of classes";
  const plain = types.find((type) => typeof type !== 'function' || !Object.hasOwn(type, 'prototype') || typeOf(type)?.constructor_ !== type);
  if (plain !== undefined) return `'${(plain as { name?: string }).name ?? String(plain)}' in its 'types' is no class with @type or @device`;
  if (!Array.isArray(commands)) return "its 'commands' are no list";
  if (!commands.every((command) => ['qmp', 'hmp'].includes(command?.kind) && typeof command.name === 'string')) {
    return "its 'commands' are not all made by qmpCommand or hmpCommand";
  }
  return undefined;
}
