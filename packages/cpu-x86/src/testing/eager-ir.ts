/**
 * An `Ir` that carries out what it is told while it is told: translating a block runs it. Slow and simple, for tests of the
 * translator without an accelerator. Integers and SIMD moves only; guest memory is flat, linear addresses are used as they are.
 */
import { Env, type Exit, type Global, type Helper, type Ir, type MemoryAccess, OPS, type OpName, type Value, type ValueType } from '@nandu/tcg';

type Concrete = number | bigint | Uint8Array;

/** What runs beside the block: the vCPU block, guest memory, helpers. */
export interface EagerHost {
  /** The memory that holds the vCPU block, at `env`. */
  readonly memory: DataView;
  readonly env: number;
  /** Where the guest's bytes [address, address + size) are in `memory`, or undefined: a page fault. */
  locate(address: bigint, size: number, write: boolean): number | undefined;
  helper(name: string): ((env: number, ...args: (number | bigint)[]) => number | bigint | void) | undefined;
}

/** Thrown to leave the translator when the block is over. */
export class BlockLeft extends Error {
  constructor(readonly how: Exit | 'fault') {
    super('left');
  }
}

const U64 = (value: bigint) => BigInt.asUintN(64, value);
const S64 = (value: bigint) => BigInt.asIntN(64, value);

const I32_OPS: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: Math.imul,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr_s: (a, b) => a >> b,
  shr_u: (a, b) => a >>> b,
  rotl: (a, b) => (a << b) | (a >>> (-b & 31)),
  rotr: (a, b) => (a >>> b) | (a << (-b & 31)),
  div_s: (a, b) => Math.trunc(a / checked(b)),
  div_u: (a, b) => Math.trunc((a >>> 0) / (checked(b) >>> 0)),
  rem_s: (a, b) => a % checked(b),
  rem_u: (a, b) => (a >>> 0) % (checked(b) >>> 0),
  eq: (a, b) => +(a === b),
  ne: (a, b) => +(a !== b),
  lt_s: (a, b) => +(a < b),
  gt_s: (a, b) => +(a > b),
  le_s: (a, b) => +(a <= b),
  ge_s: (a, b) => +(a >= b),
  lt_u: (a, b) => +(a >>> 0 < b >>> 0),
  gt_u: (a, b) => +(a >>> 0 > b >>> 0),
  le_u: (a, b) => +(a >>> 0 <= b >>> 0),
  ge_u: (a, b) => +(a >>> 0 >= b >>> 0),
  eqz: (a) => +(a === 0),
  clz: Math.clz32,
  ctz: (a) => (a === 0 ? 32 : 31 - Math.clz32(a & -a)),
  popcnt: (a) => ones(BigInt(a >>> 0)),
  extend8_s: (a) => (a << 24) >> 24,
  extend16_s: (a) => (a << 16) >> 16,
  bswap: (a) => ((a >>> 24) & 0xff) | ((a >>> 8) & 0xff00) | ((a & 0xff00) << 8) | (a << 24),
};

/** Operands unsigned. */
const I64_OPS: Readonly<Record<string, (a: bigint, b: bigint) => bigint | number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << (b & 63n),
  shr_s: (a, b) => S64(a) >> (b & 63n),
  shr_u: (a, b) => a >> (b & 63n),
  rotl: (a, b) => (a << (b & 63n)) | (a >> (-b & 63n)),
  rotr: (a, b) => (a >> (b & 63n)) | (a << (-b & 63n)),
  div_s: (a, b) => S64(a) / checked(S64(b)),
  div_u: (a, b) => a / checked(b),
  rem_s: (a, b) => S64(a) % checked(S64(b)),
  rem_u: (a, b) => a % checked(b),
  eq: (a, b) => +(a === b),
  ne: (a, b) => +(a !== b),
  lt_s: (a, b) => +(S64(a) < S64(b)),
  gt_s: (a, b) => +(S64(a) > S64(b)),
  le_s: (a, b) => +(S64(a) <= S64(b)),
  ge_s: (a, b) => +(S64(a) >= S64(b)),
  lt_u: (a, b) => +(a < b),
  gt_u: (a, b) => +(a > b),
  le_u: (a, b) => +(a <= b),
  ge_u: (a, b) => +(a >= b),
  eqz: (a) => +(a === 0n),
  clz: (a) => BigInt(64 - (a === 0n ? 0 : a.toString(2).length)),
  ctz: (a) => BigInt(a === 0n ? 64 : (a & -a).toString(2).length - 1),
  popcnt: (a) => BigInt(ones(a)),
  extend8_s: (a) => BigInt.asIntN(8, a),
  extend16_s: (a) => BigInt.asIntN(16, a),
  extend32_s: (a) => BigInt.asIntN(32, a),
  mulhi_u: (a, b) => (a * b) >> 64n,
  mulhi_s: (a, b) => (S64(a) * S64(b)) >> 64n,
  bswap: (a) => BigInt(`0x${a.toString(16).padStart(16, '0').match(/../g)!.reverse().join('')}`),
};

