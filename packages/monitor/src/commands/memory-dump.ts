/** Memory and expressions, as x, xp, print and sum show them. */
import { AddressSpaceIo, AddressSpaceMemory, type AnyCommand, type CommandContext, hmpCommand } from '@nandu/core';
import type { Format } from '../hmp/arguments.js';

/** What `x` and `print` fall back to: the last format and size that were given, for each monitor. */
const DEFAULTS = new WeakMap<object, { format: string; sizeBytes: number }>();

function defaultsOf({ monitor }: CommandContext): { format: string; sizeBytes: number } {
  const fresh = { format: 'x', sizeBytes: 4 };
  if (!monitor) return fresh;
  const present = DEFAULTS.get(monitor) ?? fresh;
  DEFAULTS.set(monitor, present);
  return present;
}

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0');

/** A character as C would write it. */
function printCharacter(code: number): string {
  const escapes: Record<number, string> = { 0x27: "\\'", 0x5c: '\\\\', 0x0a: '\\n', 0x0d: '\\r' };
  return `'${escapes[code] ?? (code >= 32 && code <= 126 ? String.fromCharCode(code) : `\\x${hex(code, 2)}`)}'`;
}

/** More than anybody reads at a time; what is longer would hold up the machine. */
const MAX_DUMP_BYTES = 1 << 20;

type Read = (address: number, into: Uint8Array) => boolean;

function physical({ machine }: CommandContext): Read {
  const memory = machine.container.resolve(AddressSpaceMemory as never) as AddressSpaceMemory;
  return (address, into) => {
    memory.readBytes(address, into);
    return true;
  };
}

/** Through the current vCPU's page tables, a page at a time. */
function virtual(context: CommandContext): Read | undefined {
  const cpu = context.machine.board?.cpus[context.monitor?.cpuIndex ?? 0];
  if (!cpu?.translate) return undefined;
  const read = physical(context);
  return (address, into) => {
    for (let done = 0; done < into.length; ) {
      const at = address + done;
      const length = Math.min(into.length - done, 4096 - (((at % 4096) + 4096) % 4096));
      const target = cpu.translate?.(at);
      if (target === undefined) return false;
      read(target, into.subarray(done, done + length));
      done += length;
    }
    return true;
  };
}

/** How wide numbers of a size are in each format. */
function digitsOf(format: string, sizeBytes: number): number {
  if (format === 'o') return Math.ceil((sizeBytes * 8) / 3);
  return format === 'u' || format === 'd' ? Math.ceil((sizeBytes * 8 * 10) / 33) : sizeBytes * 2;
}

function printItem(value: bigint, format: string, sizeBytes: number): string {
  const digits = digitsOf(format, sizeBytes);
  switch (format) {
    case 'o':
      return `0${value.toString(8)}`.padStart(digits);
    case 'u':
      return value.toString().padStart(digits);
    case 'd':
      return BigInt.asIntN(sizeBytes * 8, value)
        .toString()
        .padStart(digits);
    case 'c':
      return printCharacter(Number(value));
    default:
      return `0x${hex(value, digits)}`;
  }
}

/** Longest instruction. */
const MAX_INSTRUCTION_BYTES = 15;
/** The column at which text starts: eight bytes of code in front. */
const CODE_COLUMN = 8 * 3;

/** Instructions as the vCPU would read them in the mode that it is in. */
function disassemble({ machine, monitor }: CommandContext, start: number, count: number, read: Read): string {
  const cpu = machine.board?.cpus[monitor?.cpuIndex ?? 0];
  if (!cpu?.disassemble) return 'the accelerator runs no code that could be disassembled\n';
  if (count * MAX_INSTRUCTION_BYTES > MAX_DUMP_BYTES) return `at most ${Math.floor(MAX_DUMP_BYTES / MAX_INSTRUCTION_BYTES)} instructions are shown at a time\n`;
  const bytes = new Uint8Array(MAX_INSTRUCTION_BYTES);
  let text = '';
  for (let address = start; count > 0; count--) {
    const place = `0x${hex(BigInt.asUintN(64, BigInt(address)), 8)}:`;
    // The page behind may be missing: then what it would hold counts as zero, and matters only to an instruction that reaches there.
    const readable = bytes.findIndex((_, i) => !read(address + i, bytes.subarray(i, i + 1)));
    if (readable === 0) return `${text}${place} Cannot access memory\n`;
    const instruction = cpu.disassemble(readable < 0 ? bytes : bytes.slice(0, readable), address);
    if (readable > 0 && instruction.length > readable) return `${text}${place} Cannot access memory\n`;
    const code = [...bytes.subarray(0, instruction.length)].map((byte) => ` ${hex(byte, 2)}`).join('');
    text += `${place} ${code.padEnd(CODE_COLUMN)}  ${instruction.text}\n`;
    address += instruction.length;
  }
  return text;
}

