import { definePlugin } from '@nandu/core';
import { bootSet } from './boot-set.js';
import { X86CpuDevice } from './cpu-device.js';
import { I440Fx, I440FxHost } from './i440fx.js';
import { infoIrq, infoPic, queryIrq } from './info-pic.js';
import { infoRoms, queryRoms } from './info-roms.js';
import { queryAcpiOspmStatus } from './ospm-status.js';
import { PcBoard } from './pc-board.js';
import { Piix3 } from './piix3.js';
import { Piix4Pm } from './piix4-pm.js';

export const pcPlugin = definePlugin({
  name: 'pc',
  types: [PcBoard, X86CpuDevice, I440Fx, I440FxHost, Piix3, Piix4Pm],
  commands: [infoPic, infoIrq, queryIrq, infoRoms, queryRoms, bootSet, queryAcpiOspmStatus],
});
