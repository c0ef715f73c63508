#!/usr/bin/env node
import * as module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// From Node 22 on, what V8 compiled once is read from the user's cache folder: a third off the time before a machine exists.
module.enableCompileCache?.(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nandu/compiled'));

// A plugin imports packages of ours, and has to get the very classes that the program is made from; a file of options may name one.
const mayHavePlugins = process.argv.some((argument) => /^--?(plugin|readconfig)$/.test(argument));
await import(mayHavePlugins ? '../dist/src/main.js' : '../dist/nandu.mjs');
