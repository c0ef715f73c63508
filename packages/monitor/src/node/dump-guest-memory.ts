/** dump-guest-memory: the machine's memory and its processors' registers as an ELF core file, for gdb and crash. */
import { type FileHandle, open } from 'node:fs/promises';
import {
  AddressSpaceMemory,
  type AnyCommand,
  CHUNK_SIZE,
  type CommandContext,
  ConfigError,
  type FlatRange,
  hmpCommand,
  type Machine,
  qmpCommand,
  reasonOf,
} from '@nandu/core';
import { checkNoDump, type DumpProgress, latestDump } from '../commands/dump.js';
import { coreFile } from '../core-file.js';

const FORMATS = ['elf', 'kdump-zlib', 'kdump-lzo', 'kdump-snappy', 'win-dmp'] as const;
/** EM_386, of a machine without processors. */
const ELF_386 = 3;
/** Only the owner may read it: it holds all that the guest knows. */
const MODE = 0o400;

interface Dump {
  readonly protocol: string;
  readonly detach?: boolean;
  readonly begin?: number | bigint;
  readonly length?: number | bigint;
}

interface Given extends Dump {
  readonly paging: boolean;
  readonly format?: (typeof FORMATS)[number];
}

function check({ paging, begin, length, format = 'elf' }: Given): void {
  if (format.startsWith('kdump') && (paging || begin !== undefined || length !== undefined)) {
    throw new ConfigError("kdump-compressed format doesn't support paging or filter");
  }
  if (begin !== undefined && length === undefined) throw new ConfigError("Parameter 'length' is missing");
  if (begin === undefined && length !== undefined) throw new ConfigError("Parameter 'begin' is missing");
  if (format !== 'elf') throw new ConfigError(`${format} is not available now`);
  if (paging) throw new ConfigError('Parameter paging: dumps with virtual addresses are not implemented');
}

async function openFile(protocol: string): Promise<FileHandle> {
  if (protocol.startsWith('fd:')) throw new ConfigError(`File descriptor named '${protocol.slice(3)}' has not been found`);
  if (!protocol.startsWith('file:')) throw new ConfigError("Invalid parameter 'protocol'");
  const path = protocol.slice('file:'.length);
  try {
    return await open(path, 'w', MODE);
  } catch (error) {
    throw new ConfigError(`Could not open '${path}': ${reasonOf(error)}`);
  }
}

/** What of RAM and ROM is wanted, by address. */
function wanted(view: readonly FlatRange[], given: Dump): FlatRange[] {
  const begin = Number(given.begin ?? 0);
  const length = Number(given.length ?? Number.POSITIVE_INFINITY);
  if (length === 0) throw new ConfigError("Invalid parameter 'length'");
  if (begin < 0) throw new ConfigError("Invalid parameter 'begin'");
  const ranges = view.flatMap((range) => {
    const start = Math.max(range.start, begin);
    const end = Math.min(range.end, begin + length);
    return range.region.parts.ram && start < end ? [{ ...range, start, end, offset: range.offset + start - range.start }] : [];
  });
  if (ranges.length === 0) throw new ConfigError('dump: no guest memory to dump');
  return ranges;
}

async function write(file: FileHandle, machine: Machine, ranges: readonly FlatRange[], progress: DumpProgress): Promise<void> {
  const cpus = machine.board?.cpus ?? [];
  const elfMachine = cpus[0]?.elfMachine ?? ELF_386;
  const notes = cpus.map((cpu) => cpu.coreNotes?.(elfMachine) ?? []);
  // All of one kind, then all of the next.
  const byKind = (notes[0] ?? []).flatMap((_, kind) => notes.flatMap((of) => of[kind] ?? []));
  const { head, tail } = coreFile(
    elfMachine,
    byKind,
    ranges.map(({ start, end }) => ({ address: start, bytes: end - start })),
  );
  await put(file, head, 0, 'dump: failed to write elf header');
  let at = head.length;
  const buffer = new Uint8Array(CHUNK_SIZE);
  for (const { start, end, offset, region } of ranges) {
    const block = region.parts.ram!;
    for (let done = 0; done < end - start; ) {
      const from = offset + done;
      const part = buffer.subarray(0, Math.min(end - start - done, CHUNK_SIZE - (from % CHUNK_SIZE)));
      // What was never touched is a hole in the file, which reads as zeros, too.
      if (block.hostAddressIfTouched(from) !== 0) {
        block.read(from, part);
        await put(file, part, at, 'dump: failed to save memory');
      }
      at += part.length;
      done += part.length;
      progress.completed += part.length;
    }
  }
  await put(file, tail, at, 'dump: failed to write section data');
}

