/** -smp [[cpus=]n][,maxcpus=…][,sockets=…][,dies=…][,clusters=…][,cores=…][,threads=…], with QEMU 7.2's rules for what is left out. */
import { ConfigError, parseInteger, type SmpConfig } from '@nandu/core';
import { warn } from '../problem.js';
import type { Settings } from '../settings.js';
import { type Option, pairsOf } from './option.js';

const NAMES = ['cpus', 'maxcpus', 'sockets', 'dies', 'clusters', 'cores', 'threads'] as const;
type Name = (typeof NAMES)[number];

export const smpOption: Option = {
  names: ['smp'],
  group: 'smp-opts',
  parameters: Object.fromEntries(NAMES.map((name) => [name, 'number'])),
  argument: '[[cpus=]n][,maxcpus=maxcpus][,sockets=sockets][,dies=dies][,cores=cores][,threads=threads]',
  help: 'number of CPUs and how they are arranged',
  apply(settings, given) {
    for (const { name, value } of pairsOf(given, 'cpus')) settings.smp[name] = value;
  },
};

export function smpConfig(settings: Settings, machineName: string, maxCpus: number): SmpConfig {
  const given = parse(settings.smp);
  if (NAMES.some((name) => given[name] === 0)) {
    warn('Deprecated CPU topology (considered invalid): CPU topology parameters must be greater than zero');
  }
  if ((given.clusters ?? 0) > 1) throw new ConfigError(`clusters not supported by this machine's CPU topology`);
  const dies = given.dies || 1;
  let { cpus = 0, maxcpus = 0, sockets = 0, cores = 0, threads = 0 } = given;
  if (cpus === 0 && maxcpus === 0) {
    sockets ||= 1;
    cores ||= 1;
    threads ||= 1;
  } else {
    maxcpus ||= cpus;
    if (cores === 0) {
      sockets ||= 1;
      threads ||= 1;
      cores = Math.floor(maxcpus / (sockets * dies * threads));
    } else if (sockets === 0) {
      threads ||= 1;
      sockets = Math.floor(maxcpus / (dies * cores * threads));
    }
    threads ||= Math.floor(maxcpus / (sockets * dies * cores));
  }
  const product = sockets * dies * cores * threads;
  maxcpus ||= product;
  cpus ||= maxcpus;
  const topology = `sockets (${sockets}) * dies (${dies}) * cores (${cores}) * threads (${threads})`;
  if (product !== maxcpus) throw new ConfigError(`Invalid CPU topology: product of the hierarchy must match maxcpus: ${topology} != maxcpus (${maxcpus})`);
  if (maxcpus < cpus)
    throw new ConfigError(`Invalid CPU topology: maxcpus must be equal to or greater than smp: ${topology} == maxcpus (${maxcpus}) < smp_cpus (${cpus})`);
  if (maxcpus > maxCpus) throw new ConfigError(`Invalid SMP CPUs ${maxcpus | 0}. The max CPUs supported by machine '${machineName}' is ${maxCpus}`);
  return { cpus, maxCpus: maxcpus, sockets, dies, clusters: 1, cores, threads };
}

function parse(texts: Readonly<Record<string, string>>): Partial<Record<Name, number>> {
  const result: Partial<Record<Name, number>> = {};
  for (const [name, text] of Object.entries(texts)) {
    if (!NAMES.includes(name as Name)) throw new ConfigError(`Parameter 'smp.${name}' is unexpected`);
    const value = parseInteger(text);
    if (value === undefined) throw new ConfigError(`Parameter 'smp.${name}' expects integer`);
    // QEMU keeps these in 32 bits, unsigned.
    result[name as Name] = Number(BigInt.asUintN(32, value));
  }
  return result;
}
