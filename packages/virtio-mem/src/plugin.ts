import { definePlugin } from '@nandu/core';
import { VirtioMem } from './virtio-mem.js';
import { VirtioMemPci } from './virtio-mem-pci.js';

export const virtioMemPlugin = definePlugin({ name: 'virtio-mem', types: [VirtioMem, VirtioMemPci] });