function ones(value: bigint): number {
  return value.toString(2).replaceAll('0', '').length;
}

/** Division by zero traps in WebAssembly: the translator must have seen to it. */
function checked<T extends number | bigint>(divisor: T): T {
  if (!divisor) throw new Error('the translator divides by zero');
  return divisor;
}

export class EagerIr implements Ir {
  ended = false;
  /** Nothing is kept. */
  readonly length = 0;
  pc = 0;
  private readonly values: Concrete[] = [];
  private readonly types: ValueType[] = [];
  private readonly constants = new Set<Value>();

  constructor(private readonly host: EagerHost) {}

  /** Ready for another block. */
  start(): void {
    this.ended = false;
    this.values.length = 0;
    this.types.length = 0;
    this.constants.clear();
  }

  private make(type: ValueType, value: Concrete): Value {
    this.types.push(type);
    const cut = type === 'i32' ? Number(value) | 0 : type === 'i64' ? U64(BigInt(value as bigint)) : value;
    return (this.values.push(cut) - 1) as Value;
  }

  instruction(pc: number): void {
    this.pc = pc;
    this.host.memory.setBigInt64(this.host.env + Env.ENV_PC, BigInt(pc), true);
  }

  codeAddress = (pc: number) => this.i64(pc);
  i32 = (value: number) => this.constant('i32', value);
  i64 = (value: number | bigint) => this.constant('i64', BigInt(value));
  f32 = (value: number) => this.make('f32', value);
  f64 = (value: number) => this.make('f64', value);
  v128 = (bytes: ArrayLike<number>) => this.make('v128', Uint8Array.from(bytes));
  typeOf = (value: Value) => this.types[value]!;

  private constant(type: ValueType, value: Concrete): Value {
    const made = this.make(type, value);
    this.constants.add(made);
    return made;
  }

  constantOf(value: Value): number | undefined {
    const number = this.types[value] === 'i64' ? Number(S64(this.values[value] as bigint)) : (this.values[value] as number);
    return this.constants.has(value) && Number.isSafeInteger(number) ? number : undefined;
  }

  get(global: Global): Value {
    return this.make(global.type, this.read(this.host.env + global.offset, global.type));
  }

  set(global: Global, value: Value): void {
    if (this.types[value] !== global.type) throw new Error(`${global.name} is ${global.type}, the value ${this.types[value]}`);
    this.write(this.host.env + global.offset, global.type, this.values[value]!);
  }

  private read(at: number, type: ValueType): Concrete {
    const { memory } = this.host;
    switch (type) {
      case 'i32':
        return memory.getInt32(at, true);
      case 'i64':
        return memory.getBigUint64(at, true);
      case 'f32':
        return memory.getFloat32(at, true);
      case 'f64':
        return memory.getFloat64(at, true);
      case 'v128':
        return new Uint8Array(memory.buffer.slice(at, at + 16));
    }
  }

  private write(at: number, type: ValueType, value: Concrete): void {
    const { memory } = this.host;
    switch (type) {
      case 'i32':
        return memory.setInt32(at, value as number, true);
      case 'i64':
        return memory.setBigUint64(at, value as bigint, true);
      case 'f32':
        return memory.setFloat32(at, value as number, true);
      case 'f64':
        return memory.setFloat64(at, value as number, true);
      case 'v128':
        return new Uint8Array(memory.buffer, at, 16).set(value as Uint8Array);
    }
  }

  op(name: OpName, ...operands: Value[]): Value {
    const { params, result } = OPS.get(name)!;
    params.forEach((type, i) => {
      if (this.types[operands[i]!] !== type) throw new Error(`${name}: operand ${i} is ${this.types[operands[i]!]}`);
    });
    const [a, b, c] = operands.map((operand) => this.values[operand]!);
    const [type, operation] = name.split('.') as [string, string];
    if (operation === 'select') return this.make(result, c ? a! : b!);
    if (name === 'i32.wrap_i64') return this.make('i32', Number(BigInt.asIntN(32, a as bigint)));
    if (name === 'i64.extend_i32_u') return this.make('i64', BigInt((a as number) >>> 0));
    if (name === 'i64.extend_i32_s') return this.make('i64', BigInt(a as number));
    if (type === 'i32' && I32_OPS[operation]) return this.make(result, I32_OPS[operation](a as number, b as number));
    if (type === 'i64' && I64_OPS[operation]) return this.make(result, I64_OPS[operation](a as bigint, b as bigint));
    throw new Error(`EagerIr does not know ${name}`);
  }

