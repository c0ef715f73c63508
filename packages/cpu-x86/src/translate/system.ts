/** Control and debug registers, MSRs, I/O, halting, fences, and what else only has a helper behind it. */
import { Env, type Value } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import type { OpcodeRow, OpcodeTable } from '../decode/opcode-table.js';
import { CR4, EFLAGS, REGISTERS, TSC_AUX, TSC_OFFSET } from '../state.js';
import type { SystemHelperName } from '../system-helpers.js';
import { EXCEPTION, type Translation } from './translation.js';

/** CR4: RDTSC is for privilege level 0 alone. */
const CR4_TSD = 4;
const RAX = 0;
const RCX = 1;
const RDX = 2;
/** Control registers that exist. */
const TASK_PRIORITY = 8;
const CONTROL_REGISTERS = [0, 2, 3, 4, TASK_PRIORITY];

export const SYSTEM: OpcodeTable = [
  ['0F 20', 'mov', 'Rv,Cd', readControl, 'raw', 'force64', 'cpl0'],
  ['0F 22', 'mov', 'Cd,Rv', writeControl, 'raw', 'force64', 'cpl0'],
  ['0F 21', 'mov', 'Rv,Dd', readDebug, 'raw', 'force64', 'cpl0'],
  ['0F 23', 'mov', 'Dd,Rv', writeDebug, 'raw', 'force64', 'cpl0'],
  ['0F 06', 'clts', '', thenStop('clts'), 'cpl0'],
  ['0F 08', 'invd', '', helper('wbinvd'), 'cpl0'],
  ['0F 09', 'wbinvd', '', helper('wbinvd'), 'cpl0'],
  ['0F 01 /7', 'invlpg', 'M', invalidatePage, 'raw', 'mem', 'cpl0'],
  ['66 0F 38 82', 'invpcid', 'Gy,M', invalidateContext, 'raw', 'mem', 'cpl0', 'cpuid:invpcid'],
  ['0F 30', 'wrmsr', '', thenStop('wrmsr'), 'cpl0'],
  ['0F 32', 'rdmsr', '', helper('rdmsr'), 'cpl0'],
  ['0F 33', 'rdpmc', '', helper('rdpmc')],
  ['0F 31', 'rdtsc', '', readTimestamp],
  ['0F 01 F9', 'rdtscp', '', readTimestampAndId, 'cpuid:rdtscp'],
  ['F3 0F C7 /7', 'rdpid', 'R', readProcessorId, 'raw', 'cpuid:rdpid'],
  ...randomRows('/6', 'rdrand'),
  ...randomRows('/7', 'rdseed'),
  ['0F A2', 'cpuid', '', helper('cpuid')],
  ['NP 0F 01 D0', 'xgetbv', '', readExtendedControl, 'cpuid:xsave'],
  ['NP 0F 01 D1', 'xsetbv', '', writeExtendedControl, 'cpuid:xsave'],
  ['NP 0F 01 EE', 'rdpkru', '', helper('rdpkru'), 'cpuid:pku'],
  ['NP 0F 01 EF', 'wrpkru', '', helper('wrpkru'), 'cpuid:pku'],
  ['0F 05', 'syscall', '', (t) => enterKernel(t, 'syscall'), 'cpuid:syscall'],
  ['0F 07', 'sysretd|sysretd|sysretq', '', (t) => leaveKernel(t, 'sysret'), 'cpl0', 'cpuid:syscall'],
  ['0F 34', 'sysenter', '', (t) => enterKernel(t, 'sysenter'), 'cpuid:sysenter'],
  ['0F 35', 'sysexitd|sysexitd|sysexitq', '', (t) => leaveKernel(t, 'sysexit'), 'cpl0', 'cpuid:sysenter'],

  ['E4', 'in', 'AL,Ib', (t) => input(t, t.ir.i32(t.immediate), 1), 'raw'],
  ['E5', 'in', 'rAX,Ib', (t) => input(t, t.ir.i32(t.immediate), portSize(t)), 'raw'],
  ['E6', 'out', 'Ib,AL', (t) => output(t, t.ir.i32(t.immediate), 1), 'raw'],
  ['E7', 'out', 'Ib,rAX', (t) => output(t, t.ir.i32(t.immediate), portSize(t)), 'raw'],
  ['EC', 'in', 'AL,DX', (t) => input(t, t.readRegister(RDX, 2), 1), 'raw'],
  ['ED', 'in', 'rAX,DX', (t) => input(t, t.readRegister(RDX, 2), portSize(t)), 'raw'],
  ['EE', 'out', 'DX,AL', (t) => output(t, t.readRegister(RDX, 2), 1), 'raw'],
  ['EF', 'out', 'DX,rAX', (t) => output(t, t.readRegister(RDX, 2), portSize(t)), 'raw'],

  ['F4', 'hlt', '', halt, 'cpl0'],
  ['F3 90', 'pause', '', pause],
  ['0F 01 C8', 'monitor', '', monitor, 'cpl0', 'cpuid:monitor'],
  ['0F 01 C9', 'mwait', '', mwait, 'cpl0', 'cpuid:monitor'],
  ['FA', 'cli', '', clearInterruptFlag],
  ['FB', 'sti', '', setInterruptFlag],
  ['0F 01 CA', 'clac', '', (t) => setAccessCheck(t, 0), 'cpl0', 'cpuid:smap'],
  ['0F 01 CB', 'stac', '', (t) => setAccessCheck(t, L.FLAG_AC), 'cpl0', 'cpuid:smap'],

  ['NP 0F AE /5', 'lfence', '', nothing, 'reg', 'cpuid:sse2'],
  ['NP 0F AE /6', 'mfence', '', nothing, 'reg', 'cpuid:sse2'],
  ['NP 0F AE /7', 'sfence', '', nothing, 'reg', 'cpuid:sse'],
  ['NP 0F AE /7', 'clflush', 'Mb', touch, 'raw', 'mem', 'cpuid:sse2'],
  ['66 0F AE /7', 'clflushopt', 'Mb', touch, 'raw', 'mem', 'cpuid:clflushopt'],
  ['66 0F AE /6', 'clwb', 'Mb', touch, 'raw', 'mem', 'cpuid:clwb'],
  ['0F 0D', 'prefetchw', 'Ev', nothing, 'raw', 'mem'],
  ['0F 18', 'prefetch', 'Ev', nothing, 'raw'],
  ...['19', '1A', '1B', '1C', '1D', '1E', '1F'].map((opcode) => [`0F ${opcode}`, 'nop', 'Ev', nothing, 'raw'] as const),

  ['0F 0B', 'ud2', '', (t) => t.undefinedOpcode()],
  ['0F B9', 'ud1', 'Gv,Ev', (t) => t.undefinedOpcode(), 'raw'],
  ['0F FF', 'ud0', 'Gv,Ev', (t) => t.undefinedOpcode(), 'raw'],
];

