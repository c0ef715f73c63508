/**
 * One block's IR as WebAssembly. Values used once become operands where they are used, others get locals. A use of a global
 * is a use of its local, unless the global is set in between.
 */
import { Code, type Exit, type Helper, type IrBlock, type OpName, type Touches } from '@nandu/tcg';
import type { CodeWriter } from '../wasm/code-writer.js';
import { I8X16_SHUFFLE, I32_EQZ } from '../wasm/instructions.js';
import { emitOp } from '../wasm/op-emitters.js';
import type { QuickCall } from './quick-call.js';
import type { RegionGlobals } from './region-globals.js';
import type { Temporaries } from './temporaries.js';

/** What a block's code needs of the region around it. `instruction` is the number of the guest instruction in the block. */
export interface BlockSurroundings {
  /** The value's local is given; address and value are locals. Returns nothing; the result is put into `result` (or nowhere). */
  load(ir: IrBlock, op: number, address: number, result: number | undefined, instruction: number): void;
  store(ir: IrBlock, op: number, address: number, value: number, instruction: number): void;
  /** Calls the helper; its arguments are on the stack, after env. Leaves its result there. */
  call(helper: Helper, instruction: number, pushArguments: () => void, popResult: () => void): void;
  /** Leaves the block if the condition on the stack is not zero. */
  exitIf(exit: Exit, instruction: number): void;
  end(exit: Exit): void;
  /** The condition is on the stack. */
  branch(taken: Exit, otherwise: Exit): void;
  /** The common case of a call. */
  quick(ir: IrBlock, op: number): QuickCall | undefined;
}

const NAMES = Code.OP_NAMES as readonly OpName[];

export class BlockEmitter {
  private readonly uses: Uint16Array;
  /** Local that holds the value, or -1. */
  private readonly held: Int32Array;
  /** Gets of each global that have uses to come. */
  private readonly gets = new Map<number, number[]>();
  private instruction = -1;

  constructor(
    private readonly w: CodeWriter,
    private readonly ir: IrBlock,
    private readonly globals: RegionGlobals,
    private readonly temporaries: Temporaries,
    private readonly around: BlockSurroundings,
    /** Locals that gets of offset -1, -2... stand for. */
    private readonly args: readonly number[] = [],
  ) {
    this.uses = countUses(ir);
    this.held = new Int32Array(ir.count).fill(-1);
  }

  emit(): void {
    for (let i = 0; i < this.ir.count; i++) this.step(i);
  }

  private step(i: number): void {
    const { w, ir, around } = this;
    const [a, b] = [ir.a[i]!, ir.b[i]!];
    switch (ir.op[i]) {
      case Code.OP_NOP:
      case Code.OP_I32:
      case Code.OP_I64:
      case Code.OP_F32:
      case Code.OP_F64:
      case Code.OP_V128:
        return;
      case Code.OP_INSTRUCTION:
        this.instruction++;
        return;
      case Code.OP_GET:
        if (a < 0) return;
        this.globals.need(a);
        if (!this.gets.has(a)) this.gets.set(a, []);
        this.gets.get(a)!.push(i);
        return;
      case Code.OP_SET:
        this.push(b);
        this.saveGets(a);
        this.globals.emitSet(a);
        return;
      case Code.OP_LOAD: {
        const address = this.inLocal(a);
        const result = this.uses[i]! > 0 ? this.temporaries.takeCode(ir.type[i]!) : undefined;
        around.load(ir, i, address, result, this.instruction);
        if (result !== undefined) this.held[i] = result;
        this.used(a);
        return;
      }
      case Code.OP_STORE: {
        const address = this.inLocal(a);
        const value = this.inLocal(b);
        around.store(ir, i, address, value, this.instruction);
        this.used(a);
        this.used(b);
        return;
      }
      case Code.OP_CALL: {
        const helper = ir.helpers[a]!;
        // What the helper writes, gets of before keep as it was.
        for (const offset of [...this.gets.keys()]) if (touches(helper.writes, offset)) this.saveGets(offset);
        const result = this.uses[i]! > 0 ? this.temporaries.takeCode(ir.type[i]!) : undefined;
        const quick = around.quick(ir, i);
        if (quick) {
          this.emitQuick(quick, i, result);
          if (result !== undefined) this.held[i] = result;
          return;
        }
        const pushArguments = (): void => ir.extra.slice(b, b + ir.c[i]!).forEach((value) => this.push(value));
        around.call(helper, this.instruction, pushArguments, () => {
          if (result !== undefined) w.set(result);
          else if (helper.result) w.drop();
        });
        if (result !== undefined) this.held[i] = result;
        return;
      }
      case Code.OP_EXIT_IF:
        this.push(a);
        around.exitIf(ir.exits[b]!, this.instruction);
        return;
      case Code.OP_END:
        around.end(ir.exits[b]!);
        return;
      case Code.OP_BRANCH:
        this.push(a);
        around.branch(ir.exits[b]!, ir.exits[ir.c[i]!]!);
        return;
      default:
        if (this.uses[i]! > 1) this.hold(i);
    }
  }

