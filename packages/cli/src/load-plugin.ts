import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from '@nandu/core';
import { CommandLineError, report } from './problem.js';
import type { Given } from './settings.js';

/** The plugin that a file of the user's exports as its default. */
export async function loadPlugin({ value, location }: Given): Promise<Plugin> {
  const path = value.replace(/^file=/, '');
  let module: { default?: Plugin };
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as { default?: Plugin };
  } catch (error) {
    throw new CommandLineError(report(`Could not load plugin ${path}: ${(error as Error).message}`, location));
  }
  const plugin = module.default;
  if (typeof plugin !== 'object' || plugin === null || typeof plugin.name !== 'string') {
    throw new CommandLineError(report(`Could not load plugin ${path}: its default export is not a plugin (an object with a name, see definePlugin)`, location));
  }
  return plugin;
}
