/** A block as text, one op a line, for logs and tests. */
import {
  ACCESS_FOR_WRITE,
  ACCESS_SIGNED,
  accessAlignLog2,
  accessMmu,
  accessSizeLog2,
  type IrBlock,
  OP_ARITY,
  OP_BRANCH,
  OP_CALL,
  OP_END,
  OP_EXIT_IF,
  OP_F32,
  OP_F64,
  OP_GET,
  OP_I32,
  OP_I64,
  OP_INSTRUCTION,
  OP_LOAD,
  OP_NAMES,
  OP_NOP,
  OP_SET,
  OP_SHUFFLE,
  OP_STORE,
  OP_V128,
} from './block.js';
import type { Exit, Global } from './types.js';

const floats = new DataView(new ArrayBuffer(8));

/** `globals` gives the names of offsets; without it they are printed as numbers. */
export function print(block: IrBlock, globals: readonly Global[] = []): string {
  const names = new Map(globals.map((g) => [g.offset, g.name]));
  const lines: string[] = [];
  for (let i = 0; i < block.count; i++) {
    if (block.op[i] !== OP_NOP) lines.push(printOp(block, i, names));
  }
  return lines.join('\n');
}

function printOp(block: IrBlock, i: number, names: ReadonlyMap<number, string>): string {
  const op = block.op[i]!;
  const a = block.a[i]!;
  const b = block.b[i]!;
  const c = block.c[i]!;
  const exit = (index: number) => printExit(block.exits[index]!);
  const global = (offset: number) => names.get(offset) ?? `@${offset}`;
  switch (op) {
    case OP_I32:
      return `%${i} = i32 ${a}`;
    case OP_I64:
      return `%${i} = i64 ${hex((BigInt(b) << 32n) | BigInt(a >>> 0))}`;
    case OP_F32:
      floats.setInt32(0, a);
      return `%${i} = f32 ${floats.getFloat32(0)}`;
    case OP_F64:
      floats.setInt32(0, b);
      floats.setInt32(4, a);
      return `%${i} = f64 ${floats.getFloat64(0)}`;
    case OP_V128:
      return `%${i} = v128 ${Array.from(block.vectors[a]!).join(',')}`;
    case OP_GET:
      return `%${i} = ${global(a)}`;
    case OP_SET:
      return `${global(a)} = %${b}`;
    case OP_LOAD:
      return `%${i} = load.${printAccess(block, i, c)} [%${a}]`;
    case OP_STORE:
      return `store.${printAccess(block, b, c)} [%${a}], %${b}`;
    case OP_CALL: {
      const helper = block.helpers[a]!;
      const call = `${helper.name}(${block.extra
        .slice(b, b + c)
        .map((x) => `%${x}`)
        .join(', ')})`;
      return helper.result === undefined ? call : `%${i} = ${call}`;
    }
    case OP_INSTRUCTION:
      return `-- ${hex(BigInt(block.pcs[a]!))}`;
    case OP_EXIT_IF:
      return `if %${a} ${exit(b)}`;
    case OP_END:
      return exit(b);
    case OP_BRANCH:
      return `if %${a} ${exit(b)} else ${exit(c)}`;
    case OP_SHUFFLE:
      return `%${i} = shuffle %${a}, %${b}, ${Array.from(block.vectors[c]!).join(',')}`;
    default:
      return `%${i} = ${OP_NAMES[op]} ${[a, b, c]
        .slice(0, OP_ARITY[op])
        .map((x) => `%${x}`)
        .join(', ')}`;
  }
}

function printAccess(block: IrBlock, value: number, code: number): string {
  const aligned = accessAlignLog2(code);
  return `${block.typeName(value)}.${8 << accessSizeLog2(code)}${code & ACCESS_SIGNED ? 's' : ''}${code & ACCESS_FOR_WRITE ? '.rmw' : ''}${aligned ? `.align${1 << aligned}` : ''}.mmu${accessMmu(code)}`;
}

function printExit(exit: Exit): string {
  switch (exit.kind) {
    case 'goto':
      return `goto ${hex(BigInt(exit.pc))}`;
    case 'lookup':
      return 'lookup';
    case 'leave':
      return `leave ${exit.reason}`;
  }
}

const hex = (value: bigint): string => (value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`);
