/** Writes the ops of one block. Made once and used for every block in turn: `start`, then the target's calls, then `block`. */
import {
  encodeAccess,
  F32,
  F64,
  I32,
  I64,
  IrBlock,
  NO_VALUE,
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
  OP_RESULT,
  OP_SET,
  OP_SHUFFLE,
  OP_STORE,
  OP_V128,
  opcodeOf,
  typeCode,
  V128,
} from './block.js';
import type { Ir } from './ir.js';
import type { OpName } from './ops.js';
import { CODE_CHANGED, CODE_PAGE, type Exit, type Global, type Helper, type MemoryAccess, VALUE_TYPES, type Value, type ValueType } from './types.js';

const WORD = 2 ** 32;
/** f32 and f64 bits. */
const floats = new DataView(new ArrayBuffer(8));

/** The i32 and i64 opcodes of the short forms. */
const both = (name: string): readonly [number, number] => [opcodeOf(`i32.${name}` as OpName), opcodeOf(`i64.${name}` as OpName)];
const ADD = both('add');
const SUB = both('sub');
const MUL = both('mul');
const AND = both('and');
const OR = both('or');
const XOR = both('xor');
const SHL = both('shl');
const SHR_U = both('shr_u');
const SHR_S = both('shr_s');
const EQ = both('eq');
const NE = both('ne');
const LT_U = both('lt_u');
const LT_S = both('lt_s');
const EQZ = both('eqz');
const SELECT = VALUE_TYPES.map((type) => opcodeOf(`${type}.select`));
const WRAP = opcodeOf('i32.wrap_i64');
const EXTEND_U = opcodeOf('i64.extend_i32_u');
const EXTEND_S = opcodeOf('i64.extend_i32_s');

export class BlockBuilder implements Ir {
  readonly block = new IrBlock();
  #ended = false;
  #relocatable = false;
  /** The instruction calls a helper that stores. */
  #stores = false;

  /** Forgets the block before. `relocatable`: see `Ir.codeAddress`. */
  start(relocatable = false): void {
    this.#relocatable = relocatable;
    this.block.clear();
    this.#ended = false;
    this.#stores = false;
  }

  get length(): number {
    return this.block.count;
  }

  get ended(): boolean {
    return this.#ended;
  }

