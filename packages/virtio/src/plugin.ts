import { definePlugin } from '@nandu/core';
import { virtioElementCommands } from './commands/virtio-element.js';
import { virtioListCommands } from './commands/virtio-list.js';
import { virtioQueueCommands } from './commands/virtio-queue.js';
import { virtioStatusCommands } from './commands/virtio-status.js';
import { VirtioPciBus } from './virtio-bus.js';
import { VirtioDevice } from './virtio-device.js';
import { VirtioPci } from './virtio-pci.js';

export const virtioPlugin = definePlugin({
  name: 'virtio',
  types: [VirtioPciBus, VirtioDevice, VirtioPci],
  commands: [...virtioListCommands, ...virtioStatusCommands, ...virtioQueueCommands, ...virtioElementCommands],
});