function nothing(): void {}

/** A helper does it all. */
function helper(name: SystemHelperName) {
  return (t: Translation): void => void t.call(name);
}

/** The same, after which the block flags may be others. */
function thenStop(name: SystemHelperName) {
  return (t: Translation): void => {
    t.call(name);
    t.stopAfter();
  };
}

/** Control and debug registers are moved in full: 8 bytes in 64-bit mode, else 4. */
function registerSize(t: Translation): number {
  return t.mode64 ? 8 : 4;
}

function readControl(t: Translation): void {
  if (!CONTROL_REGISTERS.includes(t.reg)) return t.undefinedOpcode();
  const size = registerSize(t);
  const value = t.reg === TASK_PRIORITY ? t.call('read_cr8') : t.call('read_cr', t.ir.i32(t.reg));
  t.writeRegister(t.rm, size, t.fromI64(value, size));
}

function writeControl(t: Translation): void {
  if (!CONTROL_REGISTERS.includes(t.reg)) return t.undefinedOpcode();
  const size = registerSize(t);
  const value = t.toI64(t.readRegister(t.rm, size), size);
  if (t.reg === TASK_PRIORITY) t.call('write_cr8', value);
  else t.call('write_cr', t.ir.i32(t.reg), value);
  t.stopAfter();
}

function readDebug(t: Translation): void {
  if (t.reg > 7) return t.undefinedOpcode();
  const size = registerSize(t);
  t.writeRegister(t.rm, size, t.fromI64(t.call('read_dr', t.ir.i32(t.reg)), size));
}

function writeDebug(t: Translation): void {
  if (t.reg > 7) return t.undefinedOpcode();
  const size = registerSize(t);
  t.call('write_dr', t.ir.i32(t.reg), t.toI64(t.readRegister(t.rm, size), size));
  t.stopAfter();
}

function invalidatePage(t: Translation): void {
  t.call('invlpg', t.linear(0));
  t.stopAfter();
}

function invalidateContext(t: Translation): void {
  const size = registerSize(t);
  t.call('invpcid', t.toI64(t.readRegister(t.reg, size), size), t.linear(16));
  t.stopAfter();
}

