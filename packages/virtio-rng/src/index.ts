export { virtioRngPlugin } from './plugin.js';
export { RngBackend, RngBuiltin, RngRandom } from './rng-backend.js';
export { VirtioRng } from './virtio-rng.js';
export { VirtioRngPci } from './virtio-rng-pci.js';
