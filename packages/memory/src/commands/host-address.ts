/** gpa2hva and gpa2hpa: where guest RAM lies. Its host is one WebAssembly memory, and that is what host virtual addresses count in. */
import { AddressSpaceMemory, ConfigError, hmpCommand, type Machine, type RamBlock } from '@nandu/core';

/** The RAM at an address, or why there is none. */
function ramAt(machine: Machine, address: number): { readonly name: string; readonly block: RamBlock; readonly offset: number } {
  const memory = machine.container.resolve<AddressSpaceMemory>(AddressSpaceMemory as never);
  const range = memory.find(address);
  if (!range) throw new ConfigError(`No memory is mapped at address ${hex(address)}`);
  const { name, parts } = range.region;
  if (!parts.ram) throw new ConfigError(`Memory at address ${hex(address)} is not RAM`);
  return { name, block: parts.ram, offset: range.offset + address - range.start };
}

const hex = (value: number | bigint): string => `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;

/** Complaints stand alone, without "Error:". */
function answer(text: () => string): string {
  try {
    return `${text()}\n`;
  } catch (error) {
    if (error instanceof ConfigError) return `${error.message}\n`;
    throw error;
  }
}

export const gpa2hva = hmpCommand<{ addr: number | bigint }>({
  name: 'gpa2hva',
  args: 'addr:l',
  params: 'addr',
  help: 'print the host virtual address corresponding to a guest physical address',
  run: ({ addr }, { machine }) =>
    answer(() => {
      const { name, block, offset } = ramAt(machine, Number(addr));
      return `Host virtual address for ${hex(addr)} (${name}) is ${hex(block.hostAddress(offset))}`;
    }),
});

export const gpa2hpa = hmpCommand<{ addr: number | bigint }>({
  name: 'gpa2hpa',
  args: 'addr:l',
  params: 'addr',
  help: 'print the host physical address corresponding to a guest physical address',
  run: ({ addr }, { machine }) =>
    answer(() => {
      ramAt(machine, Number(addr));
      return 'The host does not tell where a WebAssembly memory lies';
    }),
});
