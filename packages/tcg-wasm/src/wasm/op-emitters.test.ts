import { OPS, type OpName, type ValueType } from '@nandu/tcg';
import { emitSlotLoad, emitSlotStore } from './memory-emitters.js';
import { ModuleBuilder } from './module-builder.js';
import { emitOp } from './op-emitters.js';
import { reference } from './op-reference.test-support.js';

const RESULT = 64;
/** Distance of operands in memory. */
const STRIDE = 16;

/** Every operation gets a function that takes its operands from memory at 0, 16, 32 and puts its result at 64. */
function compile(names: readonly OpName[]): { call: (name: OpName) => void; bytes: Uint8Array } {
  const memory = new WebAssembly.Memory({ initial: 0xffff, maximum: 0xffff });
  const builder = new ModuleBuilder();
  builder.importMemory();
  for (const name of names) {
    const { params, result } = OPS.get(name)!;
    const { body } = builder.function([], [], name);
    body.i32(0);
    params.forEach((type, i) => {
      body.i32(0);
      emitSlotLoad(body, type, i * STRIDE);
    });
    emitOp(body, name);
    emitSlotStore(body, result, RESULT);
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(builder.finish()), { env: { memory } });
  return { call: (name) => (instance.exports[name] as () => void)(), bytes: new Uint8Array(memory.buffer, 0, 256) };
}

const INTEGERS = [
  0n,
  1n,
  2n,
  31n,
  0x7fn,
  0x80n,
  0xffn,
  0x8000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0001n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
  0x0123_4567_89ab_cdefn,
];
const FLOATS = [0, -0, 1, -1.5, 2.5, 3e9, -3e19, 1e-310, Infinity, -Infinity, NaN];

let seed = 12345;
function random(): number {
  seed = (Math.imul(seed, 1103515245) + 12345) | 0;
  return (seed >>> 8) & 0xffff;
}

/** Fills an operand's 16 bytes with an interesting or random value of its type. */
function fill(view: DataView, at: number, type: ValueType, shape: string): void {
  const lanes = type === 'v128' ? (shape.startsWith('f32') ? 'f32' : shape.startsWith('f64') ? 'f64' : 'i64') : type;
  for (let i = at; i < at + 16; ) {
    if (lanes === 'f32') view.setFloat32(i, FLOATS[random() % FLOATS.length]!, true), (i += 4);
    else if (lanes === 'f64') view.setFloat64(i, FLOATS[random() % FLOATS.length]!, true), (i += 8);
    else {
      const value = random() % 3 ? INTEGERS[random() % INTEGERS.length]! : BigInt(random()) << BigInt(random() % 48);
      view.setBigUint64(i, value, true);
      i += 8;
    }
  }
}

describe('operations as WebAssembly', () => {
  const names = [...OPS.keys()];
  const { call, bytes } = compile(names);
  const view = new DataView(bytes.buffer, 0, 256);

  it.each(names)('%s', (name) => {
    const { params, result } = OPS.get(name)!;
    for (let round = 0; round < 200; round++) {
      params.forEach((type, i) => fill(view, i * STRIDE, type, name.includes('f32x4') && !name.startsWith('f64x2.promote') ? 'f32' : name));
      const expected = reference(name, bytes);
      if (expected === undefined) continue;
      call(name);
      const size = { i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 }[result];
      expect(Buffer.from(bytes.slice(RESULT, RESULT + size)).toString('hex')).toBe(Buffer.from(expected.slice(0, size)).toString('hex'));
    }
  });

  it('shuffles', () => {
    const memory = new WebAssembly.Memory({ initial: 0xffff, maximum: 0xffff });
    const builder = new ModuleBuilder();
    builder.importMemory();
    const { body } = builder.function([], [], 'f');
    body.i32(0);
    for (const at of [0, 16]) {
      body.i32(0);
      emitSlotLoad(body, 'v128', at);
    }
    emitOp(body, 'i8x16.shuffle.0,31,1,30,2,29,3,28,4,27,5,26,6,25,7,24');
    emitSlotStore(body, 'v128', RESULT);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(builder.finish()), { env: { memory } });
    const data = new Uint8Array(memory.buffer, 0, 80);
    for (let i = 0; i < 32; i++) data[i] = i;
    (instance.exports['f'] as () => void)();
    expect([...data.subarray(RESULT)]).toEqual([0, 31, 1, 30, 2, 29, 3, 28, 4, 27, 5, 26, 6, 25, 7, 24]);
  });
});
