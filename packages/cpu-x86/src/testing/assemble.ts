/** 64-bit assembly in Intel syntax to bytes; instructions are separated by line ends or semicolons. */
import { AssemblyState } from '@defasm/core';

export function assemble(source: string): Uint8Array {
  const state = new AssemblyState({ syntax: { intel: true, prefix: false } });
  state.compile(source.replaceAll(';', '\n'));
  if (state.errors.length > 0) throw new Error(`${source}: ${state.errors[0]!.message}`);
  return Uint8Array.from(state.head.dump());
}