function dumpMemory(context: CommandContext, address: number, { count, format, sizeBytes }: Format, read: Read): string {
  const defaults = defaultsOf(context);
  const kind = format ?? defaults.format;
  if (kind === 'i') return disassemble(context, address, count, read);
  const unit = kind === 'c' ? 1 : (sizeBytes ?? defaults.sizeBytes);
  Object.assign(defaults, { format: kind, sizeBytes: unit });
  if (unit * count > MAX_DUMP_BYTES) return `at most ${MAX_DUMP_BYTES} bytes are shown at a time\n`;
  const lineBytes = unit === 1 ? 8 : 16;
  let text = '';
  for (let done = 0; done < unit * count; done += lineBytes) {
    const bytes = new Uint8Array(Math.min(lineBytes, unit * count - done));
    text += `${hex(BigInt.asUintN(64, BigInt(address + done)), 16)}:`;
    if (!read(address + done, bytes)) return `${text} Cannot access memory\n`;
    for (let i = 0; i < bytes.length; i += unit) {
      const value = bytes.subarray(i, i + unit).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      text += ` ${printItem(value, kind, unit)}`;
    }
    text += '\n';
  }
  return text;
}

/** How much `sum` reads at a time. */
const SUM_BYTES = 64 * 1024;

/** The 16-bit rotating checksum of BSD's sum. */
function checksum(read: Read, start: number, size: number): number {
  let sum = 0;
  for (let done = 0; done < size; done += SUM_BYTES) {
    const bytes = new Uint8Array(Math.min(SUM_BYTES, size - done));
    read(start + done, bytes);
    for (const byte of bytes) sum = (((sum >> 1) | ((sum & 1) << 15)) + byte) & 0xffff;
  }
  return sum;
}

const LETTERS: Readonly<Record<number, string>> = { 1: 'b', 2: 'w', 4: 'l' };

interface PortArguments {
  readonly fmt: Format;
  readonly addr: number;
  readonly val?: number;
}

export const memoryDumpCommands: readonly AnyCommand[] = [
  hmpCommand<{ fmt: Format; addr: number | bigint }>({
    name: 'xp',
    args: 'fmt:/,addr:l',
    params: '/fmt addr',
    help: "physical memory dump starting at 'addr'",
    run: ({ fmt, addr }, context) => dumpMemory(context, Number(addr), fmt, physical(context)),
  }),
  hmpCommand<{ fmt: Format; addr: number | bigint }>({
    name: 'x',
    args: 'fmt:/,addr:l',
    params: '/fmt addr',
    help: "virtual memory dump starting at 'addr'",
    run(args, context) {
      const read = virtual(context);
      return read ? dumpMemory(context, Number(args.addr), args.fmt, read) : 'Can not dump without CPU\n';
    },
  }),
  hmpCommand<{ fmt: Format; val: number | bigint }>({
    name: 'print|p',
    args: 'fmt:/,val:l',
    params: '/fmt expr',
    help: 'print expression value (use $reg for CPU register access)',
    run({ fmt, val }, context) {
      const defaults = defaultsOf(context);
      const format = fmt.format ?? (defaults.format === 'i' ? 'x' : defaults.format);
      defaults.format = format;
      const value = BigInt.asUintN(64, BigInt(val));
      const texts: Record<string, () => string> = {
        o: () => (value === 0n ? '0' : `0${value.toString(8)}`),
        u: () => value.toString(),
        d: () => BigInt.asIntN(64, value).toString(),
        c: () => printCharacter(Number(val)),
      };
      return `${(texts[format] ?? (() => (value === 0n ? '0' : `0x${value.toString(16)}`)))()}\n`;
    },
  }),
  hmpCommand<{ start: number; size: number }>({
    name: 'sum',
    args: 'start:i,size:i',
    params: 'addr size',
    help: 'compute the checksum of a memory region',
    run({ start, size }, context) {
      return `${String(checksum(physical(context), start, size)).padStart(5, '0')}\n`;
    },
  }),
  hmpCommand<{ addr: number | bigint }>({
    name: 'gva2gpa',
    args: 'addr:l',
    params: 'addr',
    help: 'print the guest physical address corresponding to a guest virtual address',
    run({ addr }, { machine, monitor }) {
      const cpu = machine.board?.cpus[monitor?.cpuIndex ?? 0];
      if (!cpu?.translate) return 'No cpu\n';
      const target = cpu.translate(Number(addr));
      return target === undefined ? 'Unmapped\n' : `gpa: ${target === 0 ? '0' : `0x${target.toString(16)}`}\n`;
    },
  }),
  hmpCommand<PortArguments>({
    name: 'i',
    args: 'fmt:/,addr:i,index:i.',
    params: '/fmt addr',
    help: 'I/O port read',
    run({ fmt, addr }, { machine }) {
      const size = LETTERS[fmt.sizeBytes ?? 4] ? (fmt.sizeBytes ?? 4) : 4;
      const port = addr & 0xffff;
      const value = (machine.container.resolve(AddressSpaceIo as never) as AddressSpaceIo).read(port, size);
      return `port${LETTERS[size]}[0x${hex(port, 4)}] = 0x${hex(value, size * 2)}\n`;
    },
  }),
  hmpCommand<PortArguments>({
    name: 'o',
    args: 'fmt:/,addr:i,val:i',
    params: '/fmt addr value',
    help: 'I/O port write',
    run({ fmt, addr, val = 0 }, { machine }) {
      const size = LETTERS[fmt.sizeBytes ?? 4] ? (fmt.sizeBytes ?? 4) : 4;
      (machine.container.resolve(AddressSpaceIo as never) as AddressSpaceIo).write(addr & 0xffff, Number(BigInt.asUintN(size * 8, BigInt(val))), size);
      return undefined;
    },
  }),
];
