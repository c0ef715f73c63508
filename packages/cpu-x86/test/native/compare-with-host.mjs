/**
 * Compares integer instructions with the CPU of the host: random snippets, on the engine and by native-runner.c. By hand:
 *
 *   node test/native/compare-with-host.mjs [--seed 1] [--count 10000] [--length 4] [--only 'add|sub'] [--32]
 *
 * Needs gcc and an x86-64 Linux host whose CPU has the features of FEATURES; best one of AMD's, whose ways with undefined
 * results are followed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BareMachine } from '../../dist/src/testing/bare-machine.js';
import { gate, LONG_MODE } from '../../dist/src/testing/long-mode.js';
import { CODE, DATA, MIDDLE, Snippets } from './snippets.mjs';
import { ARITHMETIC } from './undefined-flags.mjs';

const FEATURES = new Set(['cmov', 'cx8', 'cx16', 'popcnt', 'lzcnt', 'bmi1', 'bmi2', 'movbe', 'adx', 'clflushopt', 'clwb', 'sse', 'sse2', 'sse4.2', 'lahf']);
const NAMES = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];
/** As `struct input` and `struct output` of native-runner.c. */
const INPUT = { size: 968, length: 0, mode32: 4, code: 8, registers: 64, flags: 192, data: 456 };
const OUTPUT = { size: 920, registers: 0, flags: 128, pc: 136, trap: 144, data: 408 };
const SHOWN = 512;
const HANDLERS = 0x2_0000;
const WITH_ERROR_CODE = [8, 10, 11, 12, 13, 14, 17];

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '10000' },
    length: { type: 'string', default: '4' },
    only: { type: 'string' },
    32: { type: 'boolean', default: false },
  },
});
const is32 = options['32'];
const snippets = new Snippets({ seed: Number(options.seed), is32, only: options.only, features: FEATURES });
const cases = Array.from({ length: Number(options.count) }, () => snippets.next(Number(options.length)));
const native = runNatively(cases);
const machine = new BareMachine({ model: 'max' });
machine.load(HANDLERS, new Uint8Array(256).fill(0xf4));
let different = 0;
cases.forEach((one, i) => {
  const problems = compare(one, native[i], runOnEngine(one));
  if (problems.length === 0) return;
  different++;
  if (different <= 10)
    console.log(
      `${one.names.join('; ')}\n  ${Buffer.from(one.code).toString('hex')}\n  ${one.registers.map((value, k) => `${NAMES[k]}=${value.toString(16)}`).join(' ')} flags=${one.flags.toString(16)}\n  ${problems.join(', ')}`,
    );
});
console.log(`${cases.length} snippets of ${snippets.rows.length} rows, ${different} differ`);
process.exitCode = different ? 1 : 0;

function runNatively(list) {
  const folder = mkdtempSync(join(tmpdir(), 'nandu-native-'));
  try {
    const runner = join(folder, 'runner');
    execFileSync('gcc', ['-O1', '-static', '-no-pie', '-o', runner, join(dirname(fileURLToPath(import.meta.url)), 'native-runner.c')]);
    const { stdout, status, signal } = spawnSync(runner, { input: Buffer.concat(list.map(encode)), maxBuffer: 2 ** 31 });
    if (status !== 0) throw new Error(`the native runner ended with ${signal ?? status}`);
    return list.map((_, i) => decode(stdout.subarray(i * OUTPUT.size, (i + 1) * OUTPUT.size)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function encode({ code, registers, flags, data }) {
  const record = Buffer.alloc(INPUT.size);
  record.writeUInt32LE(code.length, INPUT.length);
  record.writeUInt32LE(is32 ? 1 : 0, INPUT.mode32);
  record.set(code, INPUT.code);
  registers.forEach((value, i) => record.writeBigUInt64LE(value, INPUT.registers + 8 * i));
  record.writeBigUInt64LE(BigInt(flags), INPUT.flags);
  record.set(data, INPUT.data);
  return record;
}

function decode(record) {
  return {
    registers: NAMES.map((_, i) => record.readBigUInt64LE(OUTPUT.registers + 8 * i)),
    flags: Number(record.readBigUInt64LE(OUTPUT.flags)),
    pc: Number(record.readBigUInt64LE(OUTPUT.pc)),
    trap: Number(record.readBigInt64LE(OUTPUT.trap)),
    data: record.subarray(OUTPUT.data, OUTPUT.data + SHOWN),
  };
}

/** As user code, between UD2 and pages that only the kernel may touch. */
function runOnEngine({ code, registers, flags, data }) {
  machine.ram.fill(0, DATA, DATA + 0x2000);
  machine.ram.set(data, MIDDLE - SHOWN / 2);
  machine.load(CODE, [...code, 0x0f, 0x0b]);
  machine.user(CODE, { ...Object.fromEntries(registers.map((value, i) => [NAMES[i], value])), rflags: flags });
  const open = [CODE, DATA, DATA + 0x1000];
  for (let page = 0; page < 0x20_0000; page += 0x1000) if (!open.includes(page)) machine.write64(LONG_MODE.pt + (page >> 9), page | 3);
  for (let vector = 0; vector < 32; vector++) machine.write64(LONG_MODE.idt + 16 * vector, ...gate(HANDLERS + vector));
  if (is32) machine.cpu.setState({ segments: { cs: { selector: LONG_MODE.userCode32, base: 0n, limit: 0xffff_ffff, flags: 0xc0_fb00 } } });
  const stop = machine.run(100_000);
  const vector = Number(machine.cpu.readRegister('rip')) - HANDLERS - 1;
  if (stop !== 'halted' || vector < 0 || vector > 31) return { trap: `${stop} at ${vector}` };
  const frame = Number(machine.cpu.readRegister('rsp')) + (WITH_ERROR_CODE.includes(vector) ? 8 : 0);
  const pc = Number(machine.read64(frame));
  return {
    registers: NAMES.map((name) => (name === 'rsp' ? machine.read64(frame + 24) : machine.cpu.readRegister(name))),
    flags: Number(machine.read64(frame + 16)),
    pc,
    trap: vector === 6 && pc === CODE + code.length ? -1 : vector,
    data: Buffer.from(machine.ram.subarray(MIDDLE - SHOWN / 2, MIDDLE + SHOWN / 2)),
  };
}

function compare({ undefinedFlags, names }, host, ours) {
  if (host.trap !== ours.trap) return [`trap ${host.trap} on the host, ${ours.trap} here`];
  const problems = [];
  // A trap in the middle: nobody has kept track of the undefined flags there.
  const ignored = host.trap === -1 ? undefinedFlags : names.length > 1 ? ARITHMETIC : 0;
  const flags = (state) => state.flags & (ARITHMETIC | 0x400) & ~ignored;
  if (flags(host) !== flags(ours)) problems.push(`flags ${flags(host).toString(16)}, ${flags(ours).toString(16)} here`);
  if (host.trap !== -1 && host.pc !== ours.pc) problems.push(`pc ${host.pc.toString(16)}, ${ours.pc.toString(16)} here`);
  const width = is32 ? 32 : 64;
  host.registers.slice(0, is32 ? 8 : 16).forEach((value, i) => {
    const [a, b] = [BigInt.asUintN(width, value), BigInt.asUintN(width, ours.registers[i])];
    if (a !== b) problems.push(`${NAMES[i]} ${a.toString(16)}, ${b.toString(16)} here`);
  });
  if (Buffer.compare(host.data, ours.data) !== 0) problems.push('data differs');
  return problems;
}
