import { definePlugin } from '@nandu/core';
import { RngBuiltin, RngRandom } from './rng-backend.js';
import { VirtioRng } from './virtio-rng.js';
import { VirtioRngPci, VirtioRngPciNonTransitional, VirtioRngPciTransitional } from './virtio-rng-pci.js';

export const virtioRngPlugin = definePlugin({
  name: 'virtio-rng',
  types: [RngBuiltin, RngRandom, VirtioRng, VirtioRngPci, VirtioRngPciTransitional, VirtioRngPciNonTransitional],
});