  /** The common case, and the call where that does not hold. */
  private emitQuick({ ir: quickIr, quick }: QuickCall, call: number, result: number | undefined): void {
    const { w, ir, globals } = this;
    const helper = ir.helpers[ir.a[call]!]!;
    const values = ir.extra.slice(ir.b[call]!, ir.b[call]! + ir.c[call]!);
    const locals = values.map((value) => this.inLocal(value));
    const inner = new BlockEmitter(w, quickIr, globals, this.temporaries, this.around, locals);
    const sets = quick.sets ?? [];
    for (const value of [quick.holds, ...(quick.result === undefined ? [] : [quick.result]), ...sets.map(([, value]) => value)]) inner.uses[value]!++;
    for (let i = 0; i < quickIr.count; i++) inner.step(i);
    const done = w.block();
    const otherwise = w.block();
    inner.exitUnless(quick.holds, () => {
      w.likely(false);
      w.brIf(otherwise);
    });
    if (quick.result !== undefined) {
      inner.push(quick.result);
      if (result !== undefined) w.set(result);
      else w.drop();
    }
    for (const [, value] of sets) inner.push(value);
    for (const [{ offset }] of [...sets].reverse()) globals.emitSet(offset);
    w.br(done);
    w.end();
    globals.aside(() =>
      this.around.call(
        helper,
        this.instruction,
        () => locals.forEach((local) => w.get(local)),
        () => {
          if (result !== undefined) w.set(result);
          else if (helper.result) w.drop();
        },
      ),
    );
    w.end();
    for (const value of values) this.used(value);
  }

  /** Leaves by `exit` unless the condition holds; each part of a conjunction has a branch of its own, since that is one machine instruction. */
  private exitUnless(condition: number, exit: () => void): void {
    const { ir, w } = this;
    if (isConjunction(ir, condition) && this.uses[condition] === 1 && this.held[condition]! < 0) {
      this.uses[condition]!--;
      this.exitUnless(ir.a[condition]!, exit);
      this.exitUnless(ir.b[condition]!, exit);
      return;
    }
    this.push(condition);
    w.op(I32_EQZ);
    exit();
  }

  /** Puts the value on the stack: one of its uses. */
  private push(value: number): void {
    const { w } = this;
    if (this.held[value]! >= 0) w.get(this.held[value]!);
    else this.compute(value);
    this.used(value);
  }

  /** The value's local; the use is over with `used`. */
  private inLocal(value: number): number {
    if (this.held[value]! < 0) {
      const offset = this.ir.a[value]!;
      if (this.ir.op[value] === Code.OP_GET) return offset < 0 ? this.args[-offset - 1]! : this.globals.local(offset);
      this.hold(value);
    }
    return this.held[value]!;
  }