  instruction(pc: number): void {
    // The instruction before may have overwritten this one.
    if (this.#stores) this.exitIf(this.get(CODE_CHANGED), { kind: 'goto', pc });
    this.#stores = false;
    this.block.push(OP_INSTRUCTION, NO_VALUE, this.block.addInstruction(pc), 0, 0);
  }

  codeAddress(pc: number): Value {
    const address = this.i64(pc);
    return this.#relocatable ? this.add(this.get(CODE_PAGE), address) : address;
  }

  i32(value: number): Value {
    return this.block.push(OP_I32, I32, value | 0, 0, 0) as Value;
  }

  i64(value: number | bigint): Value {
    if (typeof value === 'bigint') {
      return this.block.push(OP_I64, I64, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)), 0) as Value;
    }
    const low = value | 0;
    return this.block.push(OP_I64, I64, low, low === value ? low >> 31 : Math.floor(value / WORD) | 0, 0) as Value;
  }

  f32(value: number): Value {
    floats.setFloat32(0, value, true);
    return this.block.push(OP_F32, F32, floats.getInt32(0, true), 0, 0) as Value;
  }

  f64(value: number): Value {
    floats.setFloat64(0, value, true);
    return this.block.push(OP_F64, F64, floats.getInt32(0, true), floats.getInt32(4, true), 0) as Value;
  }

  v128(bytes: ArrayLike<number>): Value {
    return this.block.push(OP_V128, V128, this.block.addVector(Uint8Array.from(bytes)), 0, 0) as Value;
  }

  typeOf(value: Value): ValueType {
    return this.block.typeName(value);
  }

  constantOf(value: Value): number | undefined {
    const { op, a, b } = this.block;
    if (op[value] === OP_I32) return a[value];
    if (op[value] !== OP_I64) return undefined;
    const exact = b[value]! * WORD + (a[value]! >>> 0);
    return Number.isSafeInteger(exact) ? exact : undefined;
  }

  get(global: Global): Value {
    return this.block.push(OP_GET, typeCode(global.type), global.offset, 0, 0) as Value;
  }

  set(global: Global, value: Value): void {
    if (this.block.type[value] !== typeCode(global.type)) this.#mismatch(global.name, global.type, value);
    this.block.push(OP_SET, NO_VALUE, global.offset, value, 0);
  }

  op(name: OpName, x: Value, y: Value = 0 as Value, z: Value = 0 as Value): Value {
    const op = opcodeOf(name);
    return this.block.push(op, OP_RESULT[op]!, x, y, z) as Value;
  }

  shuffle(a: Value, b: Value, lanes: ArrayLike<number>): Value {
    return this.block.push(OP_SHUFFLE, V128, a, b, this.block.addVector(Uint8Array.from(lanes))) as Value;
  }

  add(a: Value, b: Value): Value {
    return this.#integer(ADD, a, b);
  }
  sub(a: Value, b: Value): Value {
    return this.#integer(SUB, a, b);
  }
  mul(a: Value, b: Value): Value {
    return this.#integer(MUL, a, b);
  }
  and(a: Value, b: Value): Value {
    return this.#integer(AND, a, b);
  }
  or(a: Value, b: Value): Value {
    return this.#integer(OR, a, b);
  }
  xor(a: Value, b: Value): Value {
    return this.#integer(XOR, a, b);
  }
  shl(a: Value, b: Value): Value {
    return this.#integer(SHL, a, b);
  }
  shrU(a: Value, b: Value): Value {
    return this.#integer(SHR_U, a, b);
  }
  shrS(a: Value, b: Value): Value {
    return this.#integer(SHR_S, a, b);
  }
  eq(a: Value, b: Value): Value {
    return this.#integer(EQ, a, b);
  }
  ne(a: Value, b: Value): Value {
    return this.#integer(NE, a, b);
  }
  ltU(a: Value, b: Value): Value {
    return this.#integer(LT_U, a, b);
  }
  ltS(a: Value, b: Value): Value {
    return this.#integer(LT_S, a, b);
  }
  eqz(a: Value): Value {
    return this.#integer(EQZ, a, a);
  }

  select(condition: Value, a: Value, b: Value): Value {
    const type = this.block.type[a]!;
    return this.block.push(SELECT[type]!, type, a, b, condition) as Value;
  }
  wrap(a: Value): Value {
    return this.block.push(WRAP, I32, a, 0, 0) as Value;
  }
  extendU(a: Value): Value {
    return this.block.push(EXTEND_U, I64, a, 0, 0) as Value;
  }
  extendS(a: Value): Value {
    return this.block.push(EXTEND_S, I64, a, 0, 0) as Value;
  }

  load(access: MemoryAccess, address: Value): Value {
    return this.block.push(OP_LOAD, typeCode(access.type), address, 0, access.code ?? encodeAccess(access)) as Value;
  }

  store(access: MemoryAccess, address: Value, value: Value): void {
    if (this.block.type[value] !== typeCode(access.type)) this.#mismatch('store', access.type, value);
    this.block.push(OP_STORE, NO_VALUE, address, value, access.code ?? encodeAccess(access));
  }

  call(helper: Helper, ...args: Value[]): Value {
    const { block } = this;
    if (helper.stores) this.#stores = true;
    if (args.length !== helper.params.length) throw new Error(`helper ${helper.name} takes ${helper.params.length} arguments, not ${args.length}`);
    const first = block.extraCount;
    for (let i = 0; i < args.length; i++) {
      if (block.type[args[i]!] !== typeCode(helper.params[i]!)) this.#mismatch(helper.name, helper.params[i]!, args[i]!);
      block.addExtra(args[i]!);
    }
    const type = helper.result === undefined ? NO_VALUE : typeCode(helper.result);
    return block.push(OP_CALL, type, block.addHelper(helper), first, args.length) as Value;
  }

  exitIf(condition: Value, exit: Exit): void {
    this.block.push(OP_EXIT_IF, NO_VALUE, condition, this.block.addExit(exit), 0);
  }

  end(exit: Exit): void {
    this.block.push(OP_END, NO_VALUE, 0, this.block.addExit(exit), 0);
    this.#ended = true;
  }

  branch(condition: Value, taken: Exit, otherwise: Exit): void {
    const first = this.block.addExit(taken);
    this.block.push(OP_BRANCH, NO_VALUE, condition, first, this.block.addExit(otherwise));
    this.#ended = true;
  }

  #integer(ops: readonly [number, number], a: Value, b: Value): Value {
    const { type } = this.block;
    // Mixed types would be a module that does not validate, found far from here.
    if (type[a] !== type[b] || type[a]! > I64) this.#mismatch('integer op', VALUE_TYPES[type[a]!] ?? 'i64', b);
    const op = ops[type[a]!]!;
    return this.block.push(op, OP_RESULT[op]!, a, b, 0) as Value;
  }

  #mismatch(what: string, wanted: string, got: Value): never {
    throw new Error(`${what}: wants ${wanted}, got ${this.block.typeName(got)} (value ${got})`);
  }
}
