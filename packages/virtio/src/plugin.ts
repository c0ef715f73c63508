import { definePlugin } from '@nandu/core';
import { VirtioPciBus } from './virtio-bus.js';
import { VirtioDevice } from './virtio-device.js';
import { VirtioPci } from './virtio-pci.js';

export const virtioPlugin = definePlugin({ name: 'virtio', types: [VirtioPciBus, VirtioDevice, VirtioPci] });
