/** memsave and pmemsave: guest memory into a file. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { AddressSpaceMemory, type AnyCommand, type CommandContext, ConfigError, hmpCommand, QmpError, qmpCommand, reasonOf } from '@nandu/core';

const CHUNK = 4096;

interface Range {
  readonly val: number;
  readonly size: number;
  readonly filename: string;
}

/** `physicalAt`: where the byte at an address of the range is, for the rest of its page; undefined: nowhere. */
function save({ val, size, filename }: Range, { machine }: CommandContext, physicalAt: (address: number) => number | undefined): void {
  const memory = machine.container.resolve(AddressSpaceMemory as never) as AddressSpaceMemory;
  let fd: number;
  try {
    fd = openSync(filename, 'w');
  } catch (error) {
    throw new ConfigError(`Could not open '${filename}': ${reasonOf(error)}`);
  }
  try {
    for (let done = 0; done < size; ) {
      const address = val + done;
      const bytes = new Uint8Array(Math.min(size - done, CHUNK - (((address % CHUNK) + CHUNK) % CHUNK)));
      const target = physicalAt(address);
      if (target === undefined)
        throw new ConfigError(`Invalid addr 0x${BigInt.asUintN(64, BigInt(address)).toString(16).padStart(16, '0')}/size ${size} specified`);
      memory.readBytes(target, bytes);
      writeSync(fd, bytes);
      done += bytes.length;
    }
  } finally {
    closeSync(fd);
  }
}

function saveVirtual(range: Range, context: CommandContext, cpuIndex: number): void {
  const cpu = context.machine.board?.cpus[cpuIndex];
  if (!cpu?.translate) throw new QmpError('GenericError', `Parameter 'cpu-index' expects a CPU number`);
  save(range, context, (address) => cpu.translate?.(address));
}

const RANGE = { val: { type: 'int' }, size: { type: 'int' }, filename: { type: 'str' } } as const;

export const saveMemoryCommands: readonly AnyCommand[] = [
  qmpCommand<Range & { 'cpu-index'?: number }>({
    name: 'memsave',
    arguments: { ...RANGE, 'cpu-index': { type: 'int', optional: true } },
    run: (args, context) => saveVirtual(args, context, args['cpu-index'] ?? 0),
  }),
  qmpCommand<Range>({ name: 'pmemsave', arguments: RANGE, run: (args, context) => save(args, context, (address) => address) }),
  hmpCommand<Range>({
    name: 'memsave',
    args: 'val:l,size:i,filename:s',
    params: 'addr size file',
    help: "save to disk virtual memory dump starting at 'addr' of size 'size'",
    run({ val, ...args }, context) {
      saveVirtual({ ...args, val: Number(val) }, context, context.monitor?.cpuIndex ?? 0);
      return undefined;
    },
  }),
  hmpCommand<Range>({
    name: 'pmemsave',
    args: 'val:l,size:i,filename:s',
    params: 'addr size file',
    help: "save to disk physical memory dump starting at 'addr' of size 'size'",
    run({ val, ...args }, context) {
      save({ ...args, val: Number(val) }, context, (address) => address);
      return undefined;
    },
  }),
];
