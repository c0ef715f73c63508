/** query-acpi-ospm-status: what the guest said last about each slot for memory and processors that ACPI may plug. */
import { QmpError, qmpCommand } from '@nandu/core';
import { PcBoard } from './pc-board.js';

/** There is no DIMM and no processor that could be plugged, so that nobody has said anything; `-m slots=` makes the slots. */
export const queryAcpiOspmStatus = qmpCommand({
  name: 'query-acpi-ospm-status',
  arguments: {},
  run(_, { machine: { board, config } }) {
    if (!(board instanceof PcBoard)) throw new QmpError('GenericError', 'command is not supported, missing ACPI device');
    return Array.from({ length: config.memory.slots }, (_, slot) => ({ 'slot-type': 'DIMM', slot: String(slot), source: 0, status: 0 }));
  },
});
