/** `info roms`: what is put into memory at every reset, by address, in QEMU's words. */
import { hmpCommand, textQuery } from '@nandu/core';
import { PcBoard } from './pc-board.js';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

export const infoRoms = hmpCommand({
  name: 'info roms',
  args: '',
  params: '',
  help: 'show roms',
  run: (_, { machine: { board } }) =>
    board instanceof PcBoard
      ? [...board.loaded]
          .sort((a, b) => a.address - b.address)
          .map(({ address, bytes, name = '' }) => `addr=${hex(address, 16)} size=0x${hex(bytes.length, 6)} mem=ram name="${name}"\n`)
          .join('')
      : '',
});

export const queryRoms = textQuery('x-query-roms', infoRoms);