function readTimestamp(t: Translation): void {
  const { ir } = t;
  if (t.cpl !== 0) t.call('raise_if', ir.ne(ir.and(t.get(CR4), ir.i64(CR4_TSD)), ir.i64(0)), ir.i32(EXCEPTION.GP), ir.i32(0));
  const counter = ir.add(ir.op('i64.trunc_sat_f64_s', t.call('clock_ns')), t.get(TSC_OFFSET));
  t.set(REGISTERS[RAX]!, ir.and(counter, ir.i64(0xffff_ffff)));
  t.set(REGISTERS[RDX]!, ir.shrU(counter, ir.i64(32)));
}

function readTimestampAndId(t: Translation): void {
  readTimestamp(t);
  t.set(REGISTERS[RCX]!, t.ir.and(t.get(TSC_AUX), t.ir.i64(0xffff_ffff)));
}

function readProcessorId(t: Translation): void {
  t.set(REGISTERS[t.rm]!, t.ir.and(t.get(TSC_AUX), t.ir.i64(0xffff_ffff)));
}

/** F2 and F3 belong to other instructions; 66 is the operand size. */
function randomRows(digit: string, name: 'rdrand' | 'rdseed'): OpcodeRow[] {
  return ['NP', '66'].map((prefix) => [`${prefix} 0F C7 ${digit}`, name, 'Rv', random, 'writes', `cpuid:${name}`]);
}

/** There always is a number: CF is set, the other flags are cleared. */
function random(t: Translation): Value {
  t.onlyFlags([L.FLAG_CF, t.ir.i32(1)]);
  return t.fromI64(t.call('random'), t.operandSize);
}

/** The helpers make the checks. */
function readExtendedControl(t: Translation): void {
  t.call('xgetbv', t.ir.i32(t.hasFeature('xgetbv1') ? 1 : 0));
}

function writeExtendedControl(t: Translation): void {
  t.call('xsetbv');
  t.stopAfter();
}

/** Both may clear TF: a single-step trap comes only after the next instruction, if at all. */
function enterKernel(t: Translation, name: 'syscall' | 'sysenter'): void {
  t.call(name, t.ir.codeAddress(t.nextPc));
  t.endLookupWithoutTrap();
}

function leaveKernel(t: Translation, name: 'sysret' | 'sysexit'): void {
  t.call(name, t.ir.i32(t.operandSize));
  t.endLookupWithoutTrap();
}

/** There is no 64-bit I/O. */
function portSize(t: Translation): number {
  return Math.min(t.operandSize, 4);
}

function input(t: Translation, port: Value, size: number): void {
  t.writeRegister(RAX, size, t.call('port_in', port, t.ir.i32(size)));
}

/** What was written may reset, power off or interrupt: the main loop gets a look soon. */
function output(t: Translation, port: Value, size: number): void {
  t.call('port_out', port, t.ir.i32(size), t.readRegister(RAX, size));
  t.stopAfter();
}

function halt(t: Translation): void {
  t.call('halt', t.ir.codeAddress(t.nextPc));
  t.endLeave(Env.EXIT_HALTED, t.nextPc);
}

function pause(t: Translation): void {
  t.call('pause', t.ir.codeAddress(t.nextPc));
  t.endLeave(Env.EXIT_YIELD, t.nextPc);
}

function monitor(t: Translation): void {
  const { ir } = t;
  const offset = t.addressSize === 8 ? t.get(REGISTERS[RAX]!) : ir.extendU(t.readRegister(RAX, t.addressSize));
  t.call('monitor', t.linearOf(t.dataSegment, offset, 1));
}

function mwait(t: Translation): void {
  t.call('mwait', t.ir.codeAddress(t.nextPc));
  t.endLeave(Env.EXIT_HALTED, t.nextPc);
}

/** CLI and STI need CPL <= IOPL, else virtual interrupts (VME, PVI) are the helpers' business, and #GP. */
function clearInterruptFlag(t: Translation): void {
  if (t.cpl > t.iopl) return void t.call('cli');
  t.set(EFLAGS, t.ir.and(t.get(EFLAGS), t.ir.i32(~L.FLAG_IF)));
}

function setInterruptFlag(t: Translation): void {
  if (t.cpl > t.iopl) {
    t.call('sti');
    return t.stopAfter();
  }
  t.set(EFLAGS, t.ir.or(t.get(EFLAGS), t.ir.i32(L.FLAG_IF)));
  // Where interrupts were on already nothing is blocked, strictly; blocking them once more cannot be told apart.
  t.startShadow();
}

function setAccessCheck(t: Translation, value: number): void {
  t.call('write_eflags', t.ir.i64(value), t.ir.i64(L.FLAG_AC));
  t.stopAfter();
}

/** CLFLUSH and the like have no effect here, but fault as a read of a byte does. */
function touch(t: Translation): void {
  t.loadMemory(1);
}
