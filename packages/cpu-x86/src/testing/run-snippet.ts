/** Runs a line of assembly, in the shape that tables of tests want: source, state before, state after. */
import * as L from '../../assembly/layout.js';
import type { Feature } from '../decode/opcode-table.js';
import { assemble } from './assemble.js';
import { SnippetMachine } from './snippet-machine.js';

/** Values by register name (any width: 'al', 'ax', 'eax', 'rax'), `flags` as names ('CF ZF'), `memory` as bytes from DATA on. */
export type Values = Readonly<Record<string, number | bigint | string | readonly number[]>>;

export const CODE = 0x1000n;
/** RSI and RDI point here, unless told otherwise; RSP to its middle. */
export const DATA = 0x8000n;
const DATA_BYTES = 0x1000;
const FEATURES: readonly Feature[] = ['cmov', 'cx8', 'cx16', 'popcnt', 'lzcnt', 'bmi1', 'bmi2', 'movbe', 'adx', 'sse', 'sse2', 'sse4.2', 'lahf'];
const FLAGS = { CF: L.FLAG_CF, PF: L.FLAG_PF, AF: L.FLAG_AF, ZF: L.FLAG_ZF, SF: L.FLAG_SF, OF: L.FLAG_OF, DF: L.FLAG_DF } as const;
const NAMES = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];
const LETTERS = ['a', 'c', 'd', 'b'];

let machine: SnippetMachine | undefined;

/** State after `source`: exactly what `wanted` names, and `vector` if an exception ended it. `perBlock`: instructions a block. */
export function run(source: string | Uint8Array, before: Values, wanted: Values, perBlock = 16): Values {
  machine ??= new SnippetMachine(new Set(FEATURES), DATA, DATA_BYTES);
  machine.bytes.fill(0);
  NAMES.forEach((_, i) => machine!.setRegister(i, 0n));
  for (const name of ['rsi', 'rdi', 'rsp']) machine.setRegister(NAMES.indexOf(name), name === 'rsp' ? DATA + 0x800n : DATA);
  machine.setFlags(0);
  for (const [name, value] of Object.entries(before)) write(machine, name, value);
  const code = typeof source === 'string' ? assemble(source) : source;
  const { vector } = machine.run(code, CODE, perBlock);
  const after: Record<string, Values[string]> = {};
  for (const name of Object.keys(wanted)) if (name !== 'vector') after[name] = read(machine, name, wanted[name]!);
  return vector === undefined ? after : { ...after, vector };
}

function write(to: SnippetMachine, name: string, value: Values[string]): void {
  if (name === 'flags') {
    to.setFlags(
      (value as string)
        .split(' ')
        .filter(Boolean)
        .reduce((bits, flag) => bits | FLAGS[flag as keyof typeof FLAGS], 0),
    );
  } else if (name === 'memory') {
    to.bytes.set(value as readonly number[]);
  } else {
    const { number, bits, shift } = register(name);
    const mask = ((1n << BigInt(bits)) - 1n) << shift;
    to.setRegister(number, (to.register(number) & ~mask) | ((BigInt(value as number) << shift) & mask));
  }
}

function read(from: SnippetMachine, name: string, like: Values[string]): Values[string] {
  if (name === 'flags')
    return Object.entries(FLAGS)
      .filter(([, bit]) => from.flags & bit)
      .map(([flag]) => flag)
      .join(' ');
  if (name === 'memory') return [...from.bytes.subarray(0, (like as readonly number[]).length)];
  const { number, bits, shift } = register(name);
  const value = BigInt.asUintN(bits, from.register(number) >> shift);
  return typeof like === 'bigint' ? value : Number(value);
}

function register(name: string): { number: number; bits: number; shift: bigint } {
  if (/^[abcd][lh]$/.test(name)) return { number: LETTERS.indexOf(name[0]!), bits: 8, shift: name[1] === 'h' ? 8n : 0n };
  if (name.startsWith('e')) return { number: NAMES.indexOf(`r${name.slice(1)}`), bits: 32, shift: 0n };
  if (name.length === 2 && !name.startsWith('r')) return { number: NAMES.indexOf(`r${name}`), bits: 16, shift: 0n };
  return { number: NAMES.indexOf(name), bits: 64, shift: 0n };
}
