/** What can be asked: a row a word. Ports and memory are those of CPU 0; the clock moves only where it is the test's. */
import { AddressSpaceIo, AddressSpaceMemory, DrivenClock, type Machine, ManualClock } from '@nandu/core';
import type { IrqIntercept } from './irq-intercept.js';
import { address, base64Bytes, hexBytes, length, port, Refused, toBase64, toHex, unsigned } from './words.js';

/** Carries out a request and returns its reply. `words` are those after the first. */
export type Request = (words: readonly string[]) => string;

const WIDTHS = [
  ['b', 1],
  ['w', 2],
  ['l', 4],
  ['q', 8],
] as const;

export function requests(machine: Machine, irq: IrqIntercept): Readonly<Record<string, Request>> {
  const resolve = <T>(token: unknown): T => machine.container.resolve(token as never) as T;
  const memory = resolve<AddressSpaceMemory>(AddressSpaceMemory);
  const ports = resolve<AddressSpaceIo>(AddressSpaceIo);
  const clock = resolve<DrivenClock>(DrivenClock);
  const table: Record<string, Request> = {
    endianness: () => 'OK little',
    module_load: () => 'FAIL',
    ...memoryRequests(memory),
    irq_intercept_in: ([path]) => done(irq.inputs(path)),
    irq_intercept_out: ([path]) => done(irq.outputs(path)),
    set_irq_in: ([path, name, pin, level]) => done(irq.setInput(path, name, address(pin), unsigned(level) !== 0n)),
  };
  for (const [letter, size] of WIDTHS) {
    table[`read${letter}`] = ([at]) => `OK 0x${(size === 8 ? memory.read8(address(at)) : memory.read(address(at), size)).toString(16).padStart(16, '0')}`;
    table[`write${letter}`] = ([at, value]) =>
      done(size === 8 ? memory.write8(address(at), unsigned(value)) : memory.write(address(at), Number(BigInt.asUintN(size * 8, unsigned(value))), size));
    if (size === 8) continue;
    // Four digits at least, whatever the width.
    table[`in${letter}`] = ([at]) => `OK 0x${ports.read(port(at), size).toString(16).padStart(4, '0')}`;
    table[`out${letter}`] = ([at, value]) => done(ports.write(port(at), Number(BigInt.asUintN(size * 8, unsigned(value))), size));
  }
  if (clock instanceof ManualClock) Object.assign(table, clockRequests(clock));
  return table;
}

function done(_: void): string {
  return 'OK';
}

function memoryRequests(memory: AddressSpaceMemory): Record<string, Request> {
  const read = (at: string | undefined, count: string | undefined): Uint8Array => {
    const bytes = new Uint8Array(length(count, { zero: false }));
    memory.readBytes(address(at), bytes);
    return bytes;
  };
  const write = (at: string | undefined, bytes: Uint8Array): string => {
    memory.writeBytes(address(at), bytes);
    return 'OK';
  };
  return {
    read: ([at, count]) => `OK 0x${toHex(read(at, count))}`,
    write: ([at, count, data]) => write(at, hexBytes(data, length(count, { zero: false }))),
    b64read: ([at, count]) => `OK ${toBase64(read(at, count))}`,
    b64write: ([at, count, data]) => write(at, base64Bytes(data, length(count, { zero: false }))),
    memset: ([at, count, byte]) => write(at, new Uint8Array(length(count, { zero: true })).fill(Number(unsigned(byte) & 0xffn))),
  };
}

/** The reply is the new time; timers that fall due on the way run first, each at its own time. */
function clockRequests(clock: ManualClock): Record<string, Request> {
  const moveTo = (ns: number): string => {
    if (!Number.isSafeInteger(ns)) throw new Refused('ERR invalid time');
    clock.advanceTo(ns);
    return `OK ${clock.nowNs()}`;
  };
  return {
    clock_step: ([by]) => moveTo(by === undefined ? (clock.timers.nextDeadlineNs ?? clock.nowNs()) : clock.nowNs() + Number(unsigned(by))),
    clock_set: ([ns]) => moveTo(Number(unsigned(ns))),
  };
}
