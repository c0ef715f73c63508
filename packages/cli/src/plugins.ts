/** The one list of what a machine of the command line is made from. */
import { apicPlugin } from '@nandu/apic';
import type { Plugin } from '@nandu/core';
import { definePlugin, IrqObject, NoneBoard, RegionObject } from '@nandu/core';
import { isaPlugin } from '@nandu/isa';
import { memoryPlugin } from '@nandu/memory';
import { monitorPlugin } from '@nandu/monitor';
import { nodeMonitorPlugin } from '@nandu/monitor/node';
import { pcPlugin } from '@nandu/pc';
import { pciPlugin } from '@nandu/pci';
import { virtioPlugin } from '@nandu/virtio';
import { virtioBalloonPlugin } from '@nandu/virtio-balloon';
import { virtioMemPlugin } from '@nandu/virtio-mem';
import { virtioRngPlugin } from '@nandu/virtio-rng';
import { acceleratorTypes } from './accelerator-types.js';
import { tcgPlugin } from './tcg.js';

const corePlugin = definePlugin({ name: 'core', types: [NoneBoard, RegionObject, IrqObject, ...acceleratorTypes] });

export const BUILT_IN_PLUGINS: readonly Plugin[] = [
  ...[corePlugin, tcgPlugin, monitorPlugin, nodeMonitorPlugin, memoryPlugin],
  ...[pciPlugin, isaPlugin, apicPlugin, pcPlugin],
  ...[virtioPlugin, virtioMemPlugin, virtioBalloonPlugin, virtioRngPlugin],
];