async function put(file: FileHandle, bytes: Uint8Array, position: number, complaint: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  } catch (error) {
    throw new ConfigError(`${complaint}: ${reasonOf(error)}`);
  }
}

/** From here on the outcome is an event's, too. */
async function run(file: FileHandle, machine: Machine, ranges: readonly FlatRange[], progress: DumpProgress): Promise<void> {
  let error: Error | undefined;
  try {
    await write(file, machine, ranges, progress);
    progress.status = 'completed';
  } catch (caught) {
    error = caught as Error;
    progress.status = 'failed';
  }
  machine.emit('DUMP_COMPLETED', { result: { ...progress }, ...(error ? { error: error.message } : {}) });
  if (error) throw error;
}

/** The machine stands still for as long as it takes. */
async function dump(given: Given, { machine }: CommandContext): Promise<void> {
  checkNoDump(machine);
  check(given);
  const progress = latestDump(machine);
  const file = await openFile(given.protocol);
  const { runState } = machine;
  const resume = runState.running;
  if (resume) {
    runState.set('save-vm');
    machine.emit('STOP');
  }
  const finish = async (): Promise<void> => {
    await file.close();
    if (!resume || runState.current !== 'save-vm') return;
    machine.emit('RESUME');
    runState.set('running');
  };
  let written: Promise<void>;
  try {
    // Another one may have begun meanwhile.
    checkNoDump(machine);
    const memory = machine.container.resolve(AddressSpaceMemory as never) as AddressSpaceMemory;
    const ranges = wanted(memory.view, given);
    Object.assign(progress, { status: 'active', total: ranges.reduce((sum, { start, end }) => sum + end - start, 0), completed: 0 });
    written = run(file, machine, ranges, progress);
  } catch (error) {
    await finish();
    throw error;
  }
  const done = written.finally(finish);
  // Who does not wait hears of failures by the event.
  if (given.detach) done.catch(() => {});
  else await done;
}

interface HmpGiven {
  readonly paging: boolean;
  readonly detach: boolean;
  readonly zlib: boolean;
  readonly lzo: boolean;
  readonly snappy: boolean;
  readonly windmp: boolean;
  readonly filename: string;
  readonly begin?: number | bigint;
  readonly length?: number | bigint;
}

const LETTERS = { zlib: 'kdump-zlib', lzo: 'kdump-lzo', snappy: 'kdump-snappy', windmp: 'win-dmp' } as const;

export const dumpGuestMemoryCommands: readonly AnyCommand[] = [
  qmpCommand({ name: 'query-dump-guest-memory-capability', arguments: {}, run: () => ({ formats: ['elf'] }) }),
  qmpCommand<Given>({
    name: 'dump-guest-memory',
    arguments: {
      paging: { type: 'bool' },
      protocol: { type: 'str' },
      detach: { type: 'bool', optional: true },
      begin: { type: 'int', optional: true },
      length: { type: 'int', optional: true },
      format: { type: FORMATS, optional: true },
    },
    run: dump,
  }),
  hmpCommand<HmpGiven>({
    name: 'dump-guest-memory',
    args: 'paging:-p,detach:-d,windmp:-w,zlib:-z,lzo:-l,snappy:-s,filename:F,begin:l?,length:l?',
    params: '[-p] [-d] [-z|-l|-s|-w] filename [begin length]',
    help:
      "dump guest memory into file 'filename'.\n\t\t\t-p: do paging to get guest's memory mapping.\n" +
      '\t\t\t-d: return immediately (do not wait for completion).\n' +
      '\t\t\t-z: dump in kdump-compressed format, with zlib compression.\n' +
      '\t\t\t-l: dump in kdump-compressed format, with lzo compression.\n' +
      '\t\t\t-s: dump in kdump-compressed format, with snappy compression.\n' +
      '\t\t\t-w: dump in Windows crashdump format (can be used instead of ELF-dump converting),\n' +
      '\t\t\t    for Windows x86 and x64 guests with vmcoreinfo driver only.\n' +
      '\t\t\tbegin: the starting physical address.\n\t\t\tlength: the memory size, in bytes.',
    async run({ paging, detach, filename, begin, length, ...letters }, context) {
      const formats = Object.entries(LETTERS).flatMap(([letter, format]) => (letters[letter as keyof typeof LETTERS] ? [format] : []));
      if (formats.length > 1) throw new ConfigError("only one of '-z|-l|-s|-w' can be set");
      const range = { ...(begin === undefined ? {} : { begin }), ...(length === undefined ? {} : { length }) };
      await dump({ paging, detach, protocol: `file:${filename}`, ...range, ...(formats[0] ? { format: formats[0] } : {}) }, context);
      return undefined;
    },
  }),
];