  private hold(value: number): void {
    this.compute(value);
    const local = this.temporaries.takeCode(this.ir.type[value]!);
    this.w.set(local);
    this.held[value] = local;
  }

  private used(value: number): void {
    if (--this.uses[value]! === 0 && this.held[value]! >= 0) {
      this.temporaries.giveCode(this.ir.type[value]!, this.held[value]!);
      this.held[value] = -1;
    }
  }

  /** Copies the global for gets that are used after it changes. */
  private saveGets(offset: number): void {
    for (const get of this.gets.get(offset) ?? []) {
      if (this.uses[get]! > 0 && this.held[get]! < 0) this.hold(get);
    }
    this.gets.delete(offset);
  }

  /** Writes the op itself, its operands before it. */
  private compute(i: number): void {
    const { w, ir } = this;
    const [op, a, b] = [ir.op[i]!, ir.a[i]!, ir.b[i]!];
    switch (op) {
      case Code.OP_I32:
        return w.i32(a);
      case Code.OP_I64:
        return w.i64Halves(a, b);
      case Code.OP_F32:
        return w.f32Bits(a);
      case Code.OP_F64:
        return w.f64Bits(a, b);
      case Code.OP_V128:
        return w.v128(ir.vectors[a]!);
      case Code.OP_GET: {
        if (a < 0) return w.get(this.args[-a - 1]!);
        return w.get(this.globals.local(a));
      }
      case Code.OP_SHUFFLE:
        this.push(a);
        this.push(b);
        w.op(I8X16_SHUFFLE);
        return w.raw(ir.vectors[ir.c[i]!]!);
    }
    if (op < Code.OP_FIRST) throw new Error(`${Code.OP_NAMES[op]} is not a value to compute again`);
    const arity = Code.OP_ARITY[op]!;
    this.push(a);
    if (arity > 1) this.push(b);
    if (arity > 2) this.push(ir.c[i]!);
    emitOp(w, NAMES[op]!);
  }
}

/** Operations whose result is 0 or 1. */
const IS_TEST = NAMES.map((name) => /^[if](32|64)\.(eqz?|ne|[lg][te](_[su])?)$|_true$/.test(name));

function isConjunction(ir: IrBlock, value: number): boolean {
  return NAMES[ir.op[value]!] === 'i32.and' && [ir.a[value]!, ir.b[value]!].every((part) => isTruth(ir, part));
}

function isTruth(ir: IrBlock, value: number): boolean {
  const op = ir.op[value]!;
  const joins = NAMES[op] === 'i32.and' || NAMES[op] === 'i32.or';
  return IS_TEST[op]! || (joins && isTruth(ir, ir.a[value]!) && isTruth(ir, ir.b[value]!));
}

function touches(what: Touches, offset: number): boolean {
  return what === 'all' || (what !== 'none' && what.some((global) => global.offset === offset));
}

function countUses(ir: IrBlock): Uint16Array {
  const uses = new Uint16Array(ir.count);
  for (let i = 0; i < ir.count; i++) {
    const [op, a, b] = [ir.op[i]!, ir.a[i]!, ir.b[i]!];
    const arity = Code.OP_ARITY[op]!;
    if (arity > 0) {
      uses[a]!++;
      if (arity > 1) uses[b]!++;
      if (arity > 2) uses[ir.c[i]!]!++;
    } else if (op === Code.OP_SET) uses[b]!++;
    else if (op === Code.OP_LOAD || op === Code.OP_EXIT_IF || op === Code.OP_BRANCH) uses[a]!++;
    else if (op === Code.OP_STORE) {
      uses[a]!++;
      uses[b]!++;
    } else if (op === Code.OP_CALL) for (const value of ir.extra.slice(b, b + ir.c[i]!)) uses[value]!++;
  }
  return uses;
}