  shuffle(): Value {
    throw new Error('EagerIr does not know shuffles');
  }

  private integer(name: string, ...operands: Value[]): Value {
    return this.op(`${this.types[operands[0]!]}.${name}` as OpName, ...operands);
  }

  add = (a: Value, b: Value) => this.integer('add', a, b);
  sub = (a: Value, b: Value) => this.integer('sub', a, b);
  mul = (a: Value, b: Value) => this.integer('mul', a, b);
  and = (a: Value, b: Value) => this.integer('and', a, b);
  or = (a: Value, b: Value) => this.integer('or', a, b);
  xor = (a: Value, b: Value) => this.integer('xor', a, b);
  shl = (a: Value, b: Value) => this.integer('shl', a, b);
  shrU = (a: Value, b: Value) => this.integer('shr_u', a, b);
  shrS = (a: Value, b: Value) => this.integer('shr_s', a, b);
  eq = (a: Value, b: Value) => this.integer('eq', a, b);
  ne = (a: Value, b: Value) => this.integer('ne', a, b);
  ltU = (a: Value, b: Value) => this.integer('lt_u', a, b);
  ltS = (a: Value, b: Value) => this.integer('lt_s', a, b);
  eqz = (a: Value) => this.integer('eqz', a);
  select = (condition: Value, a: Value, b: Value) => this.op(`${this.types[a]!}.select` as OpName, a, b, condition);
  wrap = (a: Value) => this.op('i32.wrap_i64', a);
  extendU = (a: Value) => this.op('i64.extend_i32_u', a);
  extendS = (a: Value) => this.op('i64.extend_i32_s', a);

  load(access: MemoryAccess, address: Value): Value {
    const at = this.locate(address, access.size, access.forWrite ?? false);
    const { memory } = this.host;
    if (access.size === 16 || access.type === 'v128') {
      const bytes = new Uint8Array(16);
      bytes.set(new Uint8Array(memory.buffer, at, access.size));
      return this.make('v128', bytes);
    }
    let value = 0n;
    for (let i = access.size - 1; i >= 0; i--) value = (value << 8n) | BigInt(memory.getUint8(at + i));
    if (access.signed) value = BigInt.asIntN(8 * access.size, value);
    return this.make(access.type, access.type === 'i64' ? value : Number(value));
  }

  store(access: MemoryAccess, address: Value, value: Value): void {
    if (this.types[value] !== access.type) throw new Error(`store of ${access.type} gets ${this.types[value]}`);
    const at = this.locate(address, access.size, true);
    const { memory } = this.host;
    const concrete = this.values[value]!;
    if (concrete instanceof Uint8Array) {
      new Uint8Array(memory.buffer, at, access.size).set(concrete.subarray(0, access.size));
      return;
    }
    const bits = BigInt.asUintN(64, BigInt(concrete));
    for (let i = 0; i < access.size; i++) memory.setUint8(at + i, Number((bits >> BigInt(8 * i)) & 0xffn));
  }

  private locate(address: Value, size: number, write: boolean): number {
    const at = this.host.locate(this.values[address] as bigint, size, write);
    if (at === undefined) throw new BlockLeft('fault');
    return at;
  }

  call(helper: Helper, ...args: Value[]): Value {
    helper.params.forEach((type, i) => {
      if (this.types[args[i]!] !== type) throw new Error(`${helper.name}: argument ${i} is ${this.types[args[i]!]}`);
    });
    const run = this.host.helper(helper.name);
    if (!run) throw new Error(`no helper ${helper.name}`);
    const result = run(this.host.env, ...args.map((arg) => this.values[arg] as number | bigint));
    if (helper.mayFault && this.host.memory.getInt32(this.host.env + Env.ENV_FAULT, true)) throw new BlockLeft('fault');
    return helper.result ? this.make(helper.result, result as number) : (-1 as Value);
  }

  exitIf(condition: Value, exit: Exit): void {
    if (this.values[condition]) this.leave(exit);
  }

  end(exit: Exit): void {
    this.ended = true;
    this.leave(exit);
  }

  branch(condition: Value, taken: Exit, otherwise: Exit): void {
    this.ended = true;
    this.leave(this.values[condition] ? taken : otherwise);
  }

  private leave(exit: Exit): never {
    if (exit.kind === 'goto') this.instruction(exit.pc);
    throw new BlockLeft(exit);
  }
}
